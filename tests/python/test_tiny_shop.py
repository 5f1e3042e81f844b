"""A shop of twelve orders through the whole product, with numbers done by hand.

Files: tests/fixtures/tiny_shop/*.csv, in the flat templates. Every row of expected.csv
says why its number is what it is.
"""

import csv
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from io import StringIO
from pathlib import Path
from threading import Thread

import duckdb
import pytest
from analyses import analyses
from browser import browser, faults
from metrics_agree import compare
from postgres import server
from rich.console import Console
from shop import PROJECT, Shop
from superset import superset
from webpage import Page

from warehouse.ask import MANIFEST, Metrics
from warehouse.errors import UserError
from warehouse.metrics import formulas
from warehouse.mutate import Bench, Trials, choose, tiny_shop_trials, try_all
from warehouse.postgres import publish_to_postgres
from warehouse.proof import proof_of
from warehouse.publish import publish, switch
from warehouse.report import report
from warehouse.report.boards import BOARDS
from warehouse.report.models import FOLDERS
from warehouse.report.words import number
from warehouse.serve import Library, ReportServer, open_server
from warehouse.status import format_value
from warehouse.superset import bundle, file_uri

FIXTURE = PROJECT / "tests/fixtures/tiny_shop"
EXPECTED = list(csv.DictReader((FIXTURE / "expected.csv").open()))


def test_a_plain_dbt_command_goes_on_from_what_was_read(tiny_shop):
    """After a build nobody waits for dbt to read the whole project a second time."""
    said = tiny_shop.run("dbt.cli.main", "ls", "--select", "channels").stdout
    assert "ecommerce_kpis.channels" in said
    assert "Unable to do partial parsing" not in said


def test_readers_get_every_mart(published):
    """What is published holds every KPI and mart, and each can be read there."""
    file = published / "warehouse.duckdb"
    with duckdb.connect(str(file), read_only=True) as connection:
        names = {name for (name,) in connection.execute("show tables").fetchall()}
        for name in names:
            connection.execute(f"select * from {name}").fetchall()
    marts = {path.stem for path in (PROJECT / "models/marts").glob("*/*.sql")}
    assert marts <= names


def test_postgres_has_what_readers_have(tiny_shop, published, monkeypatch):
    """Every mart, row by row to the last digit, with its words; every KPI's view."""
    tiny_shop.enter()
    monkeypatch.setenv("WAREHOUSE_DATA", tiny_shop.environment["WAREHOUSE_DATA"])
    marts = {path.stem: path for path in (published / "parquet").glob("*.parquet")}
    with server() as running:
        dsn = running.dsn(running.database())
        publish_to_postgres(Console(file=StringIO()), "dev", dsn)
        psycopg = pytest.importorskip("psycopg")
        with psycopg.connect(dsn) as connection, duckdb.connect() as files:
            for name, path in marts.items():
                there = connection.execute(f"select * from marts.{name}").fetchall()
                here = files.execute(f"from read_parquet('{path}')").fetchall()
                assert Counter(map(repr, there)) == Counter(map(repr, here)), name
            kpis = connection.execute("select kpi_id from marts.kpi_catalog").fetchall()
            for (kpi_id,) in kpis:
                connection.execute(f"select value from marts.kpi_{kpi_id}").fetchall()
            wordless = connection.execute(
                "select attrelid::regclass::text, attname from pg_attribute"
                " inner join pg_class on pg_class.oid = attrelid"
                " where relnamespace = 'marts'::regnamespace and attnum > 0"
                " and col_description(attrelid, attnum) is null"
                " and attrelid <> 'marts.restatements'::regclass"
            ).fetchall()
    assert len(kpis) > 100
    assert wordless == []


def test_superset_shows_what_readers_see(published, tmp_path):
    """The dashboard is imported, every chart answers over the API, and what it answers
    is in the marts; a new publication is seen without a restart."""
    current = tmp_path / "current"
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        shutil.copy(published / "warehouse.duckdb", tmp_path / name)
    current.symlink_to("one")
    with superset(tmp_path) as running:
        running.load(bundle(file_uri(current / "warehouse.duckdb")))
        charts = running.charts()
        assert sorted(running.dashboard("e-commerce-kpis")) == sorted(charts)
        shown = {name: running.rows(number) for name, number in charts.items()}
        with duckdb.connect(str(current / "warehouse.duckdb")) as readers:
            expected = readers.execute(
                """select epoch_ms(period_start), value, last_year_value
                from kpi_scorecard where kpi_id = 'net_sales' and grain = 'week'
                    and dimension = 'all' and not is_current order by 1"""
            ).fetchall()
            scorecard = readers.execute(
                """select label, value, plan_attainment from kpi_scorecard
                inner join kpi_catalog using (kpi_id) where grain = 'month'
                    and dimension = 'all' and is_current order by kpi_order"""
            ).fetchall()
            steps = readers.execute(
                """select step, sum(sessions)::bigint from funnel
                where grain = 'month' and dimension = 'all' group by step"""
            ).fetchall()
        assert [tuple(row.values()) for row in shown["Net sales by week"]] == expected
        names = ("label", "value", "plan_attainment")
        rows = shown["Scorecard this month so far"]
        assert [tuple(row[name] for name in names) for row in rows] == scorecard
        assert scorecard
        assert sorted(tuple(row.values()) for row in shown["Funnel"]) == sorted(steps)
        with duckdb.connect(str(tmp_path / "two" / "warehouse.duckdb")) as next_build:
            next_build.execute("update kpi_catalog set label = 'New'")
        switch(current, Path("two"))
        rows = running.rows(charts["Scorecard this month so far"])
        assert {row["label"] for row in rows} == {"New"}


