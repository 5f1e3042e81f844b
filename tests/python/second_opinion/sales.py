"""Sales (KPIS.md "Sales", DECISIONS "What counts")."""

import polars as pl

from second_opinion.landing import Landing
from second_opinion.orders import lines, placed, returns
from second_opinion.registry import Kpi, count, distinct, opinion, total


@opinion("count")
def orders(shop: Landing) -> Kpi:
    """Placed orders by order date."""
    return Kpi([count(placed(shop))])


@opinion("count")
def units_sold(shop: Landing) -> Kpi:
    """Units on placed orders; gift cards are none."""
    return Kpi([total(placed(shop), "units")])


@opinion("money")
def net_sales(shop: Landing) -> Kpi:
    """Gross sales − discounts − returns, each on its own date."""
    return Kpi([total(placed(shop), "sales")], less=[total(returns(shop), "returns")])


@opinion("money")
def total_sales(shop: Landing) -> Kpi:
    """Net sales + shipping charged + tax, less what was refunded of them."""
    charged = pl.sum_horizontal("sales", "shipping", "tax")
    back = pl.sum_horizontal("returns", "returned_shipping", "returned_tax")
    return Kpi([total(placed(shop), charged)], less=[total(returns(shop), back)])


@opinion("money")
def average_order_value(shop: Landing) -> Kpi:
    """Sales ÷ placed orders, before returns."""
    return Kpi([total(placed(shop), "sales")], [count(placed(shop))])


@opinion("ratio")
def items_per_order(shop: Landing) -> Kpi:
    """Units ÷ placed orders."""
    return Kpi([total(placed(shop), "units")], [count(placed(shop))])


@opinion("amounts")
def discount_rate(shop: Landing) -> Kpi:
    """Discounts ÷ gross sales, both by order date."""
    return Kpi([total(placed(shop), "discounts")], [total(placed(shop), "gross_sales")])


@opinion("money")
def gross_profit(shop: Landing) -> Kpi:
    """Net sales − COGS of goods with a known cost; restocked goods give cost back."""
    sold = pl.col("costed_sales") - pl.col("cogs")
    back = pl.col("costed_returns") - pl.col("restocked_cogs")
    return Kpi([total(lines(shop), sold)], less=[total(returns(shop), back)])


@opinion("amounts")
def gross_margin(shop: Landing) -> Kpi:
    """Gross profit ÷ net sales, both of goods with a known cost.

    NULL where returns leave no cent of the sales.
    """
    profit = gross_profit(shop)
    sales = [total(lines(shop), "costed_sales")]
    back = [total(returns(shop), "costed_returns")]
    return Kpi(profit.top, sales, less=profit.less, off=back, at_least=0.01)


@opinion("money")
def average_order_profit(shop: Landing) -> Kpi:
    """Gross profit ÷ placed orders."""
    profit = gross_profit(shop)
    return Kpi(profit.top, [count(placed(shop))], less=profit.less)


@opinion("amounts")
def refund_share(shop: Landing) -> Kpi:
    """Returns ÷ sales, both by their own date."""
    return Kpi([total(returns(shop), "returns")], [total(placed(shop), "sales")])


@opinion("ratio")
def return_rate(shop: Landing) -> Kpi:
    """Units returned to date, by the order's period ÷ units sold."""
    from second_opinion.periods import as_of

    back = returns(shop).filter(pl.col("date") <= as_of(shop))
    back = back.with_columns(date="order_date")
    return Kpi([total(back, "returned_units")], [total(placed(shop), "units")])


@opinion("count")
def returned_orders(shop: Landing) -> Kpi:
    """Placed orders of which goods were refunded, by refund date."""
    return Kpi([distinct(returns(shop).filter(pl.col("returns") > 0), "order_id")])


@opinion("ratio")
def cancellation_rate(shop: Landing) -> Kpi:
    """Cancelled placed orders ÷ placed orders, by order date."""
    rows = placed(shop)
    return Kpi([count(rows.filter("is_cancelled"))], [count(rows)])


@opinion("ratio")
def refusal_rate(shop: Landing) -> Kpi:
    """Orders refused at the door ÷ orders dispatched, by the day of dispatch."""
    rows = placed(shop).filter("is_dispatched")
    rows = rows.with_columns(
        date=pl.coalesce(shop.day_of("dispatched_at"), pl.col("date"))
    )
    return Kpi([count(rows.filter("is_refused"))], [count(rows)])
