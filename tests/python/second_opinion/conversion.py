"""Conversion (KPIS.md "Conversion", DECISIONS "Visits"): GA4's events, and payments."""

import datetime as dt
import io

import polars as pl

from second_opinion.landing import Landing, number, once
from second_opinion.orders import (
    account_people,
    orders,
    people,
    placed,
    transactions,
)
from second_opinion.registry import Kpi, Part, count, distinct, opinion, total

TEXT, WHOLE = pl.String, pl.Int64
PARAMETER = pl.Struct(
    {
        "key": TEXT,
        "value": pl.Struct(
            {
                "string_value": TEXT,
                "int_value": TEXT,
                "float_value": pl.Float64,
                "double_value": pl.Float64,
            }
        ),
    }
)
SCHEMA = {
    "event_timestamp": TEXT,
    "event_name": TEXT,
    "event_params": pl.List(PARAMETER),
    "event_bundle_sequence_id": TEXT,
    "batch_event_index": TEXT,
    "user_id": TEXT,
    "user_pseudo_id": TEXT,
    "device": pl.Struct({"category": TEXT, "web_info": pl.Struct({"browser": TEXT})}),
    "traffic_source": pl.Struct({"name": TEXT, "medium": TEXT, "source": TEXT}),
    "collected_traffic_source": pl.Struct(
        {
            "manual_source": TEXT,
            "manual_medium": TEXT,
            "manual_campaign_name": TEXT,
            "gclid": TEXT,
        }
    ),
    "ecommerce": pl.Struct({"transaction_id": TEXT}),
}


def parameter(key: str, kind: str) -> pl.Expr:
    """An event parameter by its key."""
    same = pl.element().struct.field("key") == key
    value = pl.element().filter(same).struct.field("value").struct.field(kind)
    return pl.col("event_params").list.eval(value).list.first()


def inside(column: str, *path: str) -> pl.Expr:
    """A field of a nested column."""
    found = pl.col(column)
    for name in path:
        found = found.struct.field(name)
    return found


@once
def events(shop: Landing) -> pl.DataFrame:
    """One row per GA4 event, once however often its day was exported."""
    exports = [("", pl.DataFrame(schema=SCHEMA))]
    for path in sorted(shop.folder.glob("ga4/*/*events*")):
        if path.suffix == ".parquet":
            frame = pl.read_parquet(path, columns=list(SCHEMA))
        else:
            frame = pl.read_ndjson(io.BytesIO(path.read_bytes()), schema=SCHEMA)
        exports.append((path.parent.name, frame))
    frames = []
    for shop_id, frame in exports:
        text = pl.col(
            "event_timestamp", "event_bundle_sequence_id", "batch_event_index"
        )
        frames.append(
            frame.select(
                text.cast(TEXT),
                "event_name",
                "user_id",
                visitor="user_pseudo_id",
                session=parameter("ga_session_id", "int_value").cast(TEXT),
                turn=parameter("ga_session_number", "int_value").cast(WHOLE),
                page=parameter("page_location", "string_value"),
                seconds=parameter("engagement_time_msec", "int_value").cast(pl.Float64)
                / 1000,
                flag=pl.coalesce(
                    parameter("session_engaged", "string_value"),
                    parameter("session_engaged", "int_value").cast(TEXT),
                )
                == "1",
                traffic_type=parameter("traffic_type", "string_value"),
                source=pl.coalesce(
                    parameter("source", "string_value"),
                    inside("collected_traffic_source", "manual_source"),
                ),
                medium=pl.coalesce(
                    parameter("medium", "string_value"),
                    inside("collected_traffic_source", "manual_medium"),
                ),
                campaign=pl.coalesce(
                    parameter("campaign", "string_value"),
                    inside("collected_traffic_source", "manual_campaign_name"),
                ),
                click_id=inside("collected_traffic_source", "gclid"),
                first_source=inside("traffic_source", "source"),
                first_medium=inside("traffic_source", "medium"),
                first_campaign=inside("traffic_source", "name"),
                device=inside("device", "category"),
                browser=inside("device", "web_info", "browser"),
                order_number=inside("ecommerce", "transaction_id"),
            ).with_columns(shop_id=pl.lit(shop_id))
        )
    key = ["shop_id", "visitor", "event_timestamp", "event_name"]
    key += ["event_bundle_sequence_id", "batch_event_index"]
    return (
        pl.concat(frames)
        .unique(key, maintain_order=True)
        .with_columns(
            at=pl.from_epoch(pl.col("event_timestamp").cast(WHOLE), "us"),
            order_number=pl.col("order_number").str.strip_chars_start("#"),
            index=pl.col("batch_event_index").cast(WHOLE),
        )
        .sort("at", "event_bundle_sequence_id", "index")
    )


