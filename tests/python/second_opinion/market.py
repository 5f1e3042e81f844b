"""Market and site (KPIS.md "Market and site", DECISIONS "Market and site")."""

import polars as pl

from second_opinion.fulfilment import utc
from second_opinion.landing import Landing, number, once, truth
from second_opinion.registry import Kpi, count, opinion, quantile, total


@once
def offers(shop: Landing) -> pl.DataFrame:
    """Sightings of competitors' offers."""
    rows = shop.csv("flat/competitor_offers*.csv")
    return rows.select(
        "shop_id",
        "sku",
        "competitor",
        "currency",
        seen_at=utc("seen_at"),
        date=shop.day_of(utc("seen_at")),
        price=number("price"),
        available=truth("is_available"),
    )


@opinion("ratio")
def competitor_stock_rate(shop: Landing) -> Kpi:
    """Competitor offers in stock ÷ offers seen."""
    rows = offers(shop)
    return Kpi([count(rows.filter("available"))], [count(rows)])


@once
def own_prices(shop: Landing) -> pl.DataFrame:
    """Shop, product and moment of what was charged for a piece before discounts."""
    from second_opinion.orders import lines_as_shown, orders

    heads = orders(shop).select(
        "order_id", "shop_id", "date", "ordered_at", "is_placed"
    )
    rows = lines_as_shown(shop).join(heads, on="order_id").filter("is_placed")
    return rows.drop_nulls("sku").select(
        "shop_id", "sku", "date", "ordered_at", charged="price"
    )


@once
def list_prices(shop: Landing) -> pl.DataFrame:
    """Shop, stock number and price of the product files, as they say today."""
    shopify = shop.csv("shopify/*/products_export*.csv").select(
        "shop_id", sku="Variant SKU", listed=number("Variant Price")
    )
    woo = shop.csv("woocommerce/*/wc-product-export*.csv").select(
        "shop_id", sku="SKU", listed=number("Regular price")
    )
    return pl.concat([shopify, woo]).drop_nulls().unique(["shop_id", "sku"])


@opinion("amounts")
def price_index(shop: Landing) -> Kpi:
    """Σ own price ÷ Σ mean competitor price, by product and day.

    Of each product and competitor the last offer of a day, if it is in stock. Own price
    is what was charged at the last sale before, else that of the product file.
    """
    own = {k: v["currency"] for k, v in shop.shops.items()}
    rows = (
        offers(shop)
        .sort("seen_at")
        .unique(["shop_id", "sku", "competitor", "date"], keep="last")
        .filter("available")
        .join(list_prices(shop), on=["shop_id", "sku"])
    )
    rows = shop.with_rate(rows.with_columns(foreign="currency")).rename(
        {"rate": "their_rate"}
    )
    rows = shop.with_rate(
        rows.with_columns(currency=pl.col("shop_id").replace_strict(own))
    )
    rows = rows.sort("date").join_asof(
        own_prices(shop).sort("date", "ordered_at"),
        on="date",
        by=["shop_id", "sku"],
        check_sortedness=False,
    )
    rows = rows.with_columns(
        mine=pl.coalesce("charged", "listed") * pl.col("rate"),
        theirs=pl.col("price") * pl.col("their_rate"),
    )
    daily = (
        rows.sort("seen_at")
        .group_by("shop_id", "sku", "date")
        .agg(pl.col("mine").last(), pl.col("theirs").mean())
    )
    return Kpi([total(daily, "mine")], [total(daily, "theirs")])


@opinion("ratio")
def search_rank(shop: Landing) -> Kpi:
    """p50 position of own products for tracked keywords; not found is left out."""
    rows = shop.csv("flat/product_ranks*.csv").select(
        "shop_id", date=pl.col("rank_date").str.to_date(), x=number("position")
    )
    return Kpi([quantile(rows.drop_nulls("x"), "x", 0.5)])


@once
def watch(shop: Landing) -> pl.DataFrame:
    """Stretches of time that somebody watched: shop_id, from, to (UTC), is_up.

    A check speaks until the next one, at most twice its interval, the newest for
    nothing yet; a log of stretches tells their lengths itself, pauses are not watched.
    """
    checks = shop.csv("flat/uptime_checks*.csv").with_columns(since=utc("checked_at"))
    checks = checks.sort("since").with_columns(
        after=pl.col("since").shift(-1).over("shop_id", "site"),
        limit=pl.col("since")
        + pl.duration(seconds=2 * pl.col("interval_seconds").cast(pl.Int64)),
    )
    checks = checks.filter(pl.col("after").is_not_null()).select(
        "shop_id",
        "since",
        until=pl.min_horizontal("after", "limit"),
        is_up=truth("is_up"),
    )
    log = shop.csv("uptimerobot/*/*logs*.csv").filter(
        pl.col("Event").is_in(["Up", "Down"])
    )
    since = pl.col("Date-Time").str.to_datetime("%Y-%m-%d %H:%M:%S")
    log = log.select(
        "shop_id",
        since=since,
        until=since + pl.duration(minutes=pl.col("Duration (in mins.)").cast(pl.Int64)),
        is_up=pl.col("Event") == "Up",
    )
    return pl.concat([checks, log])


@opinion("amounts")
def site_uptime(shop: Landing) -> Kpi:
    """Minutes up ÷ minutes monitored, each on its shop-local day."""
    rows = watch(shop).filter(pl.col("until") > pl.col("since"))
    rows = rows.with_columns(
        a=shop.on_clock("since"), b=shop.on_clock("until"), zone=pl.col("shop_id")
    )
    rows = rows.with_columns(
        date=pl.date_ranges(pl.col("a").dt.date(), pl.col("b").dt.date())
    ).explode("date")
    midnight = shop.off_clock(pl.col("date").cast(pl.Datetime("us")))
    next_midnight = shop.off_clock(
        pl.col("date").dt.offset_by("1d").cast(pl.Datetime("us"))
    )
    part = (
        pl.min_horizontal("until", next_midnight) - pl.max_horizontal("since", midnight)
    ).dt.total_seconds()
    rows = rows.with_columns(minutes=part / 60).filter(pl.col("minutes") > 0)
    return Kpi([total(rows.filter("is_up"), "minutes")], [total(rows, "minutes")])


@once
def page_loads(shop: Landing) -> pl.DataFrame:
    """Page views that were measured, by the template."""
    rows = shop.csv("flat/page_loads*.csv")
    server = number("status_code") >= 500
    return rows.select(
        "shop_id",
        date=shop.day_of(utc("loaded_at")),
        seconds=number("lcp_ms") / 1000,
        has_error=truth("has_error").fill_null(False) | server.fill_null(False),
    )


@opinion("ratio")
def page_error_rate(shop: Landing) -> Kpi:
    """Page views with a server or script error ÷ page views that were measured."""
    rows = page_loads(shop)
    return Kpi([count(rows.filter("has_error"))], [count(rows)])


@opinion("ratio")
def page_load_seconds(shop: Landing) -> Kpi:
    """p75 of largest contentful paint in seconds."""
    rows = page_loads(shop).drop_nulls("seconds")
    return Kpi([quantile(rows, "seconds", 0.75)])
