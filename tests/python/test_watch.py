"""A file lands; its coupon's sales are visible by hour, and all agrees with a build."""

import os
import shutil
import signal
import subprocess
import sys
import time
from io import StringIO

import duckdb
import pytest
from rich.console import Console
from shop import PROJECT, Shop

from warehouse import watch as watching
from warehouse.people import BROWSER_COLUMNS
from warehouse.publications import ROW_GROUP, hashes, manifest_of, sort_order, whole
from warehouse.watch import Watcher

LIMIT = 240  # seconds to wait for anything
# Tents at 80.00 less the tweet's 8.00, and 5.00 for shipping, at 14:20 in Berlin.
TWEET = """\
shop_id,order_id,order_number,ordered_at,email,financial_status,paid_at,sales_channel,currency,subtotal_amount,discount_amount,discount_code,shipping_amount,tax_amount,total_amount,refunded_amount,country,is_test
s1,1901,1901,2026-10-01T12:20:00Z,new@tinyshop.example,paid,2026-10-01T12:21:00Z,web,EUR,72.00,8.00,TWEET10,5.00,0,77.00,0,DE,false
"""
BY_HOUR = """
    select value from kpi_total_sales
    where grain = 'hour' and dimension = 'all'
        and period_start = timestamp '2026-10-01 14:00'
"""


def reader_of(shop: Shop) -> duckdb.DuckDBPyConnection:
    """What readers see."""
    file = (shop.folder / "published/current").resolve() / "warehouse.duckdb"
    return duckdb.connect(str(file), read_only=True)


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple]:
    """The rows of a query."""
    return connection.execute(query).fetchall()


