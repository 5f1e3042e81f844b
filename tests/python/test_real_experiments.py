"""Hillstrom's e-mail test of 2008: 64,000 people, three arms, published answers.

The data are not ours to ship: the test skips where the folder of shared data is absent.
"""

import csv
import math

import duckdb
import pytest
from scipy import stats
from shop import Shop

ARMS = {"control": "No E-Mail", "mens": "Mens E-Mail", "womens": "Womens E-Mail"}


@pytest.fixture(scope="module")
def people(shared) -> str:
    """A query that gives the published rows a customer number and short arms."""
    names = " ".join(f"when '{long}' then '{arm}'" for arm, long in ARMS.items())
    return f"""
        select row_number() over () as customer_id, case segment {names} end as arm,
            visit, conversion, spend
        from '{shared}/data/hillstrom_email/hillstrom.parquet'
    """


@pytest.fixture(scope="module")
def results(people, tmp_path_factory) -> dict[tuple[str, str], dict]:
    """The mart's rows by metric and variant, built from flat files."""
    shop = Shop(tmp_path_factory.mktemp("hillstrom"))
    shop.drop(
        "flat",
        "shops.csv",
        "select 'h' as shop_id, 'H' as shop_name, 'UTC' as time_zone,"
        " 'USD' as currency, false as prices_include_tax, 'US' as country",
    )
    shop.drop(
        "flat",
        "experiment_assignments.csv",
        f"""select 'h' as shop_id, 'mail' as experiment_id, arm as variant, customer_id,
                '2008-03-01 08:00:00' as assigned_at from ({people})""",
    )
    shop.drop(
        "flat",
        "sessions.csv",
        f"""select 'h' as shop_id, 's' || customer_id as session_id,
                'v' || customer_id as visitor_id, customer_id,
                '2008-03-03 10:00:00' as started_at from ({people}) where visit = 1""",
    )
    # A visit before the mail, an order after the two weeks: neither counts.
    shop.drop(
        "flat",
        "orders.csv",
        f"""select 'h' as shop_id, 'o' || customer_id as order_id, customer_id,
                '2008-03-03 10:30:00' as ordered_at, 'paid' as financial_status,
                spend as subtotal_amount, spend as total_amount
            from ({people}) where conversion = 1
            union all
            select 'h', 'late', 1, '2008-03-15 08:00:00', 'paid', 99, 99""",
    )
    shop.load()
    shop.build("+experiment_results", reporting_currency="USD", as_of="2008-04-01")
    with duckdb.connect(
        str(shop.folder / "warehouse.duckdb"), read_only=True
    ) as warehouse:
        relation = warehouse.sql("select * from experiment_results")
        columns, rows = relation.columns, relation.fetchall()
    found = [dict(zip(columns, row, strict=True)) for row in rows]
    return {(row["metric"], row["variant"]): row for row in found}


def test_shares_and_means_are_the_published_ones(results):
    """Visits, conversions and spend of each arm."""
    published = {  # n, visit rate, conversion, spend a customer, order value
        "control": (21_306, 0.106167, 0.005726, 0.6527894, 114.00),
        "mens": (21_307, 0.182757, 0.012531, 1.4226165, 113.53),
        "womens": (21_387, 0.151400, 0.008837, 1.0772015, 121.89),
    }
    for arm, (n, visit, conversion, spend, order_value) in published.items():
        assert results["conversion_rate", arm]["n"] == n
        values = {m: results[m, arm]["value"] for m, a in results if a == arm}
        assert values["visit_rate"] == pytest.approx(visit, abs=5e-7)
        assert values["conversion_rate"] == pytest.approx(conversion, abs=5e-7)
        assert values["sales_per_unit"] == pytest.approx(spend, abs=1e-7)
        assert values["average_order_value"] == pytest.approx(order_value, abs=5e-3)


def test_lifts_are_the_published_ones(results, shared):
    """Estimate, standard error and interval of spend, to six digits."""
    folder = shared / "data" / "hillstrom_email" / "published_answers"
    with (folder / "table3_overall_treatment_effects.csv").open() as file:
        table = {row["comparison"]: row for row in csv.DictReader(file)}
    for arm in ("mens", "womens"):
        known = table[f"{ARMS[arm]} minus No E-Mail"]
        row = results["sales_per_unit", arm]
        for ours, theirs in (
            ("absolute_lift", "estimate"),
            ("standard_error", "se"),
        ):
            assert row[ours] == pytest.approx(float(known[theirs]), rel=1e-6)
        # The published interval takes 1.96 for 1.959964.
        for ours, theirs in (("lift_lower", "ci_low"), ("lift_upper", "ci_high")):
            assert row[ours] == pytest.approx(float(known[theirs]), abs=1e-4)
        assert row["verdict"] == "better"


def test_tests_agree_with_scipy(results, people):
    """p values of shares (pooled z), means (Welch) and the split (chi-square)."""
    spend = {
        arm: duckdb.sql(
            f"select spend from ({people}) where arm = '{arm}'"
        ).fetchnumpy()["spend"]
        for arm in ARMS
    }
    for arm in ("mens", "womens"):
        for metric in ("conversion_rate", "visit_rate"):
            ours, control = results[metric, arm], results[metric, "control"]
            table = [
                [row["numerator"], row["n"] - row["numerator"]]
                for row in (ours, control)
            ]
            # Pooled two-proportion z squared is chi-square without correction.
            expected = stats.chi2_contingency(table, correction=False).pvalue
            assert ours["p_value"] == pytest.approx(expected, rel=1e-6, abs=1e-12)
            shares = [row["value"] for row in (ours, control)]
            error = math.sqrt(
                sum(
                    p * (1 - p) / row["n"]
                    for p, row in zip(shares, (ours, control), strict=True)
                )
            )
            assert ours["standard_error"] == pytest.approx(error, rel=1e-12)
        row = results["sales_per_unit", arm]
        welch = stats.ttest_ind(spend[arm], spend["control"], equal_var=False)
        assert row["p_value"] == pytest.approx(welch.pvalue, rel=1e-6)
        known = welch.confidence_interval(0.95)
        assert row["lift_lower"] == pytest.approx(known.low, rel=1e-8)
        assert row["lift_upper"] == pytest.approx(known.high, rel=1e-8)
        sizes = [row["n"], results["sales_per_unit", "control"]["n"]]
        assert row["sample_ratio_p_value"] == pytest.approx(
            stats.chisquare(sizes).pvalue, rel=1e-9
        )
        reach = stats.t.ppf(0.975, welch.df) + stats.norm.ppf(0.8)
        effect = reach * row["standard_error"]
        assert row["minimum_detectable_effect"] == pytest.approx(effect, rel=1e-9)
    # Order values barely differ: nothing is shown.
    assert results["average_order_value", "mens"]["verdict"] == "no difference shown"
