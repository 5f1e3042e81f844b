"""`warehouse kpi` and `warehouse explain`: published numbers, and what they mean."""

import json
import shutil
from datetime import datetime, timedelta
from io import StringIO

import duckdb
import pytest
from rich.console import Console

from warehouse.errors import UserError
from warehouse.explain import explain
from warehouse.kpi import kpi, spark
from warehouse.lineage import ancestors, nodes

MONDAYS = [datetime(2026, 8, 31) + timedelta(weeks=week) for week in range(4)]
# Sessions and those with a purchase, a week each; the last week is three days old.
WEEKS = {
    ("all", "all"): [(10, 400), (12, 400), (20, 400), (6, 200)],
    ("channel", "email"): [(8, 100), (9, 100), (12, 100), (3, 50)],
    ("channel", "direct"): [(2, 300), (3, 300), (8, 300), (3, 150)],
    ("device", "mobile"): [(4, 200), (4, 200), (8, 200), None],
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A data folder in which two KPIs are published."""
    data = tmp_path_factory.mktemp("kpi")
    folder = data / "published" / "20260923T050000.000000Z"
    folder.mkdir(parents=True)
    (data / "published" / "current").symlink_to(folder.name)
    build = {"build_id": folder.name, "as_of": "2026-09-23", "currency": "EUR"}
    (folder / "manifest.json").write_text(json.dumps(build))
    languages = ("en", "es", "fr", "ru", "zh")
    names = {"es": "Tasa de conversión", "en": "CR · Rate"}
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        aliases = ", ".join(
            f"case when kpi_id = 'conversion_rate' then '{names.get(language, '')}'"
            f" else 'Rate' end as aliases_{language}"
            for language in languages
        )
        connection.execute(f"""
            create table kpi_catalog as
                select *, 'conversion' as theme, 'up' as better, false as is_additive,
                    'ga4, flat' as sources, {aliases},
                    'One row per grain, period, dimension and member. What counts.'
                        as description
                from (values
                    ('conversion_rate', 'Conversion rate (CR)', 1, 'percent', 'ratio',
                        'purchases ÷ sessions'),
                    ('sessions', 'Sessions', 2, 'count', 'sum', 'sessions'),
                    ('bounce_rate', 'Bounce rate', 3, 'percent', 'ratio', 'b ÷ s')
                ) as t (kpi_id, label, kpi_order, unit, kind, formula);
            create table dim_channels as
                select 'email' as channel_id, 'E-mail' as channel_name;
            create table kpi_values (kpi_id text, grain text, period_start timestamp,
                dimension text, member text, numerator double, denominator double,
                value double);
            create table dim_periods (grain text, period_start timestamp,
                period_end date, days int, elapsed_days int, is_current boolean,
                is_complete boolean);
            create table kpi_drivers (kpi_id text, grain text, period_start timestamp,
                comparison text, dimension text, member text, member_status text,
                share_before double, share_now double, rate_before double,
                rate_now double, mix_effect double, rate_effect double,
                contribution double, change double);""")
        for number, monday in enumerate(MONDAYS):
            is_last = number == 3
            connection.execute(
                "insert into dim_periods values ('week', ?, ?, 7, ?, ?, ?)",
                [monday, monday + timedelta(6), 3 if is_last else 7, is_last,
                 not is_last],
            )  # fmt: skip
            for (dimension, member), parts in WEEKS.items():
                if parts[number]:
                    bought, seen = parts[number]
                    at = ["week", monday, dimension, member]
                    rows = [
                        ("conversion_rate", *at, bought, seen, bought / seen),
                        ("sessions", *at, seen, 1, seen),
                    ]
                    connection.executemany(
                        "insert into kpi_values values (?, ?, ?, ?, ?, ?, ?, ?)", rows
                    )
        # The scorecard compares the week under way with the same three days before.
        connection.execute("""
            create table kpi_scorecard as
                select kpi_values.*, 0.01 as previous_value, 0.02 as previous_change,
                    2.0 as previous_change_rate, cast(null as double) as
                    last_year_change, cast(null as double) as last_year_change_rate,
                    cast(null as double) as value_lower, cast(null as double) as
                    value_upper, 0.025 as plan_value, 1.2 as plan_attainment,
                    'on_track' as plan_status, 'improved' as direction_status,
                    false as is_new, true as is_mature, true as is_partial,
                    true as is_current
                from kpi_values
                where kpi_id = 'conversion_rate' and dimension = 'all'
                    and period_start = '2026-09-21';
            insert into kpi_drivers values ('conversion_rate', 'week', '2026-09-21',
                'previous', 'channel', 'email', 'both', 0.3, 0.25, 0.02, 0.06, -0.001,
                0.016, 0.015, 0.02)""")
    return data


@pytest.fixture(autouse=True)
def here(shop, monkeypatch):
    """The commands read this shop."""
    monkeypatch.setenv("WAREHOUSE_DATA", str(shop))


def say(function, *words, width: int = 80, **options) -> str:
    """What a command prints at this width."""
    console = Console(file=StringIO(), width=width)
    function(console, *words, **options)
    text = console.file.getvalue()
    assert max(map(len, text.splitlines())) <= width
    assert "\x1b" not in text
    return text


def test_a_kpi_by_a_dimension():
    """The whole, then the largest; a trend of complete weeks, the change, the words."""
    text = say(kpi, "conversion_rate", by="channel", grain="week", last=8)
    lines = text.splitlines()
    assert lines[0] == "Conversion rate (CR) by channel"
    assert lines[1] == "4 weeks to week of 21 September 2026, day 3 of 7"
    assert lines[3].split() == [
        *("Channel", "Trend", "31", "Aug", "7", "Sep", "14", "Sep", "21", "Sep*"),
        "Change",
    ]
    rows = [line.split() for line in lines[5:8]]
    assert rows[0] == [
        *("All", "▁▂█", "2.5%", "3.0%", "5.0%", "3.0%", "▲", "2.0", "pt")
    ]
    assert rows[1][:2] == ["Direct", "▁▂█"]  # 1,050 sessions, e-mail had 350
    assert rows[2] == ["E-mail", "▁▃█", "8.0%", "9.0%", "12.0%", "6.0%", "–"]
    assert "= purchases ÷ sessions\nWhat counts.\n" in text
    assert "warehouse explain conversion_rate" in text


def test_narrow_terminals_keep_the_newest():
    """The oldest columns give way, never the trend, the newest value or the change."""
    text = say(kpi, "CR", by="channel", grain="week", width=44)
    assert "21 Sep*" in text and "Change" in text and "31 Aug" not in text
    assert "▁▂█" in text


def test_a_kpi_by_itself_and_its_parts():
    """A line a period with plan; numerator and denominator where they are asked for."""
    text = say(kpi, "conversion_rate", grain="week", parts=True)
    assert text.startswith("Conversion rate (CR)  ▁▂█\n")
    newest = next(line for line in text.splitlines() if line.startswith("21 Sep*"))
    assert newest.split()[2:] == [
        *("██████", "3.00%", "6", "200", "▲", "2.0", "pt", "–", "120%", "+")
    ]
    # No scorecard row: the week before is what it is compared with.
    second = next(line for line in text.splitlines() if line.startswith("7 Sep"))
    assert "▲ 0.5 pt" in second


def test_live_values_are_not_compared_with_what_they_were(shop, tmp_path, monkeypatch):
    """The scorecard of the whole build compared another number; the words say so."""
    live = shutil.copytree(shop, tmp_path / "live", symlinks=True)
    monkeypatch.setenv("WAREHOUSE_DATA", str(live))
    manifest = live / "published" / "current" / "manifest.json"
    told = {"base": "20260923T040000.000000Z", "kpis": ["conversion_rate"]}
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"live": told}))
    file = str(live / "published" / "current" / "warehouse.duckdb")
    with duckdb.connect(file) as connection:
        connection.execute(
            "update kpi_values set numerator = 9, value = 9 / 200.0 where dimension ="
            " 'all' and kpi_id = 'conversion_rate' and period_start = '2026-09-21'"
        )
    text = say(kpi, "conversion_rate", grain="week")
    newest = next(line for line in text.splitlines() if line.startswith("21 Sep*"))
    assert "4.50%" in newest and "2.0 pt" not in newest and "120%" not in newest
    assert "live: 1 KPIs' values are newer" in " ".join(text.split())


def test_members_and_shops():
    """By key or by name; the dimension is found where only one has the member."""
    text = say(kpi, "conversion_rate", grain="week", members=["e-mail"])
    assert "by channel" in text and "E-mail" in text and "Direct" not in text
    found = kpi(Console(quiet=True), "sessions", grain="week", members=["mobile"])
    assert found.dimension == "device"
    assert found.values("mobile") == [200, 200, 200, None]


def test_machines_get_rows():
    """A row a member and period, in full precision."""
    found = kpi(Console(quiet=True), "conversion_rate", by="channel", grain="week")
    document = found.document()
    assert document["kpi"]["unit"] == "percent" and document["dimension"] == "channel"
    assert len(document["rows"]) == 3 * 4
    last = document["rows"][-1]
    assert (last["member"], last["member_name"], last["value"]) == (
        *("email", "E-mail", 3 / 50),
    )


@pytest.mark.parametrize(
    ("name", "options", "message", "hint"),
    [
        ("conversionrate", {}, "no KPI 'conversionrate'", "mean conversion_rate"),
        ("xyz", {}, "no KPI 'xyz'", "`warehouse kpi` lists"),
        ("rate", {}, "Several KPIs", "bounce_rate, conversion_rate, sessions"),
        ("sessions", {"grain": "fortnight"}, "no grain 'fortnight'", "It has week."),
        ("sessions", {"by": "chanel"}, "cannot be cut by 'chanel'", "channel, device"),
        ("sessions", {"by": "device", "members": ["mobil"]}, "'mobil'", "mean mobile"),
        ("sessions", {"by": "device", "members": ["al"]}, "'al'", "It has mobile"),
        ("sessions", {"members": ["x"]}, "No dimension", "channel, device"),
        ("sessions", {"by": "device", "shop": "s1"}, "one dimension", "--shop alone"),
        ("bounce_rate", {}, "no value yet", "fed by ga4, flat"),
        (None, {"by": "device"}, "Which KPI", "`warehouse kpi`"),
    ],
)
def test_mistakes_say_what_there_is(name, options, message, hint):
    """The nearest names; the dimensions, grains and members that exist."""
    with pytest.raises(UserError, match=message) as error:
        kpi(Console(quiet=True), name, **{"grain": "week", **options})
    assert hint in error.value.hint


@pytest.mark.parametrize("name", ["conversion-rate", "cr", "Tasa de Conversión"])
def test_a_kpi_has_many_names(name):
    """Its id, its label, its names in every language."""
    found = kpi(Console(quiet=True), name, grain="week")
    assert found.kpi["kpi_id"] == "conversion_rate"


def test_all_kpis_by_theme():
    """Id, value, change and trend of each; words where there is room."""
    text = say(kpi, grain="week")
    assert "Week of 21 September 2026, day 3 of 7" in text
    line = next(line for line in text.splitlines() if line.startswith("conversion"))
    assert line.split()[-4:] == ["3.00%", "▲", "2.0", "pt"]
    assert "bounce_rate" in text
    with pytest.raises(UserError, match="no grain"):
        kpi(Console(quiet=True), grain="fortnight")


def test_nothing_published_is_a_sentence(tmp_path, monkeypatch):
    """What to run first."""
    monkeypatch.setenv("WAREHOUSE_DATA", str(tmp_path))
    with pytest.raises(UserError, match="nothing published"):
        kpi(Console(quiet=True), "orders")


def test_spark_lines():
    """From the smallest to the largest, gaps blank, a level line in the middle."""
    assert spark([1, 2, None, 8]) == "▁▂ █"
    assert spark([5, 5]) == "▄▄"
    assert spark([None, float("nan")]) == ""


# ----------------------------------------------------------------------------- explain


def test_explain_says_it_all():
    """Formula, view, lineage, proof, why others differ, and what moved it."""
    text = say(explain, "conversion_rate", grain="week")
    whole = " ".join(text.split())
    assert "sessions with a purchase ÷ sessions" in whole
    assert "numerator cast(purchase_sessions as double)" in whole
    assert "models/marts/conversion/kpi_conversion_rate.sql" in whole
    assert "└── rollup_sessions" in whole and "├── fct_session_days" in whole
    assert "ga4: events" in whole
    assert "unit tests" in whole and "assert_slices_add_up" in whole
    assert "Shopify: Sessions that completed a checkout" in whole
    assert "+2.00 pt, by channel" in whole
    assert "E-mail +1.50 pt own rate 2.00% → 6.00%" in whole


def test_explain_needs_no_publication(tmp_path, monkeypatch):
    """All but the drivers stands in the files."""
    monkeypatch.setenv("WAREHOUSE_DATA", str(tmp_path))
    text = say(explain, "taux de conversion")
    assert "nothing is published yet" in text
    with pytest.raises(UserError, match="no KPI 'converson_rate'"):
        explain(Console(quiet=True), "converson_rate")
    with pytest.raises(UserError, match="no drivers by 'day'"):
        explain(Console(quiet=True), "orders", "day")


def test_the_full_lineage_ends_at_exports():
    """Model by model; each is told of once."""
    text = say(explain, "site_uptime", full=True, width=200)
    assert "export flat.uptime_checks" in text
    assert text.count("── rollup_site  One row") == 1
    found = explain(Console(quiet=True), "site_uptime").document()
    assert found["lineage"].keys() == ancestors("kpi_site_uptime") & nodes().keys()
    assert found["sql"]["value"].startswith("cast(") and found["unit"] == "percent"
    assert found["proof"]["identities"]["assert_kpi_values"]
