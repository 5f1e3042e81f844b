"""Marketing (KPIS.md "Marketing", DECISIONS "Marketing" and "Market and site")."""

import re
import zipfile

import polars as pl

from second_opinion.landing import Landing, number, once
from second_opinion.orders import placed
from second_opinion.registry import Kpi, opinion, total


@once
def google_ads(shop: Landing) -> pl.DataFrame:
    """Campaigns by day of Google Ads' reports; their footer rows are no campaigns."""
    rows = shop.csv("google_ads/*/campaign_report*.csv", 2)
    rows = rows.filter(pl.col("Day").str.contains(r"^\d{4}-\d\d-\d\d$"))
    return rows.select(
        "shop_id",
        campaign="Campaign",
        campaign_id="Campaign ID",
        platform=pl.lit("google_ads"),
        kind=pl.col("Campaign type").str.to_lowercase(),
        date=pl.col("Day").str.to_date(),
        currency="Currency code",
        spend=number("Cost"),
        impressions=number("Impr."),
        clicks=number("Clicks"),
        reach=pl.lit(None, pl.Float64),
    )


@once
def meta_ads(shop: Landing) -> pl.DataFrame:
    """Campaigns by day of Meta's exports, English or French.

    Its row without a day is the total. The currency stands in a header; link clicks
    count where several kinds are told.
    """
    rows = shop.csv("meta_ads/*/*.csv")
    french = [c for c in rows.columns if c.startswith("Montant dépensé")]
    if french:
        decimal = {
            c: pl.col(c)
            .str.replace_all(r"[\s\x{a0}\x{202f}]", "")
            .str.replace(",", ".")
            for c in [*french, "Couverture", "Clics sur un lien"]
        }
        is_french = pl.col("Jour").is_not_null() | (
            pl.col("Nom de la campagne").is_not_null()
        )
        there = {"Couverture": "Reach", "Clics sur un lien": "Link clicks"}
        rows = rows.with_columns(
            pl.coalesce("Day", pl.col("Jour").str.to_date("%d/%m/%Y").cast(pl.String)),
            pl.coalesce("Campaign name", "Nom de la campagne"),
            pl.coalesce("Campaign ID", "Identifiant de la campagne"),
            *(pl.coalesce(there[c], decimal[c]).alias(there[c]) for c in there),
            *(decimal[c].alias(c) for c in french),
            Impressions=pl.when(is_french)
            .then(pl.col("Impressions").str.replace_all(r"[\s\x{a0}\x{202f}]", ""))
            .otherwise("Impressions"),
        )
    frames = []
    for column in rows.columns:
        if found := re.fullmatch(
            r"(?:Amount spent|Montant dépensé) \((\w{3})\)", column
        ):
            frames.append(
                rows.filter(
                    pl.col("Day").is_not_null(), pl.col(column).is_not_null()
                ).select(
                    "shop_id",
                    campaign="Campaign name",
                    campaign_id="Campaign ID",
                    platform=pl.lit("meta_ads"),
                    kind=pl.lit(""),
                    date=pl.col("Day").str.to_date(),
                    currency=pl.lit(found[1]),
                    spend=number(column),
                    impressions=number("Impressions"),
                    clicks=number("Link clicks"),
                    reach=number("Reach"),
                )
            )
    return pl.concat(frames) if frames else google_ads(shop).clear()


@once
def ad_days(shop: Landing) -> pl.DataFrame:
    """Campaigns by day: spend in the reporting currency at the day's rate."""
    rows = pl.concat([google_ads(shop), meta_ads(shop)])
    purpose = pl.lit("acquisition")
    for row in (
        shop.seed("campaign_purposes").sort("priority", descending=True).to_dicts()
    ):
        purpose = (
            pl.when(
                pl.col("campaign").str.to_lowercase().str.contains(row["name_pattern"])
            )
            .then(pl.lit(row["purpose"]))
            .otherwise(purpose)
        )
    rows = shop.with_rate(rows.with_columns(purpose=purpose))
    return rows.with_columns(spend=pl.col("spend") * pl.col("rate"))


@once
def overheads(shop: Landing) -> pl.DataFrame:
    """Marketing costs beside the ads, spread evenly over the days of their range."""
    rows = shop.csv("flat/marketing_costs*.csv").with_columns(
        first=pl.col("starts_on").str.to_date(), last=pl.col("ends_on").str.to_date()
    )
    days = (pl.col("last") - pl.col("first")).dt.total_days() + 1
    rows = rows.with_columns(
        amount=number("amount") / days, date=pl.date_ranges("first", "last")
    ).explode("date")
    rows = shop.with_rate(rows)
    return rows.with_columns(amount=pl.col("amount") * pl.col("rate"))


def costs(shop: Landing, *classes: str) -> list[pl.DataFrame]:
    """Costs of these classes by day; ad spend is of class MCC."""
    found = overheads(shop).filter(pl.col("cost_class").is_in(classes))
    frames = [found.select("shop_id", "date", "purpose", "amount")]
    if "MCC" in classes:
        frames.append(
            ad_days(shop).select("shop_id", "date", "purpose", amount="spend")
        )
    return frames


@opinion("money")
def ad_spend(shop: Landing) -> Kpi:
    """Spend as the platforms report it, in the reporting currency."""
    return Kpi([total(ad_days(shop), "spend")])


@opinion("count")
def impressions(shop: Landing) -> Kpi:
    """Ad impressions."""
    return Kpi([total(ad_days(shop), "impressions")])


@opinion("count")
def clicks(shop: Landing) -> Kpi:
    """Ad clicks; link clicks where several kinds are reported."""
    return Kpi([total(ad_days(shop), "clicks")])


