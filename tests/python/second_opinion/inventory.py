"""Inventory (KPIS.md "Inventory", DECISIONS "Stock")."""

import polars as pl

from second_opinion.landing import Landing, number, once
from second_opinion.registry import Kpi, count, opinion


@once
def shop_counts(shop: Landing) -> pl.DataFrame:
    """What the shop believes it can sell at the end of a day: on hand less committed.

    The export's day stands in the file's name; one without a day is no count.
    """
    rows = shop.csv("shopify/*/inventory_export*.csv")
    day = pl.col("_file").str.extract(r"(\d{4}-\d\d-\d\d)").str.to_date()
    sellable = number("On hand") - number("Committed").fill_null(0)
    return (
        rows.with_columns(date=day, pieces=sellable)
        .filter(pl.col("date").is_not_null() & pl.col("SKU").is_not_null())
        .drop_nulls("pieces")
        .group_by("shop_id", "date", sku=pl.col("SKU").str.strip_chars_start("'"))
        .agg(pl.col("pieces").sum())
    )


@once
def erp_counts(shop: Landing) -> pl.DataFrame:
    """What the stock books say at the end of a day, all locations together."""
    rows = shop.csv("flat/stock_levels*.csv").filter(pl.col("system") == "erp")
    return (
        rows.with_columns(date=pl.col("stock_date").str.to_date())
        .group_by("shop_id", "date", "sku")
        .agg(pieces=number("on_hand").sum())
    )


@opinion("ratio")
def inventory_accuracy(shop: Landing) -> Kpi:
    """Products whose shop stock equals the ERP's ÷ products that both counted."""
    both = shop_counts(shop).join(
        erp_counts(shop), on=["shop_id", "sku", "date"], suffix="_erp"
    )
    same = both.filter(pl.col("pieces") == pl.col("pieces_erp"))
    return Kpi([count(same)], [count(both)])
