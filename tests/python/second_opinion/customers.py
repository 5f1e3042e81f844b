"""Customers (KPIS.md "Customers", DECISIONS "People").

A customer's slice by shop is that of the first order; nobody knows guests without an
e-mail, an account or a phone, so they are in no count of people.
"""

import polars as pl

from second_opinion.landing import Landing
from second_opinion.orders import placed
from second_opinion.registry import (
    GRAINS,
    Kpi,
    Part,
    count,
    distinct,
    opinion,
    quantile,
    total,
)


def known(shop: Landing, slice_by: str = "first_shop") -> pl.DataFrame:
    """Placed orders of known customers, sliced by the shop of the first order."""
    rows = placed(shop).filter(pl.col("customer").is_not_null())
    return rows.with_columns(shop_id=slice_by)


@opinion("count")
def new_customers(shop: Landing) -> Kpi:
    """The first placed order ever lies in the period."""
    return Kpi([count(known(shop).filter(pl.col("turn") == 1))])


@opinion("count")
def purchasing_customers(shop: Landing) -> Kpi:
    """At least one placed order in the period."""
    return Kpi([distinct(known(shop), "customer")])


@opinion("money")
def average_revenue_per_customer(shop: Landing) -> Kpi:
    """Sales ÷ purchasing customers, both of known customers."""
    rows = known(shop)
    return Kpi([total(rows, "sales")], [distinct(rows, "customer")])


@opinion("ratio")
def purchase_frequency(shop: Landing) -> Kpi:
    """Placed orders ÷ purchasing customers."""
    rows = known(shop)
    return Kpi([count(rows)], [distinct(rows, "customer")])


@opinion("ratio")
def repeat_customer_rate(shop: Landing) -> Kpi:
    """Purchasing customers with two or more placed orders to date ÷ all of them."""
    rows = known(shop)
    again = rows.filter(pl.col("turn") >= 2)
    return Kpi([distinct(again, "customer")], [distinct(rows, "customer")])


@opinion("ratio")
def returning_customer_share(shop: Landing) -> Kpi:
    """Purchasing customers whose first order lies before the period ÷ all of them."""
    rows = known(shop)
    new = rows.filter(pl.col("turn") == 1)
    everybody = distinct(rows, "customer")
    return Kpi([everybody], [everybody], less=[distinct(new, "customer")])


@opinion("amounts")
def repeat_revenue_share(shop: Landing) -> Kpi:
    """Sales on second and later orders ÷ sales, guests' in the denominator only."""
    rows = placed(shop)
    return Kpi(
        [total(rows.filter(pl.col("turn") >= 2), "sales")], [total(rows, "sales")]
    )


@opinion("ratio")
def days_between_orders(shop: Landing) -> Kpi:
    """p50 days from a customer's previous order."""
    rows = known(shop).filter(pl.col("previous").is_not_null())
    gap = (pl.col("date") - pl.col("previous")).dt.total_days()
    return Kpi([quantile(rows, gap, 0.5)])


@opinion("ratio")
def retention_rate(shop: Landing) -> Kpi:
    """Bought in the previous period and again in this one ÷ bought in the previous."""
    rows = known(shop).select("shop_id", "customer", "date")

    def bought(grain: str) -> pl.DataFrame:
        period = pl.col("date").dt.truncate(GRAINS[grain])
        return rows.with_columns(date=period).unique()

    def before(grain: str) -> Part:
        earlier = bought(grain).with_columns(pl.col("date").dt.offset_by(GRAINS[grain]))
        return count(earlier)

    def again(grain: str) -> Part:
        earlier = bought(grain).with_columns(pl.col("date").dt.offset_by(GRAINS[grain]))
        return count(bought(grain).join(earlier, on=["customer", "date"], how="semi"))

    return Kpi([again], [before])
