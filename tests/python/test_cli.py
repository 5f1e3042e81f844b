"""Build, publish and status: what people see, and what readers are protected from."""

import json
import os
import re
from datetime import datetime
from io import StringIO
from pathlib import Path

import duckdb
import pytest
from rich.console import Console
from typer.testing import CliRunner

from warehouse import build as building
from warehouse import check as checking
from warehouse import run as running
from warehouse.assertions import ASSERTIONS, Finding, Rule
from warehouse.build import BuildResult, Problem
from warehouse.cli import app
from warehouse.errors import UserError
from warehouse.health import health, print_sources
from warehouse.publish import ledger, publish, rollback
from warehouse.status import (
    attained,
    format_change,
    format_value,
    period_sentence,
    status,
)

# A warehouse of two KPIs: orders, planned and falling; a return rate without a past.
WAREHOUSE = """
create table fct_orders as
    select 's1:1' as order_id, 'c_ann' as customer_id, 100.0 as sales;
create table dim_shops as select 's1' as shop_id, 'Tiny [shop]' as shop_name;
create table dim_periods as
    select 'month' as grain, timestamp '2026-09-01' as period_start, date '2026-09-30'
        as period_end, 30 as days, 10 as elapsed_days, true as is_current,
        false as is_complete
    union all
    select 'day', timestamp '2026-09-10', date '2026-09-10', 1, 1, true, true;
create table kpi_catalog as
    select 'orders' as kpi_id, 'Orders' as label, 'sales' as theme, 1 as kpi_order,
        'count' as unit, 'up' as better, true as is_additive,
        0::bigint as matures_after_days
    union all
    select 'return_rate', 'Return rate (by order date, of a very long name)', 'sales',
        2, 'percent', 'down', false, 60
    union all
    select 'refusal_rate', 'Refused on delivery', 'sales', 3, 'percent', 'down', false,
        60;
create table kpi_values as
    select 'orders' as kpi_id, 'month' as grain, timestamp '2026-09-01' as period_start,
        'all' as dimension, 'all' as member, 60.0 as numerator, 1.0 as denominator,
        60.0 as value;
create table kpi_scorecard as
    select 'orders' as kpi_id, 'month' as grain, timestamp '2026-09-01' as period_start,
        'all' as dimension, 'all' as member, 60.0 as value, 80.0 as previous_value,
        -20.0 as previous_change, -0.25 as previous_change_rate,
        cast(null as double) as last_year_change,
        cast(null as double) as last_year_change_rate, false as is_new,
        'worsened' as direction_status, 0.6 as plan_attainment, 'behind' as plan_status,
        true as is_mature
    union all
    select 'refusal_rate', 'month', timestamp '2026-09-01', 'all', 'all', 0.05, 0.1,
        null, null, null, null, false, 'none', null, 'none', false;
create table stg_shop__orders as select 'ann@example.com' as email;
create table int_orders as select 'hash' as email_hash;
create view kpi_orders as select grain, value from kpi_values where kpi_id = 'orders';
create view basket as select grain, value * 2 as twice from kpi_orders;
"""


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A data folder with a built warehouse whose checks passed."""
    monkeypatch.setenv("WAREHOUSE_DATA", str(tmp_path))
    make_warehouse(tmp_path)
    return tmp_path


def make_warehouse(folder, extra: str = "", success: bool = True):
    """Write a built warehouse and the memory of its build."""
    file = folder / "warehouse.duckdb"
    file.unlink(missing_ok=True)
    with duckdb.connect(str(file)) as connection:
        connection.execute(WAREHOUSE + extra)
    building._remember(
        "demo",
        BuildResult(
            success=success,
            counts={"model success": 9, "test pass": 20, "unit test pass": 3},
            problems=[
                Problem("test", "warn_cost", "w.sql", "warn", "", 4, "No cost. Add it.")
            ],
        ),
        whole=True,
    )


def silent() -> Console:
    """A console that nobody reads."""
    return Console(file=StringIO())


def printed(function, *arguments, width: int = 80, colour: bool = False) -> str:
    """What a function prints to a console of this width."""
    console = Console(file=StringIO(), width=width, force_terminal=colour)
    function(console, *arguments)
    return console.file.getvalue()


def ask(data, query: str) -> list[tuple]:
    """A reader's query of the published warehouse."""
    path = data / "published" / "current" / "warehouse.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(query).fetchall()


