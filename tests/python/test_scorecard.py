"""The engine over the KPIs' one shape: does it speak up when, and only when, it should?

Alerts are tried on series that are made here, where it is known what is noise and what
is not, and on the demo where it is built.
"""

import csv
from datetime import date, timedelta

import duckdb
import numpy as np
import pytest
from shop import PROJECT, Shop

from warehouse.catalog import listed_kpis
from warehouse.demo.world import BROKEN_CHECKOUT, FAILED_CAMPAIGN

AS_OF = date(2026, 9, 23)
DAYS = 212  # judged days, two baselines and a few more
NEWEST = AS_OF - timedelta(days=1)  # the day of as_of is not over
SERIES = 200
# Of judged points on series where nothing happens, this share may raise a new alert.
# Three sigma and the patterns would be about 1.1 % with limits known for sure; that a
# baseline has only 56 points, and eight of each weekday, adds to it.
FALSE_ALARMS = 0.02


@pytest.fixture(scope="module")
def sql(tmp_path_factory) -> str:
    """kpi_alerts as dbt writes it, for tables in the database at hand."""
    shop = Shop(tmp_path_factory.mktemp("alerts"))
    shop.dbt("compile", "--quiet", "--select", "kpi_alerts")
    (path,) = (shop.folder / "target").glob("compiled/**/scorecard/kpi_alerts.sql")
    return path.read_text().replace('"warehouse"."main".', "")


class Chart:
    """Day series and the alerts they raise.

    Args:
        sql: The compiled model.
        catalog: kind, unit, better, is_additive, matures_after_days of a KPI by its id.
    """

    def __init__(self, sql: str, catalog: dict[str, tuple]):
        self.sql = sql
        self.con = duckdb.connect()
        rules = PROJECT / "seeds" / "alert_rules.csv"
        self.con.execute(
            f"""
            create table dim_as_of as select date '{AS_OF}' as as_of_date;
            create table dim_dates as
            select day::date as date_day, isodow(day) as day_of_week
            from range(date '2025-01-01', date '2026-12-31', interval 1 day) as d(day);
            create table dim_periods as
            select 'day' as grain, date_day::timestamp as period_start,
                date_day as period_end
            from dim_dates where date_day <= date '{AS_OF}';
            create table alert_rules as from read_csv('{rules}');
            create table kpi_catalog (kpi_id text, kind text, unit text, better text,
                is_additive boolean, is_bounded boolean, matures_after_days bigint);
            create table kpi_values (kpi_id text, grain text, period_start timestamp,
                dimension text, member text, denominator double, value double);
            create table kpi_scorecard (kpi_id text, grain text,
                period_start timestamp, dimension text, member text, value double,
                plan_value double, plan_status text, days bigint, elapsed_days bigint);
            """
        )
        for kpi_id, (kind, unit, better, additive, days) in catalog.items():
            self.con.execute(
                "insert into kpi_catalog values (?, ?, ?, ?, ?, ?, ?)",
                [kpi_id, kind, unit, better, additive, unit == "percent", days],
            )

    def add(self, kpi_id: str, member: str, values, denominators=None) -> None:
        """A series that ends yesterday; member `all` is the whole."""
        start = NEWEST - timedelta(days=len(values) - 1)
        dimension = "all" if member == "all" else "channel"
        below = np.ones(len(values)) if denominators is None else denominators
        # Written out: binding lists to parameters is many times slower.
        self.con.execute(
            f"""
            insert into kpi_values
            select '{kpi_id}', 'day', date '{start}' + to_days(n::int), '{dimension}',
                '{member}', below, value
            from (
                select unnest(range({len(values)})) as n,
                    unnest({[float(x) for x in below]}) as below,
                    unnest({[float(x) for x in values]}) as value
            )
            """
        )

    def alerts(self, columns: str = "*", where: str = "true") -> list[tuple]:
        """What fires, in order."""
        query = f"select {columns} from ({self.sql}) where {where} order by all"
        return self.con.execute(query).fetchall()


def weekday_pattern() -> np.ndarray:
    """What share of an average day each of the last days usually is."""
    usual = np.array([0.8, 0.85, 0.9, 1.0, 1.2, 1.35, 0.9])
    days = [NEWEST - timedelta(days=n) for n in range(DAYS)][::-1]
    return usual[[day.weekday() for day in days]]


SALES = {"sales": ("sum", "money", "up", True, None)}
RATE = {"rate": ("ratio", "percent", "up", False, None)}


@pytest.mark.parametrize("of", ["sales", "rate"])
def test_noise_is_not_news(sql, of):
    """Flat series with weekdays and chance, and nothing else, are nearly silent."""
    chance = np.random.default_rng(7)
    chart = Chart(sql, SALES | RATE)
    for number in range(SERIES):
        if of == "sales":
            noise = chance.normal(1000, 120, DAYS)
            chart.add("sales", f"channel {number}", noise * weekday_pattern())
        else:
            visits = chance.poisson(400 * weekday_pattern())
            bought = chance.binomial(visits, 0.06)
            chart.add("rate", f"channel {number}", bought / visits, visits)
    fired = chart.alerts("rule, count(*)", "true group by rule")
    judged = SERIES * 92
    assert 0 < sum(count for _, count in fired) / judged < FALSE_ALARMS, fired
    # Chance alone beyond three sigma: a chart that never errs sees nothing either.
    assert dict(fired)["beyond_limits"] / judged < 0.01


