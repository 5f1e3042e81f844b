"""What the Python tests share: a till whose exports are loaded, and the real files."""

import datetime as dt
import os
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import duckdb
import pytest
from shop import Shop
from xdist.scheduler import LoadFileScheduling

from warehouse.contract import read_contracts
from warehouse.load import LoadResult, load
from warehouse.paths import PROJECT, warehouse_file
from warehouse.readers import Input, Output, read
from warehouse.survey import survey
from warehouse.values import text

TINY_SHOP = PROJECT / "tests/fixtures/tiny_shop"
CONTRACT = """
version: 2
sources:
  - name: till
    config:
      external_location: "read_parquet('{{ env_var('X', 'a' if b else 'c') }}/{name}')"
      meta: {label: Till}
    tables:
      - name: sales
        config:
          meta:
            files: ["sales*.csv"]
            reader: {READER}
        columns:
          - {name: id, config: {meta: {headers: [Sale ID], required: true}}}
          - {name: note, config: {meta: {headers: [Remark]}}}
          - {name: sold_at, config: {meta: {type: timestamp}}}
          - {name: day, config: {meta: {type: date}}}
          - name: amount
            config: {meta: {headers: ["Amount ({currency})"], type: number}}
          - {name: quantity, config: {meta: {type: integer}}}
          - {name: share, config: {meta: {type: percent}}}
          - {name: is_gift, config: {meta: {type: boolean}}}
          - {name: moment, config: {meta: {type: epoch_us}}}
      - name: clerks
        config: {meta: {files: ["clerks*", "sales_and_clerks*"]}}
        columns:
          - {name: clerk, config: {meta: {required: true}}}
          - {name: hours, config: {meta: {type: number, required: true}}}
"""


@cache
def together(file: str) -> str:
    """Of the files that one worker takes: those with a function that asks for the tiny
    shop, so that it is built once; of any other, the file itself."""
    asks = re.compile(r"def \w+\([^)]*\btiny_shop\b")
    text = (PROJECT / file).read_text(encoding="utf-8")
    return "the tiny shop" if asks.search(text) else file


class ByShop(LoadFileScheduling):
    """Workers share the tests file by file, and the tiny shop's files as one."""

    def _split_scope(self, nodeid: str) -> str:
        return together(super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log) -> ByShop:
    """How several workers share the tests, instead of xdist's `--dist`."""
    return ByShop(config, log)


