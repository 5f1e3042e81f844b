"""Fulfilment: parcels, timesheets (KPIS.md "Fulfilment", DECISIONS "Fulfilment")."""

import polars as pl

from second_opinion.landing import Landing, number, once
from second_opinion.registry import Kpi, count, opinion, quantile, total

STEPS = [
    "confirmed_at",
    "pick_started_at",
    "packed_at",
    "dispatched_at",
    "delivered_at",
    "refused_at",
]


def utc(column: str) -> pl.Expr:
    """A moment of a flat template, `2024-10-01T12:37:51Z`."""
    return pl.col(column).str.to_datetime("%Y-%m-%dT%H:%M:%SZ", strict=True)


@once
def parcels(shop: Landing) -> pl.DataFrame:
    """One row per parcel: a step is taken from the first source that tells it.

    The template of parcels wins, then its events, then the platform's labels; they meet
    by parcel id or tracking number (DECISIONS: several systems may each know half).
    """
    table = shop.csv("flat/parcels*.csv").select(
        "shop_id",
        "tracking_number",
        parcel="parcel_id",
        order="order_id",
        promised_date=pl.col("promised_date").str.to_date(),
        **{step: utc(step) for step in STEPS},
    )
    events = shop.csv("flat/parcel_events*.csv")
    events = events.group_by("shop_id", parcel="parcel_id").agg(
        order=pl.col("order_id").drop_nulls().first(),
        promised_date=pl.col("promised_date").drop_nulls().first().str.to_date(),
        **{
            step: utc("happened_at")
            .filter(pl.col("event") == step.removesuffix("_at"))
            .min()
            for step in STEPS
        },
    )
    clock = pl.col("Date - Shipped Date").str.to_datetime("%m/%d/%Y %I:%M:%S %p")
    labels = shop.csv("shipstation/*/shipments*.csv").select(
        "shop_id",
        parcel="Shipment - Tracking Number",
        order=pl.col("Order - Number").str.strip_chars_start("#"),
        dispatched_at=shop.off_clock(clock),
    )
    told = pl.concat([table, events, labels], how="diagonal_relaxed").with_row_index(
        "_source"
    )
    known_as = table.drop_nulls("tracking_number").select(
        "shop_id", parcel="tracking_number", known_as="parcel"
    )
    told = told.join(known_as, on=["shop_id", "parcel"], how="left").with_columns(
        parcel=pl.coalesce("known_as", "parcel")
    )
    found = (
        told.sort("_source")
        .group_by("shop_id", "parcel", maintain_order=True)
        .agg(pl.col("order", "promised_date", *STEPS).drop_nulls().first())
    )
    from second_opinion.orders import shopify_orders, woo_orders

    heads = [
        frame.select("shop_id", "order_id", "order_number")
        for frame in (shopify_orders(shop), woo_orders(shop))
    ]
    numbers = pl.concat(heads)
    return found.join(
        numbers,
        left_on=["shop_id", "order"],
        right_on=["shop_id", "order_number"],
        how="left",
    )


@once
def counted(shop: Landing) -> pl.DataFrame:
    """Parcels of placed orders, and those whose order is not in the data.

    A parcel that was refused, by its own word or its order's, was not delivered.
    """
    from second_opinion.orders import orders

    heads = orders(shop).select(
        "order_id", "ordered_at", "is_placed", order_refused="is_refused"
    )
    found = parcels(shop).join(heads, on="order_id", how="left")
    found = found.filter(pl.col("is_placed").fill_null(True))
    refused = pl.col("refused_at").is_not_null() | (
        pl.col("order_refused").fill_null(False) & pl.col("delivered_at").is_null()
    )
    return found.with_columns(
        refused=refused,
        delivered_at=pl.when(pl.col("refused_at").is_null()).then("delivered_at"),
    )


def length(start: str, end: str, unit: float) -> pl.Expr:
    """Time from one moment to another in units of so many seconds."""
    return (pl.col(end) - pl.col(start)).dt.total_microseconds() / 1e6 / unit


