"""Public shops with published answers, brought in through the flat templates.

The data are not ours to ship: the tests skip where the folder of shared data is absent.
"""

import duckdb
import pytest
from shop import Shop

SHOPS = "select 'uci' as shop_id, 'UCI Online Retail' as shop_name, 'UTC' as time_zone"

# Columns that differ between the two published sheets.
SHEETS = {
    "2010_2011": ("online_retail_2010_2011", "InvoiceNo", "UnitPrice", "CustomerID"),
    "2009_2010": (
        "online_retail_II_year_2009_2010",
        "Invoice",
        "Price",
        '"Customer ID"',
    ),
}


def invoice_lines(folder, sheet: str) -> str:
    """A query that gives a sheet's rows one set of names, numbered by invoice."""
    file, invoice, price, customer = SHEETS[sheet]
    return f"""
        select {invoice} as invoice, StockCode as stock_code, Quantity as quantity,
            {price} as price, InvoiceDate as invoiced_at, Country as country,
            {customer} as customer_id,
            row_number() over (partition by {invoice} order by row_in_file) as line
        from (select *, row_number() over () as row_in_file
              from '{folder}/uci_online_retail/{file}.parquet')
    """


def drop_invoices(shop: Shop, folder, sheet: str) -> None:
    """One order an invoice; a cancellation invoice ('C…') is a voided order."""
    lines = invoice_lines(folder, sheet)
    shop.drop(
        "flat",
        f"orders_{sheet}.csv",
        f"""select 'uci' as shop_id, invoice as order_id,
                min(invoiced_at) as ordered_at, any_value(customer_id) as customer_id,
                case when invoice like 'C%' then 'voided' else 'paid' end
                    as financial_status,
                'GBP' as currency,
                cast(sum(quantity * price) as decimal(18, 2)) as subtotal_amount,
                cast(sum(quantity * price) as decimal(18, 2)) as total_amount,
                any_value(country) as country
            from ({lines}) group by invoice""",
    )
    shop.drop(
        "flat",
        f"order_lines_{sheet}.csv",
        f"""select 'uci' as shop_id, invoice as order_id, line as line_id,
                stock_code as product_id, quantity, price as unit_price
            from ({lines})""",
    )


@pytest.fixture(scope="module")
def uci(shared, tmp_path_factory) -> Shop:
    """The sheet of 2010 and 2011, loaded."""
    shop = Shop(tmp_path_factory.mktemp("uci"))
    shop.drop(
        "flat",
        "shops.csv",
        SHOPS + ", 'GBP' as currency, false as prices_include_tax, 'GB' as country",
    )
    drop_invoices(shop, shared / "data", "2010_2011")
    shop.load()
    return shop


@pytest.mark.parametrize(
    ("order_policy", "cohort"),
    [
        # Cancellation invoices count as orders: the table of the tutorials.
        (
            "everything",
            [948, 362, 317, 367, 341, 376, 360, 336, 336, 374, 354, 474, 260],
        ),
        # Without cancellations and invoices of no value.
        (
            "strict",
            [885, 324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235],
        ),
    ],
)
@pytest.mark.confirms("retention_rate", by="UCI Online Retail, December 2010")
def test_cohort_of_december_2010(uci, order_policy, cohort):
    """Both published versions of the first cohort's row, told apart by policy alone."""
    uci.build(
        "+customer_cohorts",
        reporting_currency="GBP",
        order_policy=order_policy,
    )
    rows = uci.ask(
        """select active_customers from customer_cohorts
           where cohort_month = date '2010-12-01' and dimension = 'all'
           order by month_number"""
    )
    assert [customers for (customers,) in rows] == cohort
    assert uci.ask("select count(*) from fct_orders") == [(25_900,)]


