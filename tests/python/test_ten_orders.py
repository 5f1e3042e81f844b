"""Ten orders, four answers: docs/ten-orders.md holds what the build computes.

The orders are in docs/ten-orders, in the flat templates. To write the page
after a change: `python tests/python/test_ten_orders.py`.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from shop import PROJECT, Shop

FIXTURE = PROJECT / "docs/ten-orders"
TEMPLATE = FIXTURE / "page.md.in"
PAGE = PROJECT / "docs/ten-orders.md"
PRESETS = ("strict", "default", "shopify", "woocommerce")
PERIOD = (
    "grain = 'month' and period_start = timestamp '2026-09-01' and dimension = 'all'"
)


def ten_orders(folder: Path) -> dict[str, str]:
    """Build the ten orders under every preset.

    Args:
        folder: An empty folder.

    Returns:
        The figures by `<preset>_<name>`, and by `<order>_<preset>` why an order is in
        or out; money with two decimals.
    """
    shop = Shop(folder)
    shop.landing.mkdir(parents=True)
    # The page's template stands beside the files and is none of the shop's exports.
    ignored = shutil.ignore_patterns("*.in")
    shutil.copytree(FIXTURE, shop.landing / "flat", ignore=ignored)
    shop.load()
    found = {}
    shop.build("+rollup_orders", as_of="2026-10-05")
    for preset in PRESETS:
        what_it_decides = "order_policy+,+rollup_orders"
        shop.build(what_it_decides, order_policy=preset, as_of="2026-10-05")
        (numbers,) = shop.ask(
            f"""select orders, gross_sales, discounts, sales, returns, net_sales,
                    net_sales_order_date, sales / orders, net_sales / orders
                from rollup_orders where {PERIOD}"""
        )
        names = (
            *("orders", "gross", "discounts", "sales", "returns", "net"),
            *("net_order_date", "aov", "net_per_order"),
        )
        for name, number in zip(names, numbers, strict=True):
            shown = f"{number:,}" if name == "orders" else f"{number:,.2f}"
            found[f"{preset}_{name}"] = shown
        for number, is_placed, reason in shop.ask(
            "select order_number, is_placed, exclusion_reason from fct_orders"
        ):
            found[f"{number}_{preset}"] = "in" if is_placed else f"out: {reason}"
    ((orders, total),) = shop.ask(
        "select count(*), sum(total_amount) from stg_flat__orders"
    )
    found["naive_orders"] = str(orders)
    found["naive_total"] = f"{total:,.2f}"
    found["naive_aov"] = f"{total / orders:,.2f}"
    return found


@pytest.fixture(scope="module")
def figures(tmp_path_factory) -> dict[str, str]:
    return ten_orders(tmp_path_factory.mktemp("ten_orders") / "shop")


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        # O1 100 - 10, O2 50, O5 40, O7 60, O9 70; only O9's refund is in it.
        (
            "strict",
            {
                "orders": "5", "gross": "320.00", "sales": "310.00", "net": "240.00",
                "net_order_date": "190.00", "aov": "62.00",
            },
        ),
        # and O8, worth 30 before its discount and nothing after it
        ("default", {"orders": "6", "gross": "350.00", "aov": "51.67"}),
        ("shopify", {"orders": "6", "sales": "310.00", "net": "240.00"}),
        # and O6, the gift card; WooCommerce's AOV is net of refunds
        ("woocommerce", {"orders": "7", "net": "340.00", "net_per_order": "48.57"}),
        # every row of the file, O10 of October included, with tax and shipping
        ("naive", {"orders": "10", "total": "1,611.40", "aov": "161.14"}),
    ],
)  # fmt: skip
def test_a_preset_gives_its_own_figures(figures, preset, expected):
    assert {name: figures[f"{preset}_{name}"] for name in expected} == expected


def test_the_page_holds_what_the_build_computes(figures):
    assert PAGE.read_text() == TEMPLATE.read_text().format(**figures), (
        "docs/ten-orders.md is stale: run python tests/python/test_ten_orders.py"
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        page = TEMPLATE.read_text().format(**ten_orders(Path(scratch) / "shop"))
    PAGE.write_text(page)
    sys.stdout.write(f"wrote {PAGE}\n")