@pytest.mark.parametrize("page", ["README.md", "docs/connect.md", "docs/metrics.md"])
def test_queries_of_the_documents_run(published, page):
    """Every SQL and Python block of a page, on what readers get."""
    text = (PROJECT / page).read_text(encoding="utf-8")
    if "warehouse.ask" in text:
        pytest.importorskip("metricflow", reason="MetricFlow is not installed")
    blocks = re.findall(r"```(sql|python)\n(.*?)```", text, re.DOTALL)
    assert blocks
    with duckdb.connect(str(published / "warehouse.duckdb"), read_only=True) as reader:
        for language, block in blocks:
            if language == "python":
                exec(block.replace("data/demo/published/current", str(published)), {})
            elif "{{" not in block:  # a model's own text is no query
                assert reader.sql(block).fetchall()


def test_metricflow_says_what_the_views_say(published):
    """Every metric by day, week and month, as a whole and by each of its dimensions."""
    pytest.importorskip("metricflow", reason="MetricFlow is not installed")
    found = compare(published)
    assert found.differences == []
    asked = {kpi_id for kpi_id, _ in found.rows}
    assert set(formulas()) - asked <= {"cost_per_action", "session_duration"}
    cut = {kpi_id for kpi_id, dimension in found.rows if dimension != "all"}
    assert cut == asked
    assert sum(found.rows.values()) > 2_000


def test_metricflow_crosses_dimensions(published):
    """Two dimensions at once add up to one, and a wrong name is said in plain words."""
    pytest.importorskip("metricflow", reason="MetricFlow is not installed")
    metrics = Metrics(published)
    orders = metrics.ask(["orders"], ["channel"]).fetchall()
    crossed = metrics.ask(
        ["orders"], ["metric_time__month", "channel", "order__country"]
    )
    again = {channel: 0 for channel, _ in orders}
    for _, channel, _, value in crossed.fetchall():
        again[channel] += value
    assert again == dict(orders)
    assert "session__channel" not in metrics.dimensions("orders")
    assert {"channel", "metric_time", "order__device"} <= set(
        metrics.dimensions("orders", "net_sales")
    )
    with pytest.raises(UserError, match="order__colour is no metric"):
        metrics.sql(["orders"], ["order__colour"])


def test_metricflow_does_not_add_up_what_is_unknown(published, tmp_path):
    """Opens of one e-mail that nobody told make those of all unknown, not fewer."""
    pytest.importorskip("metricflow", reason="MetricFlow is not installed")
    rates = ["email_open_rate", "email_delivery_rate"]
    known = Metrics(published).ask(rates).fetchall()[0]
    assert None not in known
    shutil.copy(published / MANIFEST, tmp_path)
    with duckdb.connect(str(published / "warehouse.duckdb"), read_only=True) as reader:
        reader.execute(f"copy cube_emails to '{tmp_path}/cube.parquet'")
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as writer:
        writer.execute(
            f"""create table cube_emails as select * replace
            (case when row_number() over () > 1 then opened end as opened)
            from '{tmp_path}/cube.parquet'"""
        )
    assert Metrics(tmp_path).ask(rates).fetchall()[0] == (None, known[1])


