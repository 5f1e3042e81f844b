"""event_impact on series that are made here: nothing happens in them, or what is known.

A mart that calls every tenth quiet day an event's success is worse than none: the share
of p-values below 5 % where nothing happened is the measure of its standard error.
"""

from datetime import date, timedelta

import duckdb
import numpy as np
import pytest
from shop import Shop

FIRST = date(2023, 1, 1)
DAYS = 3 * 365
SHOPS = 12
NAMED = 0.05
TOO_LITTLE = "too little history"
USUAL = ((28, 7), (28, 7))
TOLERATED = 0.10  # of p-values; windows overlap, so that few tell something new


@pytest.fixture(scope="module")
def sql(tmp_path_factory) -> str:
    """event_impact as dbt writes it, for tables in the database at hand."""
    shop = Shop(tmp_path_factory.mktemp("impact"))
    shop.dbt("compile", "--quiet", "--select", "event_impact")
    (path,) = (shop.folder / "target").glob("compiled/**/marketing/event_impact.sql")
    return path.read_text().replace('"warehouse"."main".', "")


def noise(chance: np.random.Generator, spread: float) -> np.ndarray:
    """Chance that lasts: two days in a row are alike (autocorrelation 0.6)."""
    steps = chance.normal(0, spread * np.sqrt(1 - 0.6**2), DAYS)
    for day in range(1, DAYS):
        steps[day] += 0.6 * steps[day - 1]
    return steps


