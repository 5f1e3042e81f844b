"""Fit the models of what customers will still buy, a shop and a moment at a time.

The maths are in the package `warehouse.lifetime`; this file only fetches and returns.
"""

import numpy as np

from warehouse.lifetime import fit_shop

COLUMNS = {
    "moment": "varchar",
    "shop_id": "varchar",
    "fitted_at": "timestamp",
    "customers": "bigint",
    "repeat_customers": "bigint",
    "spending_customers": "bigint",
    "history_days": "bigint",
    "r": "double",
    "alpha": "double",
    "a": "double",
    "b": "double",
    "log_likelihood": "double",
    "p": "double",
    "q": "double",
    "gamma": "double",
    "spending_log_likelihood": "double",
    "is_at_bound": "boolean",
    "status": "varchar",
}


def model(dbt, session):
    """One row per moment (now, backtest) and shop: counts, parameters, status."""
    dbt.config(materialized="table")
    customers = dbt.ref("int_customer_histories")
    as_of = dbt.ref("int_as_of").fetchall()
    # Sorted, so that sums come in one order and fits are the same to the last digit.
    histories = customers.aggregate(
        "moment, shop_id, frequency, recency_days, age_days, count(*) as customers"
    ).order("moment, shop_id, frequency, recency_days, age_days")
    spending = (
        customers.filter("mean_spend > 0")
        .aggregate("moment, shop_id, spend_orders, mean_spend, count(*) as customers")
        .order("moment, shop_id, spend_orders, mean_spend")
    )
    histories, spending = histories.fetchnumpy(), spending.fetchnumpy()
    shops = sorted(set(zip(histories["moment"], histories["shop_id"], strict=True)))
    rows = []
    for moment, shop_id in shops:
        fit = fit_shop(_of(histories, moment, shop_id), _of(spending, moment, shop_id))
        fit |= {"moment": moment, "shop_id": shop_id, "fitted_at": as_of[0][0]}
        rows.append(tuple(fit[column] for column in COLUMNS))
    return _relation(session, rows)


def _of(columns, moment, shop_id):
    """The rows of one shop at one moment, without these two columns."""
    mine = (columns["moment"] == moment) & (columns["shop_id"] == shop_id)
    return {
        name: np.asarray(values[mine])
        for name, values in columns.items()
        if name not in ("moment", "shop_id")
    }


def _relation(session, rows):
    """The rows as a typed relation, also where there are none.

    Written out as SQL: handing values over would load pandas for a handful of rows.
    """
    types = ", ".join(f"cast(null as {kind}) as {c}" for c, kind in COLUMNS.items())
    written = [f"select {', '.join(map(_literal, row))}" for row in rows]
    return session.sql(" union all ".join([f"select {types} where false", *written]))


def _literal(value):
    """A value as SQL writes it."""
    if value is None:
        return "null"
    if isinstance(value, (bool, int)):
        return str(value)
    if isinstance(value, float):
        return f"cast('{value!r}' as double)"
    return "'" + str(value).replace("'", "''") + "'"
