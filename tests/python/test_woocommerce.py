"""WooCommerce exports of both kinds, written by hand, from the file to the fact."""

from datetime import date
from decimal import Decimal

import pytest
from shop import Shop

from warehouse.paths import PROJECT

FILES = PROJECT / "tests" / "fixtures" / "woocommerce"

# orders_export.csv, one row an item: order 12 has a coupon and a price that its pieces
# do not divide, 14 is cash on delivery, 15 failed, 16 was never finished; row 17 gives
# one mug of order 11 back, with its tax.
# orders_2026-07-31…csv, the report in German: order 11 again, with its refund, and two
# orders that only the report knows. The money of 21 does not divide by its pieces; a
# product of 22 has a comma in its name; its refund has an apostrophe for a TAB.


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Shop:
    """A shop in Vienna whose prices include tax, loaded and built up to the facts."""
    shop = Shop(tmp_path_factory.mktemp("woocommerce"))
    shop.write(
        "flat",
        "shops.csv",
        "shop_id,shop_name,time_zone,currency,prices_include_tax,country\n"
        "vienna,Vienna,Europe/Vienna,EUR,true,AT\n",
    )
    for path in FILES.glob("*.csv"):
        shop.write("woocommerce", f"vienna/{path.name}", path.read_text())
    shop.load()
    shop.dbt("build", "-s", "+fct_order_lines", "+fct_returns", "stg_loader__rejects",
             "--indirect-selection", "cautious", "--exclude-resource-type",
             "unit_test")  # fmt: skip
    return shop


def test_nothing_is_rejected(shop):
    """A TAB or an apostrophe before the minus makes no number unreadable."""
    assert shop.ask("select count(*) from stg_loader__rejects") == [(0,)]


def test_orders_count_once_with_their_money(shop):
    """The plugin wins order 11; amounts are net, though the prices include tax."""
    rows = shop.ask(
        """select order_number, order_date, is_placed, exclusion_reason, sales,
               discounts, shipping, tax, country, units
           from fct_orders order by order_number"""
    )
    found = {
        number: (str(day), placed, reason, *map(float, money), country, units)
        for number, day, placed, reason, *money, country, units in rows
    }
    # Half past midnight in Vienna is the evening before in UTC: the date is Vienna's.
    assert found == {
        "11": ("2026-07-01", True, None, 50, 0, 5, 11, "AT", 4),
        "12": ("2026-07-02", True, None, 9, 1.0002, 0, 1.8, "DE", 3),
        "14": ("2026-07-03", True, None, 20, 0, 0, 4, "AT", 1),
        "15": ("2026-07-03", False, "voided", 20, 0, 0, 4, "AT", 1),
        "16": ("2026-07-03", False, "draft", 20, 0, 0, 4, "AT", 1),
        "21": ("2026-07-06", True, None, 10, 0, 0, 0, None, 3),
        "22": ("2026-07-07", True, None, 60, 0, 0, 0, None, 3),
    }
    assert shop.ask(
        """select order_number, strftime(ordered_at, '%d %H:%M'), financial_status,
               discount_code from int_orders
           where order_number in ('11', '14', '21') order by order_number"""
    ) == [
        ("11", "30 22:30", "paid", None),
        ("14", "03 08:00", "pending", None),
        ("21", "06 08:00", "paid", "-10off"),
    ]


def test_lines_know_product_and_cost(shop):
    """By id, or by name in the report; costs come from the products' export."""
    rows = shop.ask(
        """select order_id, product_id, category, sum(quantity), sum(sales), sum(cogs)
           from fct_order_lines
           where order_id in ('vienna:11', 'vienna:21', 'vienna:22')
           group by all order by all"""
    )
    assert rows == [
        ("vienna:11", "vienna:1", "Kitchen", 3, Decimal("30"), Decimal("12")),
        ("vienna:11", "vienna:2", "Clothing", 1, Decimal("20"), Decimal("8")),
        ("vienna:21", "vienna:3", "Clothing", 3, Decimal("10"), Decimal("3")),
        ("vienna:22", "vienna:1", "Kitchen", 1, Decimal("20"), Decimal("4")),
        ("vienna:22", "vienna:Hat, red", None, 2, Decimal("40"), None),
    ]


def test_refunds_are_returns_on_their_date(shop):
    """Order 11 is refunded in both files and gives one return, on the refund's date."""
    assert shop.ask(
        """select order_id, return_date, product_id, units, returns, returned_tax
           from fct_returns order by order_id"""
    ) == [
        ("vienna:11", _day("2026-07-05"), "vienna:1", 1, Decimal(10), Decimal(2)),
        ("vienna:22", _day("2026-07-09"), None, 1, Decimal(20), Decimal(0)),
    ]


def test_people_are_one_across_account_and_guest(shop):
    """Account 7 is known by its e-mail; the report's orders have nobody."""
    assert shop.ask(
        """select count(distinct customer_id), count(*) - count(customer_id)
           from fct_orders"""
    ) == [(3, 2)]
    assert shop.ask("select count(*) from int_accounts") == [(2,)]


def _day(text: str) -> date:
    return date.fromisoformat(text)