def test_the_command_mf_reads_what_readers_read(published, tmp_path):
    """`mf query` over the profile's target `published`, as docs/metrics.md types it."""
    pytest.importorskip("dbt_metricflow", reason="MetricFlow is not installed")
    for name in ("dbt_project.yml", "profiles.yml", "models", "macros", "seeds"):
        (tmp_path / name).symlink_to(PROJECT / name)
    (tmp_path / "target").mkdir()
    shutil.copy(published / MANIFEST, tmp_path / "target")
    page = (PROJECT / "docs/metrics.md").read_text(encoding="utf-8")
    typed = re.findall(r"^mf query ((?:.*\\\n)*.+)$", page, re.MULTILINE)
    assert len(typed) > 3
    for line in typed:
        words = shlex.split(line.replace("\\\n", " "))
        request = dict(zip(words[::2], words[1::2], strict=True))
        Metrics(published).sql(
            request["--metrics"].split(","),
            request["--group-by"].split(","),
            where=[request["--where"]] if "--where" in request else [],
        )
    done = subprocess.run(
        [*(sys.executable, "-m", "dbt_metricflow.cli.main", "query"), *words],
        cwd=tmp_path,
        env={
            **os.environ,
            "WAREHOUSE_TARGET": "published",
            "WAREHOUSE_DATA": str(published.parents[1]),
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"email +[\d.]+", done.stdout), done.stdout


@pytest.mark.parametrize("analysis", analyses(), ids=lambda found: found.path.stem)
def test_questions_can_be_asked(tiny_shop, analysis):
    """Every query of analyses/ runs on what is built, whatever it finds."""
    tiny_shop.ask(analysis.sql)


@pytest.mark.parametrize(
    "row",
    EXPECTED,
    ids=lambda row: "-".join([row["kpi_id"], row["period_start"][:7], row["member"]]),
)
def test_kpi_by_hand(tiny_shop, row):
    """The month's numerator and denominator are those of the hand calculation."""
    found = tiny_shop.ask(
        f"""select numerator, denominator from kpi_values
            where grain = 'month' and kpi_id = '{row["kpi_id"]}'
            and period_start = timestamp '{row["period_start"]}'
            and dimension = '{row["dimension"]}' and member = '{row["member"]}'"""
    )
    assert found, row["why"]
    for part, name in zip(found[0], ("numerator", "denominator"), strict=True):
        expected = pytest.approx(float(row[name]), abs=1e-6) if row[name] else None
        assert part == expected, row["why"]


# --------------------------------------------------------------------------- its people


def people_of(landing: Path) -> set[str]:
    """E-mails, phones (as written, as digits) and names in the tiny shop's files."""
    found = set()
    for path in landing.rglob("*.csv"):
        for row in csv.DictReader(path.open()):
            told = (row.get(c) for c in ("email", "phone", "agent", "person"))
            found |= {value.lower() for value in told if value}
    return found | {re.sub(r"\D", "", v)[-9:] for v in found if v[-4:].isdigit()}


# dbt keeps every file of tests/fixtures in it, that is the tiny shop's exports.
OWN_FIXTURES = "partial_parse.msgpack"


def places_of(texts: set[str], shop: Shop) -> list[str]:
    """Where a text stands, but for landing, lake and the private file."""
    found = []

    def look(relation: str, place: str, connection: duckdb.DuckDBPyConnection) -> None:
        """Every column of every row, in one text."""
        columns = connection.sql(f"from {relation}").columns
        listed = ", ".join(f'cast("{name}" as varchar)' for name in columns)
        tests = " or ".join(f"contains(row_text, '{text}')" for text in texts)
        rows = connection.sql(
            f"select 1 from (select lower(concat_ws('|', {listed})) as row_text "
            f"from {relation}) where {tests} limit 1"
        )
        if rows.fetchall():
            found.append(place)

    for path in shop.folder.rglob("*"):
        place = path.relative_to(shop.folder)
        if not path.is_file() or place.parts[0] in ("landing", "lake"):
            continue
        if path.name == OWN_FIXTURES:
            continue
        if path.name == "warehouse.duckdb":
            if place.parts[0] == "published":
                with duckdb.connect(str(path), read_only=True) as connection:
                    tables = "select table_name from duckdb_tables()"
                    for (name,) in connection.execute(tables).fetchall():
                        look(name, f"{place}: {name}", connection)
        elif path.suffix == ".parquet":
            with duckdb.connect() as connection:
                look(f"read_parquet('{path}')", str(place), connection)
        else:
            content = path.read_bytes().lower()
            if any(text.encode() in content for text in texts):
                found.append(str(place))
    return found


@pytest.fixture
def planted(tiny_shop, published):
    """An e-mail where each kind of reader and of log could see it."""
    email = min(text for text in people_of(tiny_shop.landing) if "@" in text)
    parquet = published / "parquet" / "planted.parquet"
    duckdb.execute(f"copy (select ['{email.upper()}'] as seen) to '{parquet}'")
    log = tiny_shop.folder / "planted.log"
    log.write_text(f"could not read {email}")
    with duckdb.connect(str(published / "warehouse.duckdb")) as connection:
        connection.execute(f"create table planted as select 'to {email}' as note")
    yield
    parquet.unlink()
    log.unlink()
    with duckdb.connect(str(published / "warehouse.duckdb")) as connection:
        connection.execute("drop table planted")


def test_nobody_is_named_outside_the_lake(tiny_shop, site, planted):
    """No e-mail, phone or name in published tables, files, reports, logs, artefacts.

    One e-mail was put into each kind of place: the search finds that, and nothing else.
    """
    people = people_of(tiny_shop.landing)
    assert {"sam help", "ida pick", "bob@tinyshop.example", "305550171"} <= people
    assert (tiny_shop.folder / "target" / "run_results.json").exists()
    assert (tiny_shop.folder / "said.log").read_text()
    build = (tiny_shop.folder / "published" / "current").resolve().name
    assert set(places_of(people, tiny_shop)) == {
        "planted.log",
        f"published/{build}/parquet/planted.parquet",
        f"published/{build}/warehouse.duckdb: planted",
    }


def test_no_browser_is_published(tiny_shop, published):
    """Readers get browsers and visits as hashes, which join and count as before."""
    ids = {
        value
        for row in tiny_shop.ask("select visitor_id, session_id from int_sessions")
        for value in row
    }
    with duckdb.connect(str(published / "warehouse.duckdb"), read_only=True) as reader:
        for table, column in reader.execute(
            "select table_name, column_name from duckdb_columns()"
            " where data_type = 'VARCHAR' and not internal and table_name in"
            " (select table_name from duckdb_tables())"
        ).fetchall():
            rows = reader.execute(f'select distinct "{column}" from {table}').fetchall()
            assert not ids & {value for (value,) in rows}, f"{table}.{column}"
        joined = """select count(*), count(distinct fct_sessions.visitor_id),
                count(distinct fct_sessions.person_id), count(fct_carts.visitor_id)
            from fct_sessions left join fct_carts using (visitor_id)"""
        assert reader.sql(joined).fetchall() == tiny_shop.ask(joined)


def test_only_the_owner_can_change_what_is_published(tiny_shop, site):
    """Also where the surroundings would let everybody write."""
    before = os.umask(0)
    try:
        tiny_shop.run("warehouse", "publish")
        tiny_shop.run("warehouse", "report")
    finally:
        os.umask(before)
    folder = (tiny_shop.folder / "published" / "current").resolve()
    paths = [folder, *folder.rglob("*")]
    assert len(paths) > 100
    open_to_all = [str(p) for p in paths if p.stat().st_mode & 0o022]
    assert open_to_all == []


def test_the_salt_is_told_to_nobody(tiny_shop, site):
    """Neither readers nor logs see it; the SQL of the private file does."""
    (sql,) = tiny_shop.ask("select string_agg(sql) from duckdb_views()")[0]
    assert "demo-salt" in sql
    published = site.resolve().parent
    file = published / "warehouse.duckdb"
    with duckdb.connect(str(file), read_only=True) as reader:
        query = "select string_agg(sql) from duckdb_views()"
        told = [reader.sql(query).fetchall()[0][0]]
    paths = [*published.rglob("*.json"), *site.rglob("*.html")]
    paths += [*tiny_shop.folder.glob("*.json"), *tiny_shop.folder.rglob("*.log*")]
    told += [path.read_text(encoding="utf-8") for path in paths]
    assert len(told) > 100 and "demo-salt" not in "".join(told)


# --------------------------------------------------------------------------- the report


@pytest.fixture(scope="module")
def site(tiny_shop) -> Path:
    """The report of the tiny shop, most of whose sources are missing."""
    tiny_shop.run("warehouse", "publish")
    said = tiny_shop.run("warehouse", "report").stdout
    first = tiny_shop.folder / "published" / "site" / "index.html"
    assert said.strip().endswith(f"open {first}")
    return first.parent


@pytest.fixture(scope="module")
def pages(site) -> dict[str, Page]:
    """Every page, parsed, by its path in the site."""
    return {
        str(path.relative_to(site)): Page(path) for path in sorted(site.rglob("*.html"))
    }


@pytest.fixture
def in_shop(tiny_shop, monkeypatch):
    """This process works in the tiny shop."""
    for name in ("WAREHOUSE_DATA", "WAREHOUSE_TARGET"):
        monkeypatch.setenv(name, tiny_shop.environment[name])


def write_report(boards: Path = BOARDS) -> str:
    """`warehouse report` in this process; what it said."""
    console = Console(file=StringIO(), width=200)
    report(console, None, boards)
    return console.file.getvalue()


def test_the_report_has_every_page(tiny_shop, pages):
    """A page a board, a card a KPI, and the list of all."""
    kpis = {kpi_id for (kpi_id,) in tiny_shop.ask("select kpi_id from kpi_catalog")}
    boards = {path.stem for path in BOARDS.glob("*.yml")} - {"overview"}
    expected = {"index.html", "kpis.html"}
    expected |= {f"{name}.html" for name in boards}
    expected |= {f"kpi/{kpi_id}.html" for kpi_id in kpis}
    assert set(pages) == expected


def test_the_report_needs_nothing_else(pages):
    """No page asks for a script, style, font or picture, here or elsewhere."""
    for name, page in pages.items():
        assert page.resources == [], name
        assert "default-src 'none'" in page.policy, name
        assert "url(" not in page.text and "@import" not in page.text, name


def test_the_reports_links_lead_somewhere(site, pages):
    """To pages of the site, and to parts that are there."""
    for name, page in pages.items():
        for link in page.links:
            path, _, part = link.partition("#")
            target = (
                page
                if not path
                else pages.get(
                    str(
                        (site / name)
                        .parent.joinpath(path)
                        .resolve()
                        .relative_to(site.resolve())
                    )
                )
            )
            assert target is not None, f"{name} links to {link}"
            assert not part or part in target.ids, f"{name} links to {link}"


def test_the_reports_pages_are_well_made(pages):
    """One heading, a title, a language, ids once, labels for all that can be chosen."""
    for name, page in pages.items():
        assert page.tags.count("h1") == 1, name
        assert page.title.endswith(" · Tiny shop, Tiny shop overseas"), name
        assert page.language == "en", name
        assert len(page.ids) == len(set(page.ids)), name
        assert page.unlabelled == [], name


def test_the_reports_numbers_are_the_marts(tiny_shop, pages):
    """Every number that a page shows as a KPI is the scorecard's, in its unit."""
    month = dict(
        (kpi_id, (value, unit))
        for kpi_id, value, unit in tiny_shop.ask(
            """select kpi_id, kpi_scorecard.value, unit
            from kpi_catalog
            left join kpi_scorecard using (kpi_id)
            where kpi_scorecard.grain = 'month' and dimension = 'all' and is_current"""
        )
    )
    seen = set()
    for name, page in pages.items():
        for kpi_id, value, text in page.kpis:
            expected, unit = month.get(kpi_id, (None, "number"))
            assert (float(value) if value else None) == expected, f"{name}: {kpi_id}"
            assert format_value(expected, unit, "EUR") in text, f"{name}: {kpi_id}"
            seen.add(kpi_id)
    assert set(month) <= seen
    assert sum(value is not None for value, _ in month.values()) > 20


def test_a_card_writes_the_last_full_period_out(tiny_shop, pages):
    """Numerator over denominator of the newest complete month, as in the marts."""
    written = 0
    for kpi_id, numerator, denominator, value, unit in tiny_shop.ask(
        """select kpi_id, numerator, denominator, value, unit
        from kpi_scorecard inner join kpi_catalog using (kpi_id)
        where kind = 'ratio' and grain = 'month' and dimension = 'all'
            and value is not null and period_start = (
                select max(period_start) from kpi_scorecard as complete
                where complete.grain = 'month' and complete.dimension = 'all'
                    and not complete.is_partial
                    and complete.kpi_id = kpi_scorecard.kpi_id
            )"""
    ):
        words = pages[f"kpi/{kpi_id}.html"].words
        worked = words.split("Worked example")[1].split("By hand")[0]
        parts = (number(numerator), number(denominator))
        assert all(part in worked for part in parts), kpi_id
        assert format_value(value, unit, "EUR") in worked, kpi_id
        written += 1
    assert written > 20


def test_every_card_has_an_example_done_by_hand_and_its_proof(tiny_shop, pages):
    """The unit test beside the KPI, and what else proves it; the page has them all."""
    kpis = {kpi_id for (kpi_id,) in tiny_shop.ask("select kpi_id from kpi_catalog")}
    for kpi_id in kpis:
        words = pages[f"kpi/{kpi_id}.html"].words
        assert "From these rows" in words and "Unit tests" in words, kpi_id
    coverage = pages["quality.html"].words.split("What proves each KPI")[1]
    assert f"{len(kpis)} of {len(kpis)}" in coverage
    for kpi_id, proof in proof_of().items():
        assert f"kpi/{kpi_id}.html" in pages["quality.html"].links
        if proof.made:
            noticed = f"{proof.killed} of {proof.made}"
            assert noticed in coverage and noticed in pages[f"kpi/{kpi_id}.html"].words


def test_the_same_build_gives_the_same_bytes(site, in_shop):
    """And the report before goes when the new one is there."""
    before = {p.relative_to(site): p.read_bytes() for p in site.rglob("*.html")}
    folder = site.resolve()
    write_report()
    assert site.resolve() != folder and not folder.exists()
    assert {p.relative_to(site): p.read_bytes() for p in site.rglob("*.html")} == before


@pytest.mark.parametrize(
    ("kpi", "column", "sql", "message"),
    [
        ("no_such_kpi", "orders", "1 as orders", r"x.yml:5: there is no KPI 'no_such"),
        (
            "orders",
            "order",
            "1 as orders",
            r"x.yml:10: .* no column 'order'; it has or",
        ),
        ("orders", "orders", "1 as", r"x.sql:1: Parser Error"),
        ("orders", "orders", "\n  missing as orders", r"x.sql:2: Binder Error"),
    ],
)
def test_a_broken_board_leaves_the_report_as_it_was(
    site, in_shop, tmp_path, kpi, column, sql, message
):
    """The command fails with file and line; readers keep what they have."""
    folder = site.resolve()
    lines = [
        "title: New",
        "sections:",
        "  - panels:",
        "      - kind: tiles",
        f"        kpis: [{kpi}]",
        "      - kind: table",
        "        query: x",
        "        title: New",
        "        columns:",
        f"          - {{name: {column}, unit: count}}",
    ]
    (tmp_path / "x.yml").write_text("\n".join(lines))
    (tmp_path / "x.sql").write_text(f"select {sql} from dim_shops")
    with pytest.raises(UserError, match=message):
        write_report(tmp_path)
    assert site.resolve() == folder
    assert [p.name for p in folder.parent.glob("*site*")] == [folder.name]


def test_a_new_board_needs_no_python(site, in_shop, tmp_path):
    """Two files make a page, with its place in the menu."""
    shutil.copytree(BOARDS, tmp_path / "boards")
    (tmp_path / "boards" / "returns.yml").write_text(
        "title: Who ordered\norder: 15\nsections:\n  - panels:\n"
        "      - {kind: bars, query: who, label: shop_id, of: shop, value: n,"
        " unit: count}\n"
    )
    (tmp_path / "boards" / "who.sql").write_text(
        "select shop_id, 41 + 1 as n from {{ ref('dim_shops') }}"
    )
    write_report(tmp_path / "boards")
    page = Page(site / "returns.html")
    assert "Tiny" in page.words and "42" in page.words
    assert "returns.html" in Page(site / "index.html").links


def test_the_report_in_a_browser(site):
    """Without a word in the console or a request: phone and desktop, light and dark."""
    found = []
    names = sorted(str(p.relative_to(site)) for p in site.glob("*.html"))
    with browser() as chromium:
        for width, scheme in ((360, "light"), (1280, "dark")):
            for name in [*names, "kpi/orders.html", "kpi/site_uptime.html"]:
                found += faults(chromium, site / name, width, scheme)
    assert found == []


def test_the_report_speaks_five_languages_and_works_by_keyboard(site):
    """The choice goes with the reader to the next page; tabs answer to arrow keys."""
    with browser() as chromium:
        page = chromium.new_page(viewport={"width": 1280, "height": 800})
        page.goto((site / "kpis.html").as_uri())
        page.select_option("#lang", "ru")
        name = page.locator("[data-k=conversion_rate]").first
        assert name.inner_text() == "Коэффициент конверсии"
        assert name.get_attribute("lang") == "ru"
        page.fill("#find", "客单价")
        shown = page.locator("[data-names]:visible")
        assert shown.count() == 2  # the order's and the customer's: one name for two
        shown.locator("[data-k=average_order_value]").click()
        assert page.locator("h1").inner_text() == "Средний чек"
        panes = page.locator(".tabs").first.locator(".pane")
        assert [panes.nth(i).is_visible() for i in range(2)] == [True, False]
        page.locator(".tabs input").first.focus()
        page.keyboard.press("ArrowRight")
        assert [panes.nth(i).is_visible() for i in range(2)] == [False, True]
        page.select_option("#lang", "en")
        assert page.locator("h1").inner_text().startswith("Average order value")


# -------------------------------------------------------------- the report with filters


class Reader:
    """A reader of `warehouse serve`, who sees what is published.

    Args:
        server: It listens.
    """

    def __init__(self, server: ReportServer):
        self.port = server.server_port
        self.address = f"http://127.0.0.1:{self.port}/"

    def ask(
        self, path: str, method: str = "GET", host: str | None = None
    ) -> tuple[int, str, str]:
        """Status, text and the address it leads on to, as asked, nothing followed."""
        line = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            line.request(
                method, path, headers={"Host": host or f"localhost:{self.port}"}
            )
            answer = line.getresponse()
            text = answer.read().decode()
            return answer.status, text, answer.getheader("Location", "")
        finally:
            line.close()

    def page(self, path: str) -> Page:
        """A page that is there."""
        status, text, _ = self.ask(path)
        assert status == 200, f"{path}: {status} {Page(text).words}"
        return Page(text)


@pytest.fixture(scope="module")
def served(site) -> Iterator[Reader]:
    """The tiny shop's report at a port of its own."""
    library = Library(site.parent, BOARDS)
    server = open_server(library, "127.0.0.1", 0, Console(file=StringIO()))
    Thread(target=server.serve_forever, daemon=True).start()
    yield Reader(server)
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def marts(site) -> Iterator[duckdb.DuckDBPyConnection]:
    """What is published, without any filter."""
    file = site.parent / "current" / "warehouse.duckdb"
    with duckdb.connect(str(file), read_only=True) as connection:
        yield connection


def test_served_pages_are_those_of_the_report(served, pages):
    """Without filters the numbers and words are the same; the form is on top."""
    for name in ("index.html", "sales.html", "kpis.html", "kpi/orders.html"):
        page = served.page(f"/{name}")
        assert page.kpis == pages[name].kpis and page.kpis
        assert (
            pages[name].words.split("KPI names")[1].split()[-40:]
            == (page.words.split("KPI names")[1].split()[-40:])
        )
        assert "form" in page.tags and "form" not in pages[name].tags
        assert page.unlabelled == [] and page.resources == []


@pytest.mark.parametrize(
    ("query", "grain", "dimension", "member", "to"),
    [
        ("grain=week", "week", "all", "all", "9999-12-31"),
        ("grain=quarter&shop=s1", "quarter", "shop", "s1", "9999-12-31"),
        ("to={past}", "month", "all", "all", "{past}"),
        ("grain=week&to={past}&device=mobile", "week", "device", "mobile", "{past}"),
    ],
)
def test_numbers_under_filters_are_the_marts(
    served, marts, query, grain, dimension, member, to
):
    """Each is the one that a query of the scorecard gives for period and slice."""
    (past,) = marts.execute(
        "select cast(max(period_start) - interval 40 day as date) from dim_periods"
        " where grain = 'day' and is_current"
    ).fetchone()
    query, to = query.format(past=past), to.format(past=past)
    expected = dict(
        marts.execute(
            """select kpi_id, value from kpi_scorecard
            where grain = ? and dimension = ? and member = ? and period_start = (
                select max(period_start) from dim_periods
                where grain = ? and period_start <= least(
                    cast(? as date), (select as_of_date from dim_as_of)
                )
            )""",
            [grain, dimension, member, grain, to],
        ).fetchall()
    )
    seen = {}
    for name in ("index.html", "sales.html", "conversion.html", "kpis.html"):
        for kpi_id, value, _ in served.page(f"/{name}?{query}").kpis:
            assert (float(value) if value else None) == expected.get(kpi_id), kpi_id
            seen[kpi_id] = value
    assert len(seen) == marts.sql("select count(*) from kpi_catalog").fetchone()[0]
    assert sum(bool(value) for value in seen.values()) > 10


def test_a_filter_reaches_the_queries_of_boards(served, marts):
    """The slice stands for the whole; a mart that does not know it says so."""
    steps = marts.execute(
        """select sessions from funnel
        inner join dim_periods using (grain, period_start)
        where grain = 'year' and is_current
            and dimension = 'device' and member = 'mobile'
        order by step_number"""
    ).fetchall()
    page = served.page("/conversion.html?grain=year&device=mobile")
    shown = re.findall(r'class="step".*?<b>([\d,]+)</b>', page.text)
    assert [int(number.replace(",", "")) for number in shown] == [n for (n,) in steps]
    assert len(steps) > 3
    assert "take the filter device off" in page.words
    products = marts.execute(
        """select distinct product_name from product_performance
        where grain = 'month' and dimension = 'product' and shop_id = 's1'"""
    ).fetchall()
    whole, one = (served.page(f"/sales.html?{query}") for query in ("", "shop=s1"))
    assert products and all(name in one.words for (name,) in products)
    below = [page.words.split("Best products")[1] for page in (whole, one)]
    assert ["Tiny shop overseas" in text for text in below] == [True, False]
    assert whole.kpis != one.kpis
    assert "This is not known by shop." in served.page("/quality.html?shop=s1").words


def test_a_panel_says_what_it_does_not_know_by_a_grain(served):
    """What a mart keeps by week and month is not shown for a quarter, and what only a
    month has stays as it is; both say so."""
    words = served.page("/marketing.html?grain=quarter").words
    assert "Known by week and month, not by quarter." in words
    words = [
        served.page(f"/conversion.html{query}").words
        for query in ("", "?grain=month", "?grain=week")
    ]
    fixed = "Always by month: it is not kept by week."
    assert [fixed in text for text in words] == [False, False, True]


def test_a_filter_goes_with_the_reader(served):
    """What the form sends becomes a short address, and every link keeps it."""
    status, _, there = served.ask(
        "/sales.html?grain=week&from=&to=&last=4&only=shop%3As1&lang=ru"
    )
    query = "grain=week&last=4&shop=s1"
    assert (status, there) == (303, f"/sales.html?{query}&lang=ru")
    links = served.page(f"/sales.html?{query}").links
    inside = [link for link in links if ".html" in link and link != "sales.html"]
    assert inside and all(link.endswith(f"?{query}") for link in inside)
    assert "sales.html" in links  # takes the filters off


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/sales.html?grain=hour", 400, "There is no grain 'hour'"),
        ("/sales.html?shop=x'%20or%201=1", 400, "There is no shop"),
        ("/sales.html?person=ann", 400, "There is no filter 'person'"),
        ("/sales.html?x=%3Cscript%3E", 400, "There is no filter"),
        ("/nothing.html", 404, "no such page"),
        ("/../manifest.json", 404, "no such page"),
        ("/%2e%2e/manifest.json", 404, "no such page"),
        ("/docs/../../manifest.json", 404, "no such page"),
        ("/docs/%2e%2e%2f%2e%2e%2fmanifest.json", 404, "no such page"),
        ("//elsewhere.example/?only=", 404, "no such page"),
        ("/kpi/..%5c..%5cmanifest.json", 404, "no such page"),
        ("/warehouse.duckdb", 404, "no such page"),
    ],
)
def test_what_is_not_there_is_refused(served, path, status, words):
    """With a page that says so; nothing of the address is markup in it."""
    found, text, _ = served.ask(path)
    assert found == status and words in Page(text).words
    assert "<script>" not in text.split("<script>const NAMES")[0]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_nothing_can_be_changed(served, method):
    """Only GET and HEAD are answered."""
    assert served.ask("/", method)[0] == 405