# ------------------------------------------------------------------------------ publish


def test_publish_gives_marts_and_facts_and_nothing_private(data):
    """Staging and intermediate stay; views work in the copy; marts are Parquet too."""
    publish(silent())
    names = {
        name
        for (name,) in ask(data, "select table_name from information_schema.tables")
    }
    assert {"fct_orders", "kpi_scorecard", "kpi_orders", "basket"} <= names
    assert not {"stg_shop__orders", "int_orders"} & names
    assert ask(data, "select * from basket") == [("month", 120.0)]
    parquet = {p.stem for p in (data / "published/current/parquet").iterdir()}
    marts = {"kpi_catalog", "kpi_values", "kpi_scorecard", "basket"}
    assert parquet == marts | {"restatements"}


def test_the_manifest_says_what_was_published(data):
    """Build, date, currency, checks, warnings and row counts."""
    publish(silent())
    manifest = json.loads((data / "published/current/manifest.json").read_text())
    assert manifest["as_of"] == "2026-09-10"
    assert manifest["checks"] == 23
    assert manifest["warnings"] == [
        {"name": "warn_cost", "rows": 4, "says": "No cost. Add it."}
    ]
    assert manifest["tables"]["fct_orders"] == 1
    assert manifest["currency"] == "EUR"
    assert (data / "published" / manifest["build_id"]).is_dir()


def test_readers_keep_the_old_build_until_they_reopen(data):
    """A publication never touches the file that a reader has open."""
    publish(silent())
    path = data / "published" / "current" / "warehouse.duckdb"
    with duckdb.connect(str(path), read_only=True) as reader:
        make_warehouse(data, "insert into fct_orders values ('s1:2', null, 50.0);")
        publish(silent())
        count = "select count(*) from fct_orders"
        assert reader.execute(count).fetchall() == [(1,)]
    assert ask(data, count) == [(2,)]


def test_the_last_three_builds_stay(data):
    """Old builds go, and so does what an interrupted publication left behind."""
    (data / "published" / ".20260101T000000Z.partial").mkdir(parents=True)
    ids = [publish(silent())["build_id"] for _ in range(5)]
    left = {p.name for p in (data / "published").iterdir()}
    assert left == {"current", *ids[-3:]}


def test_readers_can_be_given_the_build_before(data):
    """Back by one, to one by name, and on again; never to one that is not there."""
    with pytest.raises(UserError, match="Nothing is published"):
        rollback(silent())
    first = publish(silent())["build_id"]
    with pytest.raises(UserError, match="No publication is older"):
        rollback(silent())
    make_warehouse(data, "insert into fct_orders values ('s1:2', null, 50.0);")
    second = publish(silent())["build_id"]
    count = "select count(*) from fct_orders"
    assert rollback(silent()) == first
    assert ask(data, count) == [(1,)]
    assert f"warehouse rollback --to {first}" in printed(rollback, None, second)
    assert ask(data, count) == [(2,)]
    with pytest.raises(UserError, match="There is no publication 'x'"):
        rollback(silent(), build_id="x")
    rollback(silent())
    third = publish(silent())["build_id"]
    assert (data / "published" / "current").resolve().name == third