def test_an_outage_is_seen_on_its_day(sql):
    """A day at 40 % of its weekday, and the weekday is quiet again a week later."""
    chance = np.random.default_rng(3)
    values = chance.normal(1000, 60, DAYS) * weekday_pattern()
    values[-30] *= 0.4
    chart = Chart(sql, SALES)
    chart.add("sales", "all", values)
    outage = NEWEST - timedelta(days=29)
    found = chart.alerts(
        "period_start::date, rule, direction, severity, first_seen::date",
        "rule = 'beyond_limits'",
    )
    assert (outage, "beyond_limits", "bad", "high", outage) in found
    assert not [row for row in found if row[0] == outage + timedelta(days=7)]


def test_a_slice_that_falls_to_nothing_is_seen(sql):
    """No row is 0 for a sum, and no point at all for a ratio."""
    chance = np.random.default_rng(5)
    chart = Chart(sql, SALES | RATE)
    chart.add("sales", "all", chance.normal(1000, 60, DAYS))
    chart.add("rate", "all", chance.normal(0.5, 0.02, DAYS), np.full(DAYS, 500))
    chart.con.execute(f"delete from kpi_values where period_start = '{NEWEST}'")
    found = chart.alerts("kpi_id, value", f"period_start = '{NEWEST}'")
    assert ("sales", 0.0) in found
    assert {kpi_id for kpi_id, _ in found} == {"sales"}


def test_nobody_looks_ahead(sql):
    """What happens later changes no earlier alert."""
    chance = np.random.default_rng(11)
    before = [chance.normal(1000, 200, DAYS) for _ in range(20)]
    cut = NEWEST - timedelta(days=20)
    found = []
    for factor in (1, 5):
        chart = Chart(sql, SALES)
        for number, values in enumerate(before):
            later = values.copy()
            later[-20:] *= factor
            chart.add("sales", f"channel {number}", later)
        found.append(chart.alerts("*", f"period_start <= '{cut}'"))
    assert found[0] and found[0] == found[1]


def test_a_drift_has_no_limits(sql):
    """What only ever grows, as a running total, would fire every day."""
    chart = Chart(sql, SALES)
    chance = np.random.default_rng(13)
    chart.add("sales", "all", 5000 + np.cumsum(chance.normal(50, 5, DAYS)))
    assert chart.alerts() == []


def test_a_new_level_is_news_once(sql):
    """Eight days on one side fire on the eighth, and say since when."""
    chance = np.random.default_rng(17)
    values = chance.normal(1000, 40, DAYS)
    values[-40:] += 90
    chart = Chart(sql, SALES)
    chart.add("sales", "all", values)
    rows = chart.alerts(
        "first_seen::date, period_start::date",
        f"rule = 'eight_on_a_side' and period_start >= '{NEWEST - timedelta(39)}'",
    )
    start = NEWEST - timedelta(days=39)
    assert len(rows) == 1
    # A day before the change may have lain on that side too.
    assert start - timedelta(days=4) <= rows[0][0] <= start
    assert rows[0][1] == rows[0][0] + timedelta(days=7)


@pytest.mark.parametrize(
    ("visits", "matures", "speaks"),
    [(500, None, True), (20, None, False), (500, 30, False)],
)
def test_what_is_not_known_yet_is_silent(sql, visits, matures, speaks):
    """Ratios of few things, and days whose returns are still to come."""
    chart = Chart(sql, {"rate": ("ratio", "percent", "down", False, matures)})
    rates = np.random.default_rng(19).normal(0.3, 0.02, DAYS)
    rates[-10] = 0.9
    chart.add("rate", "all", rates, np.full(DAYS, visits))
    day = NEWEST - timedelta(days=9)
    found = chart.alerts("rule", f"period_start = '{day}' and rule = 'beyond_limits'")
    assert bool(found) == speaks


# ---------------------------------------------------------------------- the diagnoses
def test_diagnoses_ask_for_kpis_that_exist():
    """A misspelt KPI would be unknown for ever, without an error."""
    listed = set(listed_kpis())
    asked = set()
    for name in ("diagnosis_texts", "diagnosis_conditions"):
        with (PROJECT / "seeds" / f"{name}.csv").open() as file:
            for row in csv.DictReader(file):
                names = ("kpi_id", "size_kpi_id", "money_kpi_id")
                asked |= {row[column] for column in names if row.get(column)}
    assert len(asked) > 20
    assert asked <= listed, sorted(asked - listed)


# --------------------------------------------------------------------------- the demo


def test_the_demos_broken_checkout_is_found(demo):
    """On the day, in the steps that broke."""
    found = demo.execute(
        "select distinct kpi_id from kpi_alerts where grain = 'day'"
        " and period_start = ? and dimension = 'all' and rule = 'beyond_limits'"
        " and severity = 'high'",
        [BROKEN_CHECKOUT],
    ).fetchall()
    assert {("checkout_conversion_rate",), ("payment_conversion_rate",)} <= set(found)


def test_the_demos_failed_campaign_is_found(demo):
    """In its first week, in what an order costs, and the return on ad spend follows."""
    found = demo.execute(
        "select kpi_id, min(period_start)::date from kpi_alerts where grain = 'week'"
        " and period_start between ? and ? and direction = 'bad' and dimension = 'shop'"
        " and member = 'alder_eu' group by 1",
        FAILED_CAMPAIGN,
    ).fetchall()
    assert dict(found)["cost_per_order"] == FAILED_CAMPAIGN[0]
    assert "return_on_ad_spend" in dict(found)
