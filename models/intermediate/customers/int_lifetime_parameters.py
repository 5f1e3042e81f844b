"""Fit the models of what customers will still buy, a shop and a moment at a time.

The maths are in the package `warehouse.lifetime`; this file only fetches and returns.
"""

import numpy as np

from warehouse.frames import counted, only_text, typed
from warehouse.lifetime import fit_shop

COLUMNS = {
    "moment": "string",
    "shop_id": "string",
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
    "status": "string",
}


def model(dbt, session):
    """One row per moment (now, backtest) and shop: counts, parameters, status."""
    dbt.config(materialized="table", file_format="parquet")
    customers = dbt.ref("int_customer_histories")
    as_of = only_text(dbt.ref("int_as_of"), "as_of")
    # Sorted, so that sums come in one order and fits are the same to the last digit.
    shop = ("moment", "shop_id")
    histories = counted(customers, *shop, "frequency", "recency_days", "age_days")
    spending = counted(
        customers.filter("mean_spend > 0"), *shop, "spend_orders", "mean_spend"
    )
    shops = sorted(set(zip(*map(histories.get, shop), strict=True)))
    rows = []
    for moment, shop_id in shops:
        fit = fit_shop(_of(histories, moment, shop_id), _of(spending, moment, shop_id))
        fit |= {"moment": moment, "shop_id": shop_id, "fitted_at": as_of}
        rows.append(tuple(fit[column] for column in COLUMNS))
    return typed(session, COLUMNS, rows)


def _of(columns, moment, shop_id):
    """The rows of one shop at one moment, without these two columns."""
    mine = (columns["moment"] == moment) & (columns["shop_id"] == shop_id)
    return {
        name: np.asarray(values[mine])
        for name, values in columns.items()
        if name not in ("moment", "shop_id")
    }