def test_a_failed_build_changes_nothing_for_readers(data):
    """A failed check, a part that failed, or a file that somebody else wrote."""
    before = publish(silent())["build_id"]
    make_warehouse(data, success=False)
    with pytest.raises(UserError, match="did not pass"):
        publish(silent())
    building._remember("demo", BuildResult(success=True), whole=False)
    with pytest.raises(UserError, match="did not pass"):
        publish(silent())
    make_warehouse(data)
    with duckdb.connect(str(data / "warehouse.duckdb")) as connection:
        connection.execute("insert into fct_orders values ('s1:2', null, 50.0)")
    os.utime(data / "warehouse.duckdb", (1_000_000_000, 1_000_000_000))
    with pytest.raises(UserError, match="changed after"):
        publish(silent())
    manifest = json.loads((data / "published/current/manifest.json").read_text())
    assert manifest["build_id"] == before


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ("create table fct_people as select 'a@b.c' as email;", "fct_people.email"),
        ("create view leak as select * from int_orders;", "leak"),
        ("delete from kpi_values;", "No KPI has a value"),
    ],
)
def test_what_must_not_be_published_is_not(data, extra, message):
    """Personal columns, marts over private models, an empty warehouse."""
    make_warehouse(data, extra)
    with pytest.raises(UserError, match=message):
        publish(silent())
    assert [p.name for p in (data / "published").iterdir()] == []


def test_publishing_nothing_is_a_sentence(tmp_path, monkeypatch):
    """Before the first build there is a hint, not a traceback."""
    monkeypatch.setenv("WAREHOUSE_DATA", str(tmp_path))
    with pytest.raises(UserError, match="no warehouse to publish"):
        publish(silent())


def test_the_ledger_in_one_line(data):
    """A refused new version does not take away the rows of the version before."""
    folder = data / "lake" / "loader" / "files"
    folder.mkdir(parents=True)
    duckdb.execute(
        f"""copy (
            select 'shopify' as source, 'a.csv' as file, 'loaded' as status,
                12 as rows_landed, 9 as rows_loaded, 3 as rows_rejected,
                2 as rows_summary
            union all
            select 'shopify', 'a.csv', 'refused', 0, 0, 0, 0
        ) to '{folder}/ledger.parquet'"""
    )
    assert ledger() == {
        "files": 1,
        "refused": 1,
        "rows_landed": 12,
        "rows_loaded": 9,
        "rows_rejected": 1,
        "rows_summary": 2,
    }


# ------------------------------------------------------------------------------- status


def test_status_fits_80_columns_and_says_it_all(data):
    """Value, change, plan and what they mean, without colours when piped."""
    publish(silent())
    text = printed(status)
    assert "Tiny [shop]" in text
    assert "September 2026, day 10 of 30" in text
    assert re.search(r"Orders +60 +80 +▼ 25\.0% ! +– +60% !", text)
    assert re.search(r"Return rate +– ", text)
    assert re.search(r"Refused on .+ 5\.00% +10\.00% +early +– ", text)
    assert "23 checks passed · 1 warning" in text
    said = "warning No cost. Add it. (4 rows) List them: dbt show -s warn_cost"
    assert said in " ".join(text.split())
    assert "\x1b" not in text
    assert max(len(line) for line in text.splitlines()) <= 80


def test_a_year_is_compared_with_the_year_before_once(data):
    """The period before a year and the same one last year are one."""
    publish(silent())
    assert "On year" in printed(status, "demo", "month").split("Before:")[0]
    assert "On year" not in printed(status, "demo", "year").split("Before:")[0]


@pytest.mark.parametrize(
    ("attainment", "better", "words"),
    [
        (0.999, "up", "99%"),
        (1.464, "up", "146%"),
        (1 / 1.464, "down", "47% over"),
        (1 / 0.54, "down", "46% under"),
        (1 / 1.001, "down", "1% over"),
        (1 / 0.999, "down", "on it"),
        (1.0, "down", "on it"),
        (1.0, "up", "100%"),
    ],
)
def test_a_plan_of_less_is_over_or_under(attainment, better, words):
    """146 % of a plan for returns would be good news that reads as bad."""
    assert attained(attainment, better) == words


def test_status_has_words_where_there_is_room(data):
    """From 100 columns on labels and plan are written out."""
    publish(silent())
    text = printed(status, width=120)
    assert "60% behind" in text
    assert "Return rate (by order date" in text


def test_bad_news_is_red(data):
    """In a terminal the colour says which way is good."""
    publish(silent())
    assert re.search(r"\x1b\[31m ?.{0,6}▼ 25\.0% !", printed(status, colour=True))