def test_only_this_machines_names_are_answered(served):
    """A name that somebody else points here is not."""
    port = served.port
    for host in (f"localhost:{port}", "127.0.0.1", "[::1]", f"192.168.1.9:{port}"):
        assert served.ask("/kpis.html", "HEAD", host)[0] == 200, host
    for host in ("shop.example", f"localhost.evil.example:{port}", "[", " "):
        assert served.ask("/kpis.html", host=host)[0] == 421, host


def test_a_server_follows_publications(served, tiny_shop, in_shop, site):
    """Readers ask while builds are published: no failure, and the newest at the end."""
    asked = [
        *("/", "/sales.html?grain=week", "/conversion.html?device=mobile"),
        *("/kpis.html?last=3", "/kpi/orders.html?shop=s1", "/quality.html"),
    ]
    with ThreadPoolExecutor(6) as readers:
        answers = [readers.submit(served.ask, path) for path in asked]
        publish(Console(quiet=True))
        answers += [readers.submit(served.ask, path) for path in asked]
        assert {answer.result()[0] for answer in answers} == {200}
    build = (site.parent / "current").resolve().name.split(".")[0]
    assert f"Build {build}" in served.page("/sales.html?grain=week").words
    write_report()


def test_an_analyst_sees_a_change_of_a_board_at_once(site, tmp_path):
    """And what is wrong with it, with file and line."""
    boards = shutil.copytree(BOARDS, tmp_path / "boards")
    library = Library(site.parent, boards)
    assert "Where people leave" in library.page("conversion.html", "")
    path = boards / "conversion.yml"
    path.write_text(path.read_text().replace("Where people leave", "Where they go"))
    assert "Where they go" in library.page("conversion.html", "")
    path.write_text(path.read_text().replace("kind: funnel", "kind: tunnel"))
    with pytest.raises(UserError, match=r"conversion.yml:\d+: a panel's kind"):
        library.page("conversion.html", "")