class Till:
    """A data folder with the exports of one source, `till`."""

    def __init__(self, folder: Path):
        self.data = folder / "data"
        self.contracts = folder / "staging"
        self.landing = self.data / "landing" / "till"
        self.landing.mkdir(parents=True)
        self.contract()

    def contract(self, reader: str = "{}", **changes: str) -> None:
        """Write the contract with these reader options and text replacements."""
        content = CONTRACT.replace("{READER}", reader)
        for old, new in changes.items():
            content = content.replace(old, new)
        path = self.contracts / "till" / "_till.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")

    def write(self, name: str, content: str | bytes) -> Path:
        """Land a file."""
        path = self.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def load(self, **options) -> LoadResult:
        """Load, and check the books."""
        result = load(data=self.data, contracts=self.contracts, **options)
        for entry in self.query("loader/files"):
            landed = entry["rows_loaded"] + entry["rows_rejected"]
            assert entry["rows_landed"] == landed, entry
        loaded = sum(entry["rows_loaded"] for entry in self.query("loader/files"))
        tables = [t for s in read_contracts(self.contracts).values() for t in s.tables]
        rows = [r for t in tables for r in self.query(f"{t.source}/{t.name}")]
        assert loaded == len(rows)
        rejected = sum(entry["rows_rejected"] for entry in self.query("loader/files"))
        assert rejected == len(self.query("loader/rejects"))
        return result

    def query(self, table: str, order: str = "all") -> list[dict]:
        """The rows of a lake table such as `till/sales`."""
        glob = text(self.data / "lake" / table / "*.parquet")
        relation = duckdb.sql(
            f"from read_parquet({glob}, union_by_name = true) order by {order}"
        )
        columns = relation.columns
        return [dict(zip(columns, row, strict=True)) for row in relation.fetchall()]

    def read(self, content: bytes) -> tuple[Output, list[tuple], list[str]]:
        """Read one file of sales without a load around it.

        Returns:
            The counts, the rows with their columns in alphabetical order, and the
            texts of the rejected rows.

        Raises:
            UserError: The file is refused.
        """
        for name in ("out", "scratch"):
            shutil.rmtree(self.data / name, ignore_errors=True)
            (self.data / name).mkdir()
        path = self.write("sales.csv", content)
        tables = read_contracts(self.contracts)["till"].tables[:1]
        item = Input(
            *(path.name, path, tables, survey(path), None),
            landed_at=dt.datetime(2026, 1, 1),
            loaded_at=dt.datetime(2026, 1, 1),
        )
        duckdb.execute("set TimeZone = 'UTC'")
        # The same paths are written again and again.
        duckdb.execute("set enable_external_file_cache = false")
        connection = duckdb.default_connection()
        output = read(connection, item, self.data / "out", self.data / "scratch")
        rows = duckdb.sql(
            f"select columns(lambda c: not starts_with(c, '_')) from "
            f"read_parquet({text(output.tables['sales'])}) order by _row"
        )
        order = sorted(range(len(rows.columns)), key=rows.columns.__getitem__)
        found = [tuple(row[i] for i in order) for row in rows.fetchall()]
        rejects = []
        if output.rejects:
            query = f"select raw_row from read_parquet({text(output.rejects)})"
            rejects = [row for (row,) in duckdb.sql(query).fetchall()]
        assert output.landed == output.loaded + output.rejected
        assert (len(found), len(rejects)) == (output.loaded, output.rejected)
        return output, found, rejects

    def sales(self, *columns: str) -> list:
        """The sales in file order: values of one column, or tuples of several."""
        rows = self.query("till/sales", "_loaded_at, _row")
        if len(columns) == 1:
            return [row[columns[0]] for row in rows]
        return [tuple(row[column] for column in columns) for row in rows]

    def rejects(self, *columns: str) -> list:
        """The rejected rows in file order."""
        rows = self.query("loader/rejects", "loaded_at, line")
        if len(columns) == 1:
            return [row[columns[0]] for row in rows]
        return [tuple(row[column] for column in columns) for row in rows]


@pytest.fixture
def till(tmp_path: Path) -> Till:
    return Till(tmp_path)


@pytest.fixture(scope="session")
def tiny_shop(tmp_path_factory) -> Shop:
    """The tiny shop, loaded and built with every dbt test."""
    shop = Shop(tmp_path_factory.mktemp("tiny_shop"))
    shop.landing.mkdir(parents=True)
    folder = shop.landing / "flat"
    shutil.copytree(TINY_SHOP, folder, ignore=shutil.ignore_patterns("expected.csv"))
    shop.load()
    shop.take_parsed()
    shop.run("warehouse", "build")
    return shop


@pytest.fixture(scope="session")
def published(tiny_shop) -> Path:
    """The folder that readers of the tiny shop look into."""
    tiny_shop.run("warehouse", "publish")
    return tiny_shop.folder / "published/current"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real exports, which is not part of the project."""
    folder = Path(os.environ.get("WAREHOUSE_SHARED", PROJECT.parent / "shared"))
    if not (folder / "data" / "export_samples").is_dir():
        pytest.skip(f"no real exports in {folder} (set WAREHOUSE_SHARED)")
    return folder


@pytest.fixture(scope="module")
def demo() -> Iterator[duckdb.DuckDBPyConnection]:
    """The demo's warehouse, read only; skips where it is not built, and where it is too
    small to hold what was planted or to predict from."""
    file = warehouse_file("demo")
    if not file.exists():
        pytest.skip("the demo warehouse is not built: warehouse demo, warehouse run")
    with duckdb.connect(str(file), read_only=True) as connection:
        try:
            orders = connection.execute("select count(*) from fct_orders").fetchone()[0]
            connection.execute("select * from kpi_alerts limit 0")
        except duckdb.CatalogException:
            pytest.skip("the demo warehouse is half built: warehouse run")
        if orders < 15_000:
            pytest.skip("the demo warehouse is a small one")
        yield connection
