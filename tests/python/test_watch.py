"""A file lands; its coupon's sales are visible by hour, and all agrees with a build."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import duckdb
import pytest
from rich.console import Console
from shop import PROJECT, Shop

from warehouse import watch as watching
from warehouse.errors import UserError
from warehouse.inputs import inputs
from warehouse.live import Base, Live, _Node
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


# --------------------------------------------------------------- a refresh, by itself


class Corner:
    """A refresh of three models over one table of the lake, without dbt.

    `dim_sales` is the table, `rollup_sales` sums it by day, `kpi_sales` reads that.

    Args:
        folder: An empty folder; it becomes the data folder.
        test: A data test of `dim_sales`: the SQL that finds what should not be.
        is_error: Whether its findings stop a publication.
    """

    COLUMNS = "grain, period_start, dimension, member, numerator, denominator, value"

    def __init__(self, folder: Path, test: str, is_error: bool = True):
        self.folder = folder
        self.lake = folder / "lake/corner/sales"
        self.lake.mkdir(parents=True)
        self.sell("old", 1, 2)
        live = self.live = object.__new__(Live)
        live.target, live.data, live.kpis, live.prints = "demo", folder, ["sales"], {}
        live.project = inputs("demo")["project"]
        nodes = [
            _Node("source.corner/sales", "sales", "source", set()),
            _Node(
                *("sales", "dim_sales", "model", {"source.corner/sales"}),
                sql=f"select * from read_parquet('{self.lake}/*.parquet')",
            ),
            _Node(
                *("rollup", "rollup_sales", "model", {"sales"}),
                sql="select day, sum(amount) as amount from dim_sales group by day",
            ),
            _Node(
                *("kpi", "kpi_sales", "model", {"rollup"}),
                sql="""select 'day' as grain, day as period_start, 'all' as dimension,
                    'all' as member, amount as numerator, 1.0 as denominator,
                    amount / nullif(1.0, 0) as value from rollup_sales""",
                is_view=True,
            ),
            _Node("test", "test_sales", "test", {"sales"}, test, is_error=is_error),
        ]
        live.nodes = {node.key: node for node in nodes}
        live.by_name = {node.name: node.key for node in nodes[1:4]}
        live.order, live.tests = ["sales", "rollup", "kpi"], nodes[4:]
        live.weight = live._weights()
        self.base = self.built(nodes)

    def sell(self, name: str, *amounts: float) -> None:
        """A file of the lake with a sale a day."""
        days = ", ".join(
            f"(timestamp '2026-01-0{day}', {amount}::double)"
            for day, amount in enumerate(amounts, 1)
        )
        duckdb.execute(
            f"copy (from (values {days}) as sold (day, amount)) "
            f"to '{self.lake}/{name}.parquet'"
        )

    def built(self, nodes: list[_Node]) -> Base:
        """The build before, and its publication."""
        file, publication = self.folder / "warehouse.duckdb", self.folder / "published"
        publication = publication / "20260101T000000.000000Z"
        publication.mkdir(parents=True)
        with duckdb.connect(str(file)) as connection:
            for node in nodes[1:3]:
                connection.execute(f"create table {node.name} as {node.sql}")
            connection.execute(f"create view kpi_sales as {nodes[3].sql}")
            connection.execute(
                f"""create table kpi_values as
                select 'sales' as kpi_id, {self.COLUMNS} from kpi_sales;
                create table dim_periods as select 'day' as grain, true as is_current,
                    timestamp '2026-01-02' as period_start"""
            )
        shutil.copy(file, publication)
        made_of = inputs("demo")
        manifest = {"made_of": made_of, "tables": {}, "builds": {}}
        (publication / "manifest.json").write_text(json.dumps(manifest))
        (publication.parent / "current").symlink_to(publication.name)
        return Base(file, made_of, publication)

    def values(self) -> list[tuple]:
        """What readers see."""
        file = (self.folder / "published/current").resolve() / "warehouse.duckdb"
        with duckdb.connect(str(file), read_only=True) as reader:
            return rows(
                reader,
                "select kpi_id, day(period_start), value from kpi_values order by all",
            )


@pytest.fixture
def corner(tmp_path, monkeypatch):
    """Makes corners."""
    monkeypatch.setenv("WAREHOUSE_DATA", str(tmp_path))
    return lambda *told: Corner(tmp_path, *told)


BELOW_ZERO = "select * from dim_sales where amount < 0"


def test_only_values_that_moved_are_new(corner):
    """One of two days has another sum, one is new, one is as it was."""
    shop = corner(BELOW_ZERO)
    assert shop.live.refresh(shop.base) is None
    shop.sell("new", 0, 5, 7)
    done = shop.live.refresh(shop.base)
    assert done.tables == ["dim_sales", "rollup_sales"]
    assert (done.kpis, done.values, done.tests) == (["sales"], 2, 1)
    assert shop.values() == [("sales", 1, 1), ("sales", 2, 7), ("sales", 3, 7)]


@pytest.mark.parametrize("fault", ["test", "check", "model"])
def test_what_is_found_wrong_is_not_published(corner, fault):
    """Readers keep what they had, and nothing half done lies there."""
    shop = corner(BELOW_ZERO)
    before = sorted((shop.folder / "published").iterdir()), shop.values()
    shop.sell("new", -5 if fault == "test" else 5)
    if fault == "check":
        stray = shop.folder / "lake/flat/orders"
        stray.mkdir(parents=True)
        shutil.copy(shop.lake / "new.parquet", stray)
    if fault == "model":
        shop.live.nodes["rollup"].sql = "select day, nothing as amount from dim_sales"
    with pytest.raises(UserError, match=r"test_sales|lost_rows|rollup_sales"):
        shop.live.refresh(shop.base)
    assert (sorted((shop.folder / "published").iterdir()), shop.values()) == before


def test_a_warning_stops_nothing(corner):
    """As in a whole build."""
    shop = corner(BELOW_ZERO, False)
    shop.sell("new", -5)
    assert shop.live.refresh(shop.base).values == 1
    assert shop.values()[0] == ("sales", 1, -4)


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