NEWS = """
create table kpi_alerts as
    select 'orders' as kpi_id, 'day' as grain, timestamp '2026-09-10' as period_start,
        'all' as dimension, 'all' as member, 'beyond_limits' as rule, 'below' as side,
        6.0 as value, 20.0 as centre, 'bad' as direction, 'high' as severity,
        timestamp '2026-09-09' as first_seen
    union all
    select 'orders', 'day', timestamp '2026-09-10', 'shop', 's1', 'two_of_three',
        'below', 6.0, 20.0, 'bad', 'medium', timestamp '2026-09-09'
    union all
    select 'refusal_rate', 'day', timestamp '2026-09-10', 'all', 'all',
        'beyond_limits', 'below', 0.01, 0.05, 'good', 'info', timestamp '2026-09-10';
create table diagnoses as
    select 'many_returns' as diagnosis_id, 1 as diagnosis_order, 'all' as dimension,
        'all' as member, 'Too much comes back' as label, true as holds,
        'return_rate' as size_kpi_id, 'percent' as size_unit, 0.25 as size_value,
        0.1::double as size_reference, 1200.0 as size_money,
        'Return rate 25.0 % (a year ago 12.5 %)' as evidence,
        'Sizes or photos that mislead; damage in transit' as likely_causes
    union all
    select 'bad_feedback', 2, 'all', 'all', 'Customers are not satisfied', null,
        'refusal_rate', 'percent', null, 0.8, null, null, 'Late parcels'
    union all
    select 'carts_left', 3, 'shop', 's1', 'Carts are left behind', false, 'orders',
        'count', 1, 2, null, null, 'Delivery cost';
"""


def test_status_says_what_needs_a_look(data):
    """The worst alert of a KPI, no good news, diagnoses that hold, how many do not."""
    make_warehouse(data, NEWS)
    publish(silent())
    text = printed(status)
    assert re.search(r"! +9 Sep +Orders +all +6 +20 +out of the usual", text)
    assert text.count("9 Sep") == 1 and "near the limit" not in text
    assert "10 Sep" not in text
    whole = " ".join(text.split())
    assert (
        "! Too much comes back: return rate 25.0% against 10.0%, up to €1,200" in whole
    )
    assert "Return rate 25.0 % (a year ago 12.5 %)" in whole
    assert "Look at: Sizes or photos that mislead" in whole
    assert "1 of 3 diagnoses do not hold, 1 cannot be told from the data." in whole
    assert "Carts are left" not in whole
    assert max(len(line) for line in text.splitlines()) <= 80


def test_status_before_the_first_build_is_a_sentence(tmp_path, monkeypatch):
    """Nothing published yet: what to run."""
    monkeypatch.setenv("WAREHOUSE_DATA", str(tmp_path))
    assert "warehouse run" in printed(status)
    with pytest.raises(UserError, match="grain"):
        status(silent(), None, "fortnight")


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (None, "money", "–"),
        (1234567.8, "money", "€1,234,568"),
        (-12.5, "money", "−€12.50"),
        (0.0257, "percent", "2.57%"),
        (0.7, "percent", "70.0%"),
        (-0.25, "percent", "−25.0%"),
        (1829.0, "count", "1,829"),
        (3.456, "ratio", "3.46"),
        (36.04, "hours", "36.0 h"),
        (4.26, "minutes", "4.3 min"),
        (-12.5, "points", "−12.5 pts"),
        (8.5, "position", "8.5"),
        (0, "count", "0"),
    ],
)
def test_values_are_written_as_people_do(value, unit, expected):
    """Cents in prices, no cents in a year's sales, percent from shares."""
    assert format_value(value, unit, "EUR") == expected


def test_an_unknown_currency_keeps_its_code():
    """A symbol is used only where it is certain."""
    assert format_value(5, "money", "SEK") == "5.00 SEK"