def quiet(chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Orders and sessions of days with growth, a season, weekdays and chance."""
    day = np.arange(DAYS)
    growth = 1.2 ** (day / 365)
    season = 1 + 0.25 * np.sin(2 * np.pi * (day / 365 + chance.uniform()))
    weekday = np.array([0.8, 0.85, 0.9, 1.0, 1.2, 1.35, 0.9])[day % 7]
    sessions = np.round(400 * growth * season * weekday * np.exp(noise(chance, 0.1)))
    rate = 0.05 * np.exp(noise(chance, 0.1))
    return chance.binomial(sessions.astype(int), rate).astype(float), sessions


def impact(sql: str, shops: list, starts: list[int], windows=USUAL) -> dict:
    """What the mart says of events on these days, by event and KPI.

    Args:
        sql: The compiled model.
        shops: Orders and sessions by day of every shop; below zero is no row.
        starts: Days on which every shop has an event, named as in `s0:400`.
        windows: Days before and after, of sessions and of conversion.
    """
    con = duckdb.connect()
    con.execute(
        f"""
        create table dim_as_of as
        select date '{FIRST + timedelta(DAYS - 1)}' as as_of_date,
            date '{FIRST}' as first_date;
        create table dim_dates as
        select day::date as date_day
        from range(date '2022-01-01', date '2027-01-01', interval 1 day) as d(day);
        create table event_kpis as
        select 'sessions' as kpi_id, {windows[0][0]} as window_before_days,
            {windows[0][1]} as window_after_days
        union all select 'conversion_rate', {windows[1][0]}, {windows[1][1]};
        create table kpi_catalog as
        select 'sessions' as kpi_id, 'sum' as kind, 'up' as better,
            false as is_proportion
        union all select 'conversion_rate', 'ratio', 'up', true;
        create table made (member text, day bigint, orders double, sessions double);
        """
    )
    for number, (orders, sessions) in enumerate(shops):
        con.execute(
            f"insert into made select 's{number}', unnest(range({len(orders)})),"
            f" unnest({orders.tolist()}), unnest({sessions.tolist()})"
        )
    con.execute("delete from made where sessions < 0")
    con.execute(
        f"""
        create table kpi_values as
        select 'sessions' as kpi_id, 'day' as grain, 'shop' as dimension, member,
            date '{FIRST}' + to_days(day::int) as period_start,
            sessions as numerator, 1e0 as denominator
        from made
        union all
        select 'conversion_rate', 'day', 'shop', member,
            date '{FIRST}' + to_days(day::int), orders, sessions
        from made;
        create table fct_business_events as
        select member || ':' || day as event_id, member as shop_id, 'tweet' as kind,
            'nothing' as event_name, null::text as channel,
            (date '{FIRST}' + to_days(day::int))::date as start_date,
            start_date as end_date
        from made where day in ({", ".join(map(str, starts))})
        """
    )
    rows = con.execute(
        "select event_id, kpi_id, value_before, value_after, standard_error, p_value,"
        f" placebo_dates, verdict from ({sql})"
    ).fetchall()
    return {(event_id, kpi_id): found for event_id, kpi_id, *found in rows}


def test_nothing_is_rarely_called_an_effect(sql):
    """Of days on which nothing happened, about as many are named as p says."""
    chance = np.random.default_rng(7)
    starts = list(range(400, DAYS - 7, 11))
    found = impact(sql, [quiet(chance) for _ in range(SHOPS)], starts)
    for kpi_id in ("sessions", "conversion_rate"):
        p = np.array([row[3] for (_, kpi), row in found.items() if kpi == kpi_id])
        assert len(p) == SHOPS * len(starts)
        share = (p < NAMED).mean()
        # None at all would be as wrong: a standard error that sees nothing.
        assert 0.01 < share < TOLERATED, (kpi_id, share)


def test_an_effect_is_seen(sql):
    """A week with half as many sessions again, and half the conversion."""
    chance = np.random.default_rng(3)
    orders, sessions = quiet(chance)
    sessions[900:907] *= 1.5
    orders[900:907] = np.round(0.025 * sessions[900:907])
    found = impact(sql, [(orders, sessions)], [900])
    assert found["s0:900", "sessions"][5] == "better"
    assert found["s0:900", "conversion_rate"][5] == "worse"


def test_young_shops_have_no_verdict(sql):
    """Before a shop has rows it has no placebos, however old the other shops are."""
    chance = np.random.default_rng(5)
    old, young = quiet(chance), quiet(chance)
    opened = 500
    for series in young:
        series[:opened] = -1
    days = (20, 28, 90, 200)
    found = impact(sql, [old, young], [opened + after for after in days])
    for kpi_id in ("sessions", "conversion_rate"):
        rows = [found[f"s1:{opened + after}", kpi_id] for after in days]
        assert [row[4] for row in rows] == [None, 0, 90 - 28 - 7 + 1, 200 - 28 - 7 + 1]
        assert [row[3] is None for row in rows] == [True, True, True, False]
        assert [row[5] for row in rows[:3]] == ["not known", TOO_LITTLE, TOO_LITTLE]
        assert all(found[f"s0:{opened + after}", kpi_id][4] == 365 for after in days)


@pytest.mark.parametrize("windows", [((28, 7), (28, 1)), ((10, 3), (14, 14))])
def test_against_numpy(sql, windows):
    """The weekdays' weights and the placebos' spread, computed the long way round."""
    orders, sessions = quiet(np.random.default_rng(11))
    starts = [60, 130, 700]
    found = impact(sql, [(orders, sessions)], starts, windows)

    def values(above, below, start, before, after):
        """Every day after meets the mean of its weekday before."""
        sums = np.zeros(4)
        for day in range(start, start + after):
            same = [d for d in range(start - before, start) if (day - d) % 7 == 0]
            sums += [above[same].mean(), below[same].mean(), above[day], below[day]]
        return sums[0] / sums[1], sums[2] / sums[3]

    for kpi_id, above, below, (before, after) in (
        ("sessions", sessions, np.ones(DAYS), windows[0]),
        ("conversion_rate", orders, sessions, windows[1]),
    ):
        for start in starts:
            was, became = values(above, below, start, before, after)
            differences = []
            for day in range(max(before, start - after - 364), start - after + 1):
                old, new = values(above, below, day, before, after)
                differences.append((new - old) / (old if kpi_id == "sessions" else 1))
            error = np.sqrt(np.mean(np.square(differences)))
            error *= was if kpi_id == "sessions" else 1
            row = found[f"s0:{start}", kpi_id]
            np.testing.assert_allclose(row[:2], [was, became], rtol=1e-9)
            assert row[4] == len(differences)
            if len(differences) < 60:
                assert row[2:4] == [None, None] and row[5] == TOO_LITTLE
            else:
                np.testing.assert_allclose(row[2], error, rtol=1e-9)