def test_serve_begins_and_ends_in_words(served, tiny_shop, tmp_path):
    """Taken port, nothing published; Ctrl-C ends it without a trace."""
    nobody = Console(file=StringIO())
    with pytest.raises(UserError, match="nothing published"):
        Library(tmp_path, BOARDS).newest()
    library = Library(tiny_shop.folder / "published", BOARDS)
    with pytest.raises(UserError, match=f"listens on port {served.port}"):
        open_server(library, "127.0.0.1", served.port, nobody)
    with pytest.raises(UserError, match=r"no address '203\.0\.113\.9'"):
        open_server(library, "203.0.113.9", 0, nobody)
    with pytest.raises(UserError, match="no port 70000"):
        open_server(library, "127.0.0.1", 70000, nobody)
    tiny_shop.enter()
    process = subprocess.Popen(
        [sys.executable, "-m", "warehouse", "serve", "--port", "0"],
        env=tiny_shop.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert "http://127.0.0.1:" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 0 and said.endswith("ended\n")


def test_filters_in_a_browser(served):
    """By keyboard alone; nothing in the console, nothing asked of anybody else."""
    with browser() as chromium:
        page = chromium.new_page(viewport={"width": 1280, "height": 800})
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{served.address}sales.html")
        page.locator("select[name=grain]").focus()
        page.keyboard.type("quarter")
        page.locator("select[name=only]").focus()
        page.keyboard.type("Tiny shop")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**/sales.html?grain=quarter&shop=s1")
        assert "Only shop Tiny shop" in page.locator(".chosen").inner_text()
        page.locator("nav a", has_text="Conversion").click()
        page.wait_for_url("**/conversion.html?grain=quarter&shop=s1")
        assert all(url.startswith((served.address, "data:")) for url in asked)
        found = []
        for width, scheme in ((360, "light"), (1280, "dark")):
            for path in ("sales.html?grain=week", "conversion.html?device=mobile"):
                found += faults(chromium, served.address + path, width, scheme)
    assert found == []


@pytest.mark.skipif(
    "WAREHOUSE_TEST_DOCS" not in os.environ,
    reason="takes a minute: WAREHOUSE_TEST_DOCS=1",
)
def test_the_models_pages_beside_the_report(tiny_shop, site, served):
    """What they know of this machine (nothing), and whom they ask (nobody)."""
    tiny_shop.run("warehouse", "report", "--docs")
    names = [name for name in FOLDERS if (site / name).is_dir()]
    assert "docs" in names
    secrets = {"demo-salt", str(PROJECT), str(Path.home()), str(tiny_shop.folder)}
    for name in names:
        text = (site / name / "index.html").read_text(encoding="utf-8")
        data = re.search(r'atob\("([^"]+)', text)
        told = text + (b64decode(data[1]).decode() if data else "")
        assert not [secret for secret in secrets if secret in told], name
        assert f"{name}/index.html" in Page(site / "sales.html").links
        assert served.ask(f"/{name}/index.html")[0] == 200
    with browser() as chromium:
        for name in names:
            asked, said = [], []
            page = chromium.new_page()
            page.on("request", lambda request, to=asked: to.append(request.url))
            page.on("console", lambda word, to=said: to.append(word.type))
            page.goto((site / name / "index.html").as_uri())
            page.wait_for_timeout(3000)
            assert "fct_orders" in page.content() or name == "lineage"
            assert len(asked) == 1 and "error" not in said, name


# ------------------------------------------------------------------------- mutations


@pytest.fixture(scope="module")
def trials(tiny_shop) -> Trials:
    """The tiny shop as a bench: what is broken on it is put back."""
    bench = Bench(tiny_shop.folder)
    return tiny_shop_trials(bench)


def test_mistakes_are_noticed(trials):
    """Six of the mutations of `warehouse mutate`: a check fails for each."""
    outcomes = try_all(trials, choose(trials, sample=6))
    assert len(outcomes) == 6
    assert [outcome for outcome in outcomes if outcome.result == "survived"] == []
    originals = trials.bench.originals
    assert {
        name: trials.bench.manifest.nodes[name].raw_code for name in originals
    } == originals


def test_a_mistake_is_taken_back(tiny_shop, trials):
    """Orders twice are noticed without unit tests; nothing of it stays."""
    unique_id = trials.bench.model("fct_orders")
    sql = trials.compiled[unique_id]
    twice = f"select * from ({sql}) union all select * from ({sql})"
    before = tiny_shop.ask("select count(*), sum(sales) from fct_orders")
    with trials.bench.database() as connection:
        assert trials.run(connection, unique_id, twice)[0] == "data test"
        assert trials.run(connection, unique_id, f"select * from ({sql})") is None
        assert trials.is_valid(connection, unique_id, twice)
        assert not trials.is_valid(connection, unique_id, f"{sql}\n")
        assert not trials.is_valid(connection, unique_id, "select 1 as order_id")
    assert tiny_shop.ask("select count(*), sum(sales) from fct_orders") == before