@pytest.mark.parametrize(
    ("change", "rate", "unit", "is_new", "expected"),
    [
        (None, None, "money", False, "–"),
        (5, None, "count", True, "new"),
        (5, 0.1, "count", False, "▲ 10.0%"),
        (-5, -0.1, "count", False, "▼ 10.0%"),
        (0, 0, "count", False, "= 0.0%"),
        (0.012, 0.5, "percent", False, "▲ 1.2 pt"),
        (900, 90, "money", False, "▲ > 999%"),
        (4, None, "points", False, "▲ 4.0 pts"),
    ],
)
def test_changes_say_their_direction(change, rate, unit, is_new, expected):
    """Percents change in points; nothing to compare with is a dash or `new`."""
    assert format_change(change, rate, unit, is_new) == expected


@pytest.mark.parametrize(
    ("grain", "start", "expected"),
    [
        ("day", datetime(2026, 9, 23), "Wednesday, 23 September 2026, complete."),
        ("week", datetime(2026, 9, 21), "Week of 21 September 2026, complete."),
        ("quarter", datetime(2026, 7, 1), "Quarter 3 of 2026, complete."),
        ("year", datetime(2026, 1, 1), "2026, complete."),
    ],
)
def test_periods_in_words(grain, start, expected):
    """Every grain has its own way of being said."""
    row = {"grain": grain, "period_start": start, "is_partial": False}
    assert period_sentence(row) == expected


# ------------------------------------------------------------------------ build and run


def test_a_failure_names_the_file_the_reason_and_the_next_step():
    """What a person needs to mend it, and not dbt's own prefixes."""
    result = BuildResult(
        success=False,
        problems=[
            Problem(
                "model",
                "fct_orders",
                "models/facts/fct_orders.sql",
                "error",
                'Runtime Error\n  Binder Error: column "x" not found\n  > in macro y',
            ),
            Problem("test", "assert_x", "tests/assert_x.sql", "fail", "Got 3", rows=3),
        ],
        skipped=7,
    )
    text = printed(building.report, result, width=200)
    assert "model fct_orders failed  models/facts/fct_orders.sql" in text
    assert 'column "x" not found' in text
    assert "> in macro" not in text
    assert "warehouse build --select fct_orders+" in text
    assert "3 rows should not be there" in text
    assert "dbt show -s assert_x" in text
    assert "7 nodes were not run" in text


def test_run_publishes_after_a_good_build_only(data, monkeypatch):
    """Load, build, check, publish, report, status; a build or a check that fails
    changes nothing for readers."""
    monkeypatch.setattr("warehouse.load.load", lambda *_: None)
    good = BuildResult(success=True, counts={"model success": 9, "test pass": 20})
    monkeypatch.setattr(running, "build", lambda *_, **__: good)
    monkeypatch.setattr(running, "report", lambda *_, **__: Path("site/index.html"))
    text = printed(running.run)
    assert "4/5 publish" in text
    assert "Orders" in text
    last = text.rstrip().splitlines()[-1]
    assert re.fullmatch(r"done in \d+ s; the report is site/index.html", last)
    assert "3/5 check" in text and "checks found nothing" in text
    published = (data / "published" / "current").resolve()

    with monkeypatch.context() as this_time:
        rule = Rule("lost_rows", "error", None, "")
        finding = Finding("lost_rows", "x.csv", "Rows are gone.", "Load again.")
        this_time.setattr(checking, "read_rules", lambda: {"lost_rows": rule})
        this_time.setitem(ASSERTIONS, "lost_rows", lambda *_: iter([finding]))
        with pytest.raises(UserError, match="1 error: nothing was published"):
            running.run(silent())
    assert (data / "published" / "current").resolve() == published

    bad = BuildResult(
        success=False, problems=[Problem("test", "a", "a.sql", "fail", "", 1)]
    )
    monkeypatch.setattr(running, "build", lambda *_, **__: bad)
    with pytest.raises(UserError, match="nothing was published"):
        running.run(silent())
    assert (data / "published" / "current").resolve() == published


def test_a_users_mistake_is_a_sentence_and_exit_code_1(monkeypatch, capsys):
    """No traceback, no markup eaten, what to do on a line of its own."""
    from warehouse import cli

    monkeypatch.setattr("sys.argv", ["warehouse", "status", "--target", "prd"])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 1
    error = capsys.readouterr().err
    assert "There is no target 'prd'." in error
    assert "What to do: It is one of demo, dev, prod." in error