@opinion("ratio")
def order_processing_hours(shop: Landing) -> Kpi:
    """p50 hours from placed to confirmed, an order once, at its first confirmation."""
    rows = counted(shop).drop_nulls(["confirmed_at", "ordered_at"])
    rows = rows.group_by("shop_id", "order_id", "ordered_at").agg(
        pl.col("confirmed_at").min()
    )
    rows = rows.with_columns(
        date=shop.day_of("confirmed_at"), x=length("ordered_at", "confirmed_at", 3600)
    )
    return Kpi([quantile(rows.filter(pl.col("x") >= 0), "x", 0.5)])


@opinion("ratio")
def picking_minutes(shop: Landing) -> Kpi:
    """p50 minutes from pick start to packed, by the day of packing."""
    rows = counted(shop).with_columns(
        date=shop.day_of("packed_at"), x=length("pick_started_at", "packed_at", 60)
    )
    return Kpi([quantile(rows.filter(pl.col("x") >= 0), "x", 0.5)])


@opinion("ratio")
def delivery_days(shop: Landing) -> Kpi:
    """p50 days of 24 hours from dispatch to delivery, by the day of delivery."""
    rows = counted(shop).with_columns(
        date=shop.day_of("delivered_at"),
        x=length("dispatched_at", "delivered_at", 86400),
    )
    return Kpi([quantile(rows.filter(pl.col("x") >= 0), "x", 0.5)])


@opinion("ratio")
def on_time_delivery_rate(shop: Landing) -> Kpi:
    """Parcels delivered by the promised day ÷ parcels delivered or overdue.

    By the promised day; a parcel due today is judged tomorrow, refused ones never.
    """
    from second_opinion.periods import as_of

    promised = pl.col("promised_date")
    arrived = shop.day_of("delivered_at")
    rows = counted(shop).filter(promised.is_not_null() & ~pl.col("refused"))
    rows = rows.with_columns(date=promised, arrived=arrived).filter(
        pl.col("arrived").is_not_null() | (promised < as_of(shop))
    )
    return Kpi([count(rows.filter(pl.col("arrived") <= promised))], [count(rows)])


@once
def staff(shop: Landing) -> pl.DataFrame:
    """Timesheets: shop_id, team, date, hours, output, target."""
    return shop.csv("flat/staff_hours*.csv").select(
        "shop_id",
        "team",
        date=pl.col("work_date").str.to_date(),
        hours=number("hours"),
        output=number("output"),
        target=number("target_output"),
    )


@opinion("ratio")
def staff_target_attainment(shop: Landing) -> Kpi:
    """Output ÷ target output over the days for which both are written down."""
    rows = staff(shop).drop_nulls(["output", "target"])
    return Kpi([total(rows, "output")], [total(rows, "target")])


@opinion("ratio")
def orders_picked_per_hour(shop: Landing) -> Kpi:
    """Orders whose first parcel was packed ÷ hours of the team picking.

    Only of shops and periods with picking hours, between the first and the last
    timesheet (DECISIONS: work per hour needs both sides).
    """
    hours = staff(shop).filter(pl.col("team") == "picking")
    span = hours.group_by("shop_id").agg(
        since=pl.col("date").min(), until=pl.col("date").max()
    )
    rows = counted(shop).with_columns(
        packed=pl.coalesce("packed_at", "dispatched_at"),
        order=pl.coalesce("order_id", "order"),
    )
    rows = rows.group_by("shop_id", "order").agg(pl.col("packed").min())
    rows = (
        rows.with_columns(date=shop.day_of("packed"))
        .join(span, on="shop_id")
        .filter(pl.col("date").is_between("since", "until"))
    )

    def picked(grain: str):
        from second_opinion.registry import GRAINS

        period = pl.col("date").dt.truncate(GRAINS[grain])
        worked = hours.select("shop_id", period=period).unique()
        return count(
            rows.with_columns(period=period).join(worked, on=["shop_id", "period"])
        )

    return Kpi([picked], [total(hours, "hours")])
