"""Parcels of a real marketplace, brought in through the flat templates.

The data are not ours to ship: the test skips where the folder of shared data is absent.
"""

import duckdb
import pytest
from shop import Shop

# The file has wall clocks without a zone; one offset keeps every day as written.
ZONE, OFFSET = "Etc/GMT+3", "-03:00"


def moment(column: str) -> str:
    """SQL of a moment with its offset, as a warehouse system would export it."""
    return f"strftime({column}, '%Y-%m-%dT%H:%M:%S{OFFSET}')"


@pytest.mark.confirms(
    "delivery_days", "on_time_delivery_rate", by="Olist, 20,000 orders"
)
def test_olist_delivery_days(shared, tmp_path):
    """19,429 parcels delivered after 12.5216 days on average, 8.16 % after midnight of
    the promised day: the published values, and medians by a query of our own."""
    shop = Shop(tmp_path)
    raw = f"'{shared}/data/olist/sample_20000_orders/orders.parquet'"
    shop.drop(
        "flat",
        "shops.csv",
        f"select 'olist' as shop_id, '{ZONE}' as time_zone, 'BRL' as currency,"
        " false as prices_include_tax",
    )
    shop.drop(
        "flat",
        "orders.csv",
        f"""select 'olist' as shop_id, order_id,
                {moment("order_purchase_timestamp")} as ordered_at,
                'paid' as financial_status, 'unfulfilled' as fulfillment_status,
                'BRL' as currency, 1 as total_amount
            from {raw}""",
    )
    # Two halves of the same parcels: the warehouse's rows, and the carrier's scans.
    shop.drop(
        "flat",
        "parcels.csv",
        f"""select 'olist' as shop_id, 'W-' || order_id as parcel_id, order_id,
                'T-' || order_id as tracking_number,
                {moment("order_approved_at")} as confirmed_at,
                {moment("order_delivered_carrier_date")} as dispatched_at,
                cast(order_estimated_delivery_date as date) as promised_date
            from {raw}""",
    )
    shop.drop(
        "flat",
        "parcel_events.csv",
        f"""select 'olist' as shop_id, 'T-' || order_id as tracking_number,
                'Delivered' as event,
                {moment("order_delivered_customer_date")} as happened_at
            from {raw} where order_delivered_customer_date is not null""",
    )
    shop.load()
    shop.build(
        "+rollup_parcels",
        reporting_currency="BRL",
        order_policy="everything",
    )
    delivered = (
        "from fct_parcels inner join raw on parcel_id = 'olist:W-' || raw.order_id"
        " where raw.order_status = 'delivered' and delivered_at is not null"
    )
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as con:
        con.execute(f"create temp table raw as from {raw}")
        ask = lambda query: con.execute(query).fetchall()  # noqa: E731
        assert ask(
            f"""select count(*), round(avg(fulfilment_days), 4), round(100 * avg(
                    (delivered_at - interval 3 hour > promised_date)::int), 2)
                {delivered}"""
        ) == [(19_429, 12.5216, 8.16)]
        assert ask("select count(*), count(order_id) from fct_parcels") == [
            (20_000, 20_000)
        ]
        # Handed over before they were approved: known, and without a length.
        assert ask(
            """select count(*), count(handover_hours) from fct_parcels
               where dispatched_at < confirmed_at"""
        ) == [(279, 0)]
        assert ask(
            "select count(*) from fct_parcels where confirmed_at < ordered_at"
        ) == [(0,)]
        expected = ask(
            """
            with raw_days as (
                select order_delivered_customer_date as arrived,
                    epoch(arrived) - epoch(order_delivered_carrier_date) as seconds
                from raw
            ), promises as (
                select cast(order_estimated_delivery_date as date) as day,
                    cast(order_delivered_customer_date as date) as arrived
                from raw
            )
            select year,
                (select quantile_cont(seconds, 0.5) / 86400 from raw_days
                 where year(arrived) = year and seconds >= 0),
                (select quantile_cont(seconds, 0.9) / 86400 from raw_days
                 where year(arrived) = year and seconds >= 0),
                (select count(*) from raw_days where year(arrived) = year),
                (select quantile_cont(epoch(order_approved_at)
                     - epoch(order_purchase_timestamp), 0.5) / 3600
                 from raw where year(order_approved_at) = year),
                (select count(*) from promises where year(day) = year
                    and day < (select as_of_date from int_as_of)),
                (select count(*) from promises where year(day) = year
                    and day < (select as_of_date from int_as_of) and arrived <= day)
            from (values (2017), (2018)) as years (year) order by year
            """
        )
        found = ask(
            """
            select year(period_start), delivery_days_p50, delivery_days_p90,
                delivered_parcels, processing_hours_p50, due_parcels, on_time_parcels
            from rollup_parcels
            where grain = 'year' and dimension = 'all' and year(period_start) > 2016
            order by 1
            """
        )
    assert len(found) == 2
    for row, other in zip(found, expected, strict=True):
        assert row == pytest.approx(other, abs=1e-9)
