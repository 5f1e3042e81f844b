"""From our numbers to theirs: every walk ends where the platform's own screen stands.

The generator follows each platform's rules in its own world
(truth/platform_figures.csv), the models follow them in the landed files. To write
docs/why-not-theirs.md after a change: `python tests/python/test_reconciliation.py`.
"""

import csv
import shutil
import sys
import tempfile
from datetime import date
from pathlib import Path

import pytest
from shop import PROJECT, Shop

from warehouse.demo.generate import generate

TEMPLATE = PROJECT / "docs/why-not-theirs/page.md.in"
PAGE = PROJECT / "docs/why-not-theirs.md"
DEMO = {
    "orders": 1500,
    "first": date(2026, 4, 1),
    "last": date(2026, 9, 23),
    "sessions_per_order": 4,
}
MONTH = "2026-08-01"
SOURCES = ("shopify", "woocommerce", "ga4", "google_ads", "meta_ads")
COSTS = "flat/marketing_costs.csv"
SHOWN = {
    ("shopify", "total_sales"): "alder_us",
    ("shopify", "average_order_value"): "alder_us",
    ("woocommerce", "average_order_value"): "alder_outlet",
    ("woocommerce", "total_sales"): "alder_outlet",
    ("ga4", "conversion_rate"): "alder_eu",
    ("ga4", "purchase_revenue"): "alder_eu",
    ("google_ads", "return_on_ad_spend"): "alder_eu",
    ("meta_ads", "return_on_ad_spend"): "alder_eu",
    ("ad_platforms", "return_on_ad_spend"): "alder_eu",
}


def build(folder: Path) -> Shop:
    """Make the demo's exports, load those that the walks read, and build the mart.

    Args:
        folder: An empty folder.

    Returns:
        The built shop; the generator's truth lies in its folder.
    """
    shop = Shop(folder)
    generate(folder / "made", **DEMO)
    made = folder / "made/landing"
    for source in SOURCES:
        shutil.copytree(made / source, shop.landing / source)
    (shop.landing / COSTS).parent.mkdir()
    shutil.copy(made / COSTS, shop.landing / COSTS)
    shop.load()
    # As of the first of October August is closed, and nothing of it is missing.
    shop.build("+reconciliation", as_of="2026-10-01")
    return shop


def walks(shop: Shop) -> dict[tuple, dict[str, tuple]]:
    """Every walk's steps: (numerator, denominator, amount, is_reported) after each."""
    found: dict[tuple, dict[str, tuple]] = {}
    for *key, step, numerator, denominator, amount, is_reported in shop.ask(
        """select platform, shop_id, cast(cast(period_start as date) as varchar),
                figure, step, numerator, denominator, amount, is_reported
            from reconciliation where grain = 'month' order by step_number"""
    ):
        parts = (numerator, denominator, amount, is_reported)
        found.setdefault(tuple(key), {})[step] = parts
    return found


def truth(shop: Shop) -> dict[tuple, tuple[float, float]]:
    """What the platforms show, by the generator: parts of every figure."""
    with (shop.folder / "made/truth/platform_figures.csv").open() as file:
        return {
            (row["platform"], row["shop_id"], row["month"], row["figure"]): (
                float(row["numerator"]),
                float(row["denominator"]),
            )
            for row in csv.DictReader(file)
        }


def table(shop: Shop, platform: str, figure: str, shop_id: str) -> str:
    """A walk of the shown month as Markdown."""
    rows = shop.ask(
        f"""select label, step, amount, running_total from reconciliation
            where grain = 'month' and period_start = timestamp '{MONTH}'
                and platform = '{platform}' and figure = '{figure}'
                and shop_id = '{shop_id}' order by step_number"""
    )

    def number(value: float, unit: str = " %") -> str:
        if figure == "conversion_rate":
            return f"{100 * value:.3f}{unit}"
        return f"{value:,.2f}"

    lines = [f"| {shop_id} | changes it by | to |", "|---|---:|---:|"]
    for label, step, amount, total in rows:
        if step in ("ours", "theirs"):
            lines.append(f"| **{label}** | | **{number(total)}** |")
        elif amount and number(amount, "").strip("-0."):
            change = number(amount, " points")
            lines.append(f"| {label} | {change} | {number(total)} |")
    return "\n".join(lines)


def page(shop: Shop) -> str:
    """The page, with the build's figures."""
    return TEMPLATE.read_text().format(
        **{
            f"{platform}_{figure}": table(shop, platform, figure, shop_id)
            for (platform, figure), shop_id in SHOWN.items()
        }
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Shop:
    return build(tmp_path_factory.mktemp("walks") / "shop")


def test_every_walk_ends_at_their_figure(shop):
    found, wrong, walked = walks(shop), [], set()
    for key, (numerator, denominator) in truth(shop).items():
        # A month in which neither side counts anything has no walk.
        if key not in found and numerator == 0:
            continue
        end = found[key]["theirs"]
        steps = [p for s, p in found[key].items() if s not in ("unexplained", "theirs")]
        for reached in (steps[-1], end):
            near = abs(reached[0] - numerator) < 0.005
            near &= reached[1] is None or abs(reached[1] - denominator) < 0.005
            if not near:
                wrong.append((key, reached, numerator, denominator))
        walked.add((key[0], key[3]))
    assert wrong == []
    assert walked >= set(SHOWN)


def test_no_walk_is_trivial(shop):
    """Every rule that the demo's world has moves something in some month."""
    moved = {
        (platform, figure, step)
        for (platform, _, _, figure), steps in walks(shop).items()
        for step, (_, _, amount, _) in steps.items()
        if amount and abs(amount) > 0.000001
    }
    expected = {
        "shopify total_sales": "currency shipping taxes cancelled_orders reversals",
        "shopify average_order_value": "currency cancelled_orders",
        "woocommerce average_order_value": "returns",
        "woocommerce total_sales": "shipping taxes",
        "ga4 conversion_rate": "robots internal policy_orders time_zone midnight",
        "ga4 purchase_revenue": "returns unseen_orders policy_orders shipping taxes",
        "google_ads conversions": "every_click same_browser policy_orders click_day",
        "meta_ads return_on_ad_spend": "every_click click_window charges",
        "ad_platforms return_on_ad_spend": "other_sales every_click charges",
    }
    wanted = {
        (*walk.split(), step)
        for walk, steps in expected.items()
        for step in steps.split()
    }
    assert wanted - moved == set()


def test_reports_are_compared_directly(shop):
    """Where an export has their figure for a whole month, nothing is unexplained."""
    found = walks(shop)
    compared = {
        (platform, figure): steps["unexplained"][2]
        for (platform, shop_id, month, figure), steps in found.items()
        if steps["theirs"][3] and month == MONTH
    }
    assert set(compared) >= {
        ("ga4", "conversion_rate"),
        ("google_ads", "conversions"),
        ("meta_ads", "return_on_ad_spend"),
        ("ad_platforms", "return_on_ad_spend"),
    }
    assert all(abs(left) < 0.00005 for left in compared.values())


def test_the_page_holds_what_the_build_computes(shop):
    assert PAGE.read_text() == page(shop), (
        f"{PAGE.name} is stale: run python tests/python/test_reconciliation.py"
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        text = page(build(Path(scratch) / "shop"))
    PAGE.write_text(text)
    sys.stdout.write(f"wrote {PAGE}\n")