@opinion("count")
def audience_reach(shop: Landing) -> Kpi:
    """People reached, as reported, added up over campaigns and days."""
    return Kpi([total(ad_days(shop).drop_nulls("reach"), "reach")])


@opinion("money")
def cost_per_click(shop: Landing) -> Kpi:
    """Spend ÷ clicks."""
    return Kpi([total(ad_days(shop), "spend")], [total(ad_days(shop), "clicks")])


@opinion("ratio")
def click_through_rate(shop: Landing) -> Kpi:
    """Clicks ÷ impressions."""
    return Kpi([total(ad_days(shop), "clicks")], [total(ad_days(shop), "impressions")])


@opinion("money")
def cost_per_mille(shop: Landing) -> Kpi:
    """1000 × spend ÷ impressions."""
    rows = ad_days(shop)
    return Kpi([total(rows, "spend")], [total(rows, "impressions")], times=1000)


@opinion("amounts")
def marketing_efficiency_ratio(shop: Landing) -> Kpi:
    """All sales ÷ all spend: ads and other campaign costs, for whatever purpose."""
    spend = [total(rows, "amount") for rows in costs(shop, "MCC")]
    return Kpi([total(placed(shop), "sales")], spend)


def new_customers(shop: Landing) -> pl.DataFrame:
    """First placed orders ever, by the shop of that order."""
    return placed(shop).filter(pl.col("turn") == 1)


def acquisition(shop: Landing, *classes: str) -> Kpi:
    """Costs of winning customers ÷ new customers; without costs there is no value."""
    from second_opinion.registry import count

    spend = [
        total(rows.filter(pl.col("purpose") == "acquisition"), "amount")
        for rows in costs(shop, *classes)
    ]
    return Kpi(spend, [count(new_customers(shop))], free=False)


@opinion("money")
def customer_acquisition_cost(shop: Landing) -> Kpi:
    """Acquisition spend of class MCC ÷ new customers; NULL where nothing was spent."""
    return acquisition(shop, "MCC")


@opinion("money")
def customer_acquisition_cost_full(shop: Landing) -> Kpi:
    """MCC + wages + software + professional services + other ÷ new customers."""
    return acquisition(shop, "MCC", "W", "S", "PS", "O")


@once
def search_terms(shop: Landing) -> pl.DataFrame:
    """Paid and organic searches by day and term: clicks, impressions, is_brand."""
    paid = shop.csv("google_ads/*/search_terms*.csv", 2)
    paid = paid.filter(pl.col("Day").str.contains(r"^\d{4}-\d\d-\d\d$")).select(
        "shop_id",
        date=pl.col("Day").str.to_date(),
        term="Search term",
        clicks=number("Clicks"),
        impressions=number("Impr."),
    )
    told = [
        shop.csv(pattern)
        for pattern in (
            "search_console/*/search_queries*.csv",
            "flat/search_queries*.csv",
        )
    ]
    organic = pl.concat(told, how="diagonal").select(
        "shop_id",
        date=pl.col("date").str.to_date(),
        term="query",
        clicks=number("clicks"),
        impressions=number("impressions"),
    )
    brands = shop.seed("brand_terms")["brand_term"].to_list()
    word = "|".join(re.escape(b) for b in brands)
    return pl.concat([paid, organic, archives(shop, organic)]).with_columns(
        is_brand=pl.col("term")
        .str.to_lowercase()
        .str.contains(rf"(^|\W)({word})(\W|$)")
    )


def archives(shop: Landing, told: pl.DataFrame) -> pl.DataFrame:
    """Search Console's zip: queries without days, spread over the days of its chart.

    In proportion to the chart's clicks and impressions, in whole ones that add up:
    a day has what it completes of the running total. Days of the API are never spread.
    """
    frames = []
    for path in sorted(shop.folder.glob("search_console/*/*.zip")):
        shop_id = path.parent.name
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            chart, queries = (
                pl.read_csv(archive.read(name), infer_schema=False)
                for name in (
                    "Chart.csv" if "Chart.csv" in names else "Dates.csv",
                    "Queries.csv",
                )
            )
        known = told.filter(pl.col("shop_id") == shop_id)["date"].unique().to_list()
        chart = chart.select(
            date=pl.col("Date").str.to_date(),
            c=number("Clicks"),
            i=number("Impressions"),
        )
        queries = queries.select(
            term="Top queries",
            clicks=number("Clicks"),
            impressions=number("Impressions"),
        )
        spread = queries.join(chart, how="cross").sort("term", "date")
        spread = spread.with_columns(
            (
                pl.col(x)
                * pl.col(w).cum_sum().over("term")
                / pl.col(w).sum().over("term")
            )
            .floor()
            .alias(x)
            for x, w in (("clicks", "c"), ("impressions", "i"))
        ).with_columns(
            pl.col(x) - pl.col(x).shift(1, fill_value=0).over("term")
            for x in ("clicks", "impressions")
        )
        frames.append(
            spread.filter(~pl.col("date").is_in(known)).select(
                pl.lit(shop_id).alias("shop_id"),
                "date",
                "term",
                "clicks",
                "impressions",
            )
        )
    return pl.concat(frames) if frames else told.clear()


@opinion("count")
def brand_searches(shop: Landing) -> Kpi:
    """Impressions of searches with a brand term, paid and organic, by month."""
    rows = search_terms(shop).filter("is_brand")
    return Kpi([total(rows, "impressions")])


@opinion("ratio")
def brand_search_share(shop: Landing) -> Kpi:
    """Clicks of searches with a brand term ÷ clicks of all searches."""
    rows = search_terms(shop)
    return Kpi([total(rows.filter("is_brand"), "clicks")], [total(rows, "clicks")])