def test_overlapping_sheets_count_once(uci, shared):
    """22,523 rows of December 2010 stand in both sheets and are counted once."""
    drop_invoices(uci, shared / "data", "2009_2010")
    uci.load()
    uci.build(
        "+fct_order_lines",
        reporting_currency="GBP",
    )
    assert uci.ask("select count(*) from fct_order_lines") == [
        (541_909 + 525_461 - 22_523,)
    ]


@pytest.mark.confirms("orders", "cancellation_rate", by="Olist, 20,000 orders")
def test_olist_sample(shared, tmp_path):
    """20,000 orders of a marketplace: statuses, people, money and payments."""
    shop = Shop(tmp_path)
    tables = f"{shared}/data/olist/sample_20000_orders"
    shop.drop(
        "flat",
        "shops.csv",
        "select 'olist' as shop_id, 'Olist' as shop_name,"
        " 'America/Sao_Paulo' as time_zone, 'BRL' as currency,"
        " false as prices_include_tax, 'BR' as country",
    )
    shop.drop(
        "flat",
        "orders.csv",
        f"""select 'olist' as shop_id, orders.order_id,
                strftime(orders.order_purchase_timestamp, '%Y-%m-%d %H:%M:%S-03:00')
                    as ordered_at,
                customers.customer_unique_id as customer_id,
                'paid' as financial_status,
                case when order_status in ('delivered') then 'delivered'
                    when order_status in ('shipped') then 'fulfilled'
                    else 'unfulfilled' end as fulfillment_status,
                case when order_status = 'canceled' then
                    strftime(orders.order_purchase_timestamp,
                        '%Y-%m-%d %H:%M:%S-03:00') end as cancelled_at,
                'BRL' as currency,
                coalesce(items.price, 0) as subtotal_amount,
                coalesce(items.freight, 0) as shipping_amount,
                coalesce(items.price + items.freight, 0) as total_amount
            from '{tables}/orders.parquet' as orders
            join '{tables}/customers.parquet' as customers using (customer_id)
            left join (select order_id, sum(cast(price as decimal(18, 2))) as price,
                    sum(cast(freight_value as decimal(18, 2))) as freight
                from '{tables}/order_items.parquet' group by order_id) as items
                on orders.order_id = items.order_id""",
    )
    shop.drop(
        "flat",
        "order_lines.csv",
        f"""select 'olist' as shop_id, order_id, order_item_id as line_id, product_id,
                1 as quantity, price as unit_price
            from '{tables}/order_items.parquet'""",
    )
    shop.drop(
        "flat",
        "payments.csv",
        f"""select 'olist' as shop_id, order_id || '-' || payment_sequential
                    as payment_id, order_id,
                strftime(orders.order_purchase_timestamp, '%Y-%m-%d %H:%M:%S-03:00')
                    as attempted_at,
                'sale' as kind, 'success' as status, payment_type as method,
                payment_value as amount, 'BRL' as currency
            from '{tables}/order_payments.parquet'
            join '{tables}/orders.parquet' as orders using (order_id)""",
    )
    shop.load()
    shop.build(
        "+dim_customers",
        "+fct_payments",
        reporting_currency="BRL",
        order_policy="everything",
    )
    assert shop.ask(
        """select count(*), count(*) filter (where fulfillment_status = 'delivered'),
                count(*) filter (where is_cancelled),
                cast(sum(sales) as double), cast(sum(shipping) as double)
           from fct_orders"""
    ) == [(20_000, 19_430, 124, pytest.approx(2_768_685.99), pytest.approx(451_112.79))]
    assert shop.ask(
        "select count(*), count(*) filter (where orders > 1) from dim_customers"
    ) == [(19_831, 163)]
    paid = f"select count(*), sum(payment_value) from '{tables}/order_payments.parquet'"
    expected = duckdb.sql(paid).fetchone()
    assert shop.ask(
        "select count(*), cast(sum(amount) as double) from fct_payments"
    ) == [(expected[0], pytest.approx(expected[1]))]
    assert expected[0] == 20_873