def test_dbt_runs_in_the_projects_folder_and_leaves_no_trace(tmp_path, monkeypatch):
    """The command can be called from anywhere."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WAREHOUSE_DATA", "shop")
    before = dict(os.environ)
    with building.dbt_surroundings("dev"):
        assert (Path.cwd() / "dbt_project.yml").exists()
        assert os.environ["WAREHOUSE_DATA"] == str(tmp_path / "shop")
        assert os.environ["WAREHOUSE_TARGET"] == "dev"
    assert Path.cwd() == tmp_path
    assert dict(os.environ) == before


def test_status_says_how_it_stands(data):
    """Sources and what of them is late, the last run, build, check, published version;
    and a build that waits, or that failed."""
    assert "last run" not in printed(status)
    publish(silent())
    memory = json.loads((data / "warehouse.check.json").read_text())
    memory["sources"] = [{"source": "shopify", "newest": "2026-09-10", "stale": ["o"]}]
    (data / "warehouse.check.json").write_text(json.dumps(memory))
    folder = data / "lake" / "loader" / "files"
    folder.mkdir(parents=True)
    duckdb.execute(
        f"""copy (
            select 'shopify' as source, 'a.csv' as file, 'loaded' as status,
                12 as rows_landed, 9 as rows_loaded, 3 as rows_rejected,
                0 as rows_summary, timestamp '2026-09-11' as loaded_at
        ) to '{folder}/ledger.parquet'"""
    )
    whole = " ".join(printed(status).split())
    assert "sources 1 in 1 files, 9 rows loaded, 3 rejected; late: shopify o" in whole
    assert "warehouse publish ok" in whole
    assert "9 models, 23 tests passed, 1 warning" in whole
    assert "checks found nothing" in whole and "data to 2026-09-10, 1 kept" in whole
    assert "a newer build waits" not in whole
    table = printed(print_sources, health())
    assert re.search(r"shopify +2026-09-10 +2026-09-11 +1 +9 +3 +o", table)

    make_warehouse(data)
    memory = data / "warehouse.build.json"
    later = memory.stat().st_mtime + 60
    os.utime(memory, (later, later))
    assert "a newer build waits" in " ".join(printed(status).split())
    assert "nobody has checked this build" in " ".join(printed(status).split())
    make_warehouse(data, success=False)
    assert "but it failed: readers keep the one before" in " ".join(
        printed(status).split()
    )


def test_status_of_nothing_stands_nowhere(tmp_path, monkeypatch):
    """Before the first load there is one sentence."""
    monkeypatch.setenv("WAREHOUSE_DATA", str(tmp_path))
    assert "No export is loaded yet" in printed(print_sources, health())


def test_results_are_documents(data, monkeypatch):
    """`--json` of the commands that a tiny warehouse has something for: one document,
    the words elsewhere, and what the document says is what was done."""

    def ask_for(*words: str) -> dict:
        result = CliRunner().invoke(app, [*words, "--target", "demo", "--json"])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    monkeypatch.setenv("WAREHOUSE_TARGET", "demo")
    assert ask_for("check")["counts"]["error"] == 0
    first = ask_for("publish")
    assert first["tables"]["fct_orders"] == 1
    second = ask_for("publish")["build_id"]
    shown = ask_for("status")
    assert shown["build_id"] == second and shown["kpis"][0]["value"] == 60.0
    assert shown["health"]["published"]["kept"] == [first["build_id"], second]
    assert ask_for("status", "--restated") == {"restatements": []}
    assert ask_for("status", "--sources") == {"sources": []}
    assert ask_for("rollback") == {"build_id": first["build_id"]}
    assert ask_for("load")["sources"]["flat"]["files"] == 0
    listed = json.loads(CliRunner().invoke(app, ["template", "--json"]).stdout)
    names = [table["table"] for table in listed["tables"]]
    one = CliRunner().invoke(app, ["template", names[0], "--json"])
    assert json.loads(one.stdout) == {**listed["tables"][0], "file": None}