class Terminal:
    """`warehouse watch` in a process of its own, and what it says."""

    def __init__(self, shop: Shop, *options: str):
        shop.enter()
        self.said = shop.folder / f"watch-{time.monotonic_ns()}.log"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "warehouse", "watch", *options],
            cwd=PROJECT,
            env=shop.environment,
            stdout=self.said.open("w"),
            stderr=subprocess.STDOUT,
        )

    def until(self, words: str) -> str:
        """Wait until it says so."""
        end = time.monotonic() + LIMIT
        while words not in self.said.read_text():
            has_ended = self.process.poll() is not None
            assert time.monotonic() < end and not has_ended, self.said.read_text()
            time.sleep(0.1)
        return self.said.read_text()

    def ctrl_c(self) -> int:
        """End it as people do; its exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


@pytest.fixture(scope="module")
def watched(tiny_shop, published, tmp_path_factory) -> tuple[Shop, str]:
    """A copy of the tiny shop after some minutes of watching; what was said."""
    shop = Shop(tmp_path_factory.mktemp("watched") / "shop")
    shutil.copytree(tiny_shop.folder, shop.folder, symlinks=True)
    terminal = Terminal(shop, "--quiet", "100000")
    try:
        terminal.until("ready")
        shop.write("flat", "orders_broken.csv", "what,ever\n1,2\n")
        terminal.until("refused")
        shop.write("flat", "orders_tweet.csv", TWEET)
        terminal.until("visible after")
        second = subprocess.run(
            [sys.executable, "-m", "warehouse", "watch", "--once"],
            cwd=PROJECT,
            env=shop.environment,
            capture_output=True,
            text=True,
        )
        shop.second = second.returncode, second.stderr
    finally:
        shop.code = terminal.ctrl_c()
    return shop, terminal.said.read_text()


def test_a_tweets_coupon_shows_by_hour_after_one_refresh(watched):
    """In the view, in the table of all KPIs, and in the facts."""
    shop, _ = watched
    with reader_of(shop) as reader:
        assert rows(reader, BY_HOUR) == [(77.0,)]
        assert rows(
            reader,
            BY_HOUR.replace("kpi_total_sales", "kpi_values")
            + (" and kpi_id = 'total_sales'"),
        ) == [(77.0,)]
        assert rows(reader, "select sales from fct_orders where order_id = 's1:1901'")


def test_the_manifest_says_what_is_new_and_what_waits(watched):
    """Each table has its build, each file its hash."""
    shop, _ = watched
    current = (shop.folder / "published/current").resolve()
    manifest = manifest_of(current)
    base = whole(current)
    assert manifest["live"]["base"] == base.name != current.name
    assert manifest["builds"]["rollup_orders"] == current.name
    assert manifest["builds"]["rollup_parcels"] == base.name
    assert {"total_sales", "orders", "average_order_value"} <= set(
        manifest["live"]["kpis"]
    )
    assert "rollup_customers" in manifest["live"]["behind"]
    assert "rollup_orders" not in manifest["live"]["behind"]
    assert {"lost_orders", "order_totals"} <= set(manifest["live"]["checks"])
    assert manifest["live"]["tests"] > 20
    assert manifest["sha256"] == hashes(current)


def test_it_says_what_happened_and_goes_on(watched):
    """A line a file; a broken one with what to do; Ctrl-C is no mistake."""
    shop, said = watched
    assert "orders_broken.csv" in said and "orders_tweet.csv" in said
    assert said.index("refused") < said.index("visible after")
    assert said.count("refused") == 1
    assert shop.code == 0
    assert "nothing is half done" in said
    assert not list(shop.folder.glob("*.watch.duckdb"))


def test_a_second_watch_is_refused(watched):
    """One watch for a folder."""
    shop, _ = watched
    code, said = shop.second
    assert code != 0
    assert "warehouse watch (process" in said


def test_a_refresh_says_what_a_whole_build_says(watched):
    """The same lake, built whole: the same values of every KPI that was refreshed, and
    the same facts and rollups; the others were older."""
    shop, _ = watched
    manifest = manifest_of(shop.folder / "published/current")
    new = [t for t, b in manifest["builds"].items() if b == manifest["build_id"]]
    assert {"fct_orders", "rollup_orders", "kpi_values"} <= set(new)
    with reader_of(shop) as reader:
        kpis = ", ".join(f"'{kpi}'" for kpi in manifest["live"]["kpis"])
        # What readers get of browsers is hashed.
        hashed = ", ".join(f"'{column}'" for column in BROWSER_COLUMNS)
        seen = {
            table: f"""
                select columns(lambda name: name not in ({hashed})) from {table}
                order by all"""
            for table in new
        }
        seen["kpi_values"] = f"""
            select kpi_id, grain, period_start, dimension, member, numerator,
                denominator, value
            from kpi_values where kpi_id in ({kpis}) order by all"""
        live = {table: rows(reader, query) for table, query in seen.items()}
    shop.build("path:models", "path:seeds")
    for table, query in seen.items():
        assert live[table] == shop.ask(query), table


# ----------------------------------------------------------- a whole build in the quiet


@pytest.fixture
def watcher(tmp_path, monkeypatch) -> Watcher:
    """A watch of an empty folder, whose project is never read."""
    monkeypatch.setenv("WAREHOUSE_DATA", str(tmp_path))
    monkeypatch.setattr(Watcher, "begin", lambda self: None)
    monkeypatch.setattr(Watcher, "base", lambda self: None)
    monkeypatch.setattr(watching, "PAUSE", 0)
    (tmp_path / "landing/flat").mkdir(parents=True)
    console = Console(file=StringIO(), width=200)
    return Watcher(console, "demo")


def say(watcher: Watcher, monkeypatch, code: str) -> None:
    """Let the whole build be this Python code."""
    monkeypatch.setattr(watching, "WHOLE", ("-c", code))


def test_a_file_is_taken_when_it_has_come_to_rest(watcher):
    """Growing files wait, and so do the others of their source."""
    landing = watcher.landing / "flat"
    (landing / "orders.csv").write_text("a")
    (landing / ".orders.csv.part").write_text("not yet")
    assert watcher.ready() == {}
    (landing / "orders.csv").write_text("a,b")
    (landing / "products.csv").write_text("c")
    assert watcher.ready() == {}
    assert {path.name for path in watcher.ready()} == {"orders.csv", "products.csv"}


def test_a_file_ends_a_whole_build_that_is_under_way(watcher, monkeypatch):
    """Sales first; the whole build begins again in the next quiet moment."""
    say(watcher, monkeypatch, "import time; time.sleep(600)")
    turns = []
    monkeypatch.setattr(Watcher, "turn", lambda self, files: turns.append(files))
    watcher.look(quiet=0)
    child = watcher.child
    assert child.poll() is None
    (watcher.landing / "flat/orders.csv").write_text("a")
    watcher.look(quiet=0)
    assert turns == [] and child.poll() is None
    watcher.look(quiet=0)
    assert len(turns) == 1 and child.poll() is not None and watcher.child is None


def test_a_failing_whole_build_is_said_once_and_not_tried_again(watcher, monkeypatch):
    """Until a file or the project is another."""
    say(watcher, monkeypatch, "raise SystemExit('the test x failed')")
    watcher.look(quiet=0)
    watcher.child.wait(60)
    watcher.look(quiet=0)
    said = watcher.console.file.getvalue()
    assert "the whole build failed" in said and "the test x failed" in said
    watcher.next_thought = 0
    watcher.look(quiet=0)
    assert watcher.child is None


# -------------------------------------------------------------------- what is published


def test_large_tables_are_sorted_so_that_readers_can_skip():
    """KPIs by KPI first, facts by their date; a small table has nothing to skip."""
    kpis = {"grain": "VARCHAR", "kpi_id": "VARCHAR", "period_start": "TIMESTAMP"}
    facts = {"order_id": "VARCHAR", "shop_id": "VARCHAR", "order_date": "DATE"}
    assert sort_order(kpis, ROW_GROUP + 1) == "order by kpi_id, grain, period_start"
    assert sort_order(facts, ROW_GROUP + 1) == "order by order_date, shop_id"
    assert sort_order(kpis, ROW_GROUP) == ""


@pytest.mark.skipif(
    "WAREHOUSE_TEST_WATCH" not in os.environ,
    reason="a whole run takes minutes: set WAREHOUSE_TEST_WATCH",
)
def test_the_quiet_moment_gives_what_a_run_gives(watched):
    """Watching to the end, and `warehouse run` from nothing, on one lake."""
    shop, _ = watched
    shop.run("warehouse", "watch", "--once")
    query = "select * from kpi_values order by all"
    with reader_of(shop) as reader:
        watched_values = rows(reader, query)
        assert manifest_of(shop.folder / "published/current")["live"] is None
    (shop.folder / "warehouse.duckdb").unlink()
    shop.run("warehouse", "run")
    with reader_of(shop) as reader:
        assert rows(reader, query) == watched_values