@once
def all_sessions(shop: Landing) -> pl.DataFrame:
    """One row per session, robots and the shop's own people flagged.

    The platform's session; without one, 30 minutes of silence end it.
    """
    rows = events(shop)
    visitor = ["shop_id", "visitor"]
    silence = pl.col("at").diff().over(visitor) > dt.timedelta(minutes=30)
    rows = rows.with_columns(
        session=pl.coalesce(
            "session",
            pl.lit("gap ") + silence.fill_null(True).cum_sum().over(visitor).cast(TEXT),
        )
    )
    first = pl.col("turn") == 1
    found = rows.group_by("shop_id", "visitor", "session", maintain_order=True).agg(
        started_at=pl.col("at").min(),
        turn=pl.col("turn").drop_nulls().first(),
        landing_page=pl.col("page").drop_nulls().first(),
        source=pl.coalesce(
            pl.col("source").drop_nulls().first(),
            pl.col("first_source").filter(first).drop_nulls().first(),
        ),
        medium=pl.coalesce(
            pl.col("medium").drop_nulls().first(),
            pl.col("first_medium").filter(first).drop_nulls().first(),
        ),
        campaign=pl.coalesce(
            pl.col("campaign").drop_nulls().first(),
            pl.col("first_campaign").filter(first).drop_nulls().first(),
        ),
        click_id=pl.col("click_id").drop_nulls().first(),
        device=pl.col("device").drop_nulls().first(),
        browser=pl.col("browser").drop_nulls().first(),
        is_staff=(pl.col("traffic_type") == "internal").any(),
        page_views=(pl.col("event_name") == "page_view").sum(),
        engaged_seconds=pl.col("seconds").sum(),
        flag=pl.col("flag").any(),
        viewed=(pl.col("event_name") == "view_item").any(),
        added=(pl.col("event_name") == "add_to_cart").any(),
        checkout=(pl.col("event_name") == "begin_checkout").any(),
    )

    def looks(seed: str) -> pl.Expr:
        signs = [
            pl.col(r["field"])
            .fill_null("")
            .str.to_lowercase()
            .str.contains(r["pattern"])
            for r in shop.seed(seed).to_dicts()
        ]
        return pl.any_horizontal(signs)

    return found.with_columns(
        date=shop.day_of("started_at"),
        is_counted=~looks("bots") & ~looks("internal_traffic") & ~pl.col("is_staff"),
    )


@once
def purchases(shop: Landing) -> pl.DataFrame:
    """Purchases in the first session that tells them, and only if the order is placed.

    A transaction told again is no purchase; one that the order data do not know counts.
    """
    heads = orders(shop).select("shop_id", "order_number", "order_id", "is_placed")
    told = events(shop).filter(pl.col("event_name") == "purchase")
    told = told.sort("at").unique(
        ["shop_id", "order_number"], keep="first", maintain_order=True
    )
    return told.join(heads, on=["shop_id", "order_number"], how="left").filter(
        pl.col("is_placed").fill_null(True)
    )


@once
def persons(shop: Landing) -> pl.DataFrame:
    """Visitor → person: the customer who first logged in or bought there."""
    heads = (
        orders(shop)
        .select("shop_id", "order_number", "order_id")
        .join(people(shop), on="order_id", how="left")
    )
    signs = (
        events(shop)
        .filter(pl.col("user_id").is_not_null() | (pl.col("event_name") == "purchase"))
        .join(account_people(shop), on=["shop_id", "user_id"], how="left")
        .join(heads, on=["shop_id", "order_number"], how="left")
        .with_columns(who=pl.coalesce("owner", "customer"))
    )
    return (
        signs.sort("at")
        .group_by("shop_id", "visitor", maintain_order=True)
        .agg(
            person=pl.coalesce(
                pl.col("who").drop_nulls().first(),
                pl.lit("account ") + pl.col("user_id").drop_nulls().first(),
            )
        )
        .drop_nulls("person")
    )


@once
def sessions(shop: Landing) -> pl.DataFrame:
    """Counted sessions with their purchases and persons."""
    bought = purchases(shop).select("shop_id", "visitor", "session").unique()
    rows = all_sessions(shop).filter("is_counted")
    rows = rows.join(
        bought.with_columns(bought=pl.lit(True)),
        on=["shop_id", "visitor", "session"],
        how="left",
    ).join(persons(shop), on=["shop_id", "visitor"], how="left")
    bought = pl.col("bought").fill_null(False)
    return rows.with_columns(
        bought=bought,
        person=pl.coalesce("person", pl.col("shop_id") + ":" + pl.col("visitor")),
        engaged=pl.col("flag").fill_null(False)
        | (pl.col("engaged_seconds") >= 10)
        | (pl.col("page_views") >= 2)
        | bought,
    )


@once
def reports(shop: Landing) -> pl.DataFrame:
    """Rows of aggregated reports, for days of which the shop has no events at all."""
    rows = shop.csv("ga4/*/traffic_acquisition*.csv", 8)
    known = all_sessions(shop).select("shop_id", "date").unique()
    rows = rows.filter(pl.col("Date").str.contains(r"^\d{8}$")).select(
        "shop_id",
        date=pl.col("Date").str.to_date("%Y%m%d"),
        sessions=number("Sessions"),
        visitors=number("Total users"),
        engaged=number("Engaged sessions"),
        engaged_seconds=number("Average engagement time per session")
        * number("Sessions"),
        page_views=number("Views"),
        viewed=number("Sessions with view_item"),
        added=number("Sessions with add_to_cart"),
        checkout=number("Sessions with begin_checkout"),
        bought=number("Sessions with purchase"),
    )
    return rows.join(known, on=["shop_id", "date"], how="anti")


def all_visits(shop: Landing) -> list[Part]:
    """Sessions, counted one by one or as a report tells them."""
    return [count(sessions(shop)), total(reports(shop), "sessions")]


def share_of_sessions(shop: Landing, column: str) -> Kpi:
    """Sessions of a kind ÷ sessions."""
    found = [count(sessions(shop).filter(column)), total(reports(shop), column)]
    return Kpi(found, all_visits(shop))


@opinion("count", kpi_id="sessions")
def visits(shop: Landing) -> Kpi:
    """Sessions in the period in which they started, without robots and staff."""
    return Kpi(all_visits(shop))


@opinion("count")
def visitors(shop: Landing) -> Kpi:
    """Distinct people with a session; a report adds its daily visitors."""
    return Kpi([distinct(sessions(shop), "person"), total(reports(shop), "visitors")])


@opinion("ratio")
def conversion_rate(shop: Landing) -> Kpi:
    """Sessions with a purchase ÷ sessions."""
    return share_of_sessions(shop, "bought")


@opinion("ratio")
def product_view_rate(shop: Landing) -> Kpi:
    """Sessions that viewed a product ÷ sessions."""
    return share_of_sessions(shop, "viewed")


@opinion("ratio")
def add_to_cart_rate(shop: Landing) -> Kpi:
    """Sessions with an add to cart ÷ sessions."""
    return share_of_sessions(shop, "added")


@opinion("ratio")
def engagement_rate(shop: Landing) -> Kpi:
    """Engaged sessions (10 s, 2 pages or a key event) ÷ sessions."""
    return share_of_sessions(shop, "engaged")


@opinion("ratio")
def bounce_rate(shop: Landing) -> Kpi:
    """Sessions not engaged ÷ sessions."""
    engaged = engagement_rate(shop)
    return Kpi(all_visits(shop), all_visits(shop), less=engaged.top)


@opinion("ratio")
def pages_per_session(shop: Landing) -> Kpi:
    """Page views ÷ sessions."""
    views = [total(frame, "page_views") for frame in (sessions(shop), reports(shop))]
    return Kpi(views, all_visits(shop))


@opinion("ratio")
def session_duration(shop: Landing) -> Kpi:
    """Engaged seconds ÷ sessions."""
    seconds = [
        total(frame, "engaged_seconds") for frame in (sessions(shop), reports(shop))
    ]
    return Kpi(seconds, all_visits(shop))


@opinion("money")
def revenue_per_visitor(shop: Landing) -> Kpi:
    """Sales of all placed orders ÷ visitors."""
    return Kpi([total(placed(shop), "sales")], visitors(shop).top)


@opinion("ratio")
def checkout_conversion_rate(shop: Landing) -> Kpi:
    """Checkout sessions that ended in a placed order ÷ sessions that began checkout."""
    begun = sessions(shop).filter("checkout")
    return Kpi([count(begun.filter("bought"))], [count(begun)])


# ----------------------------------------------------------------------------- payments


@once
def attempts(shop: Landing) -> pl.DataFrame:
    """Settled sales and authorizations, of orders that are no test and no draft."""
    heads = orders(shop).select("order_id", "is_test", "is_draft_order", "is_paid")
    rows = transactions(shop).join(heads, on="order_id", how="left")
    draft = pl.col("is_draft_order") & ~pl.col("is_paid")
    rows = rows.filter(
        pl.col("kind").is_in(["sale", "authorization"])
        & (pl.col("status") != "pending")
        & ~pl.col("is_test").fill_null(False)
        & ~draft.fill_null(False)
    )
    return rows.with_columns(
        date=shop.day_of("happened_at"), success=pl.col("status") == "success"
    )


@opinion("ratio")
def payment_conversion_rate(shop: Landing) -> Kpi:
    """Successful payment transactions ÷ settled ones tried; every retry is one."""
    rows = attempts(shop)
    return Kpi([count(rows.filter("success"))], [count(rows)])


@opinion("ratio")
def payment_success_rate(shop: Landing) -> Kpi:
    """Orders with a successful payment ÷ orders with a settled payment tried."""
    rows = attempts(shop)
    paid = distinct(rows.filter("success"), "order_id")
    return Kpi([paid], [distinct(rows, "order_id")])
