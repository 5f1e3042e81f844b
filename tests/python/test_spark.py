"""The same models on DuckDB and on Apache Spark, over the same lake: the same numbers.

Usually every KPI of the tiny shop: its rollups and KPIs are built on Spark over the
facts that DuckDB made, and some facts from the lake on. WAREHOUSE_TEST_SPARK=60 builds
all models of a demo with so many orders on both, and tries a cluster of two processes
(`make test-spark`).
"""

import json
import os
from collections import defaultdict
from pathlib import Path

import duckdb
import pytest
from rich.console import Console
from shop import Shop, read_project

from warehouse.build import run_dbt
from warehouse.spark import build, missing_for_spark, surroundings

ORDERS = os.environ.get("WAREHOUSE_TEST_SPARK")
# What stands between facts and the value of a KPI, and one way from the lake to facts.
VALUES = ["path:models/rollups", "kpi_values", "1+kpi_values"]
FACTS = ["+fct_ad_days"]
BUILT = [] if ORDERS else [*VALUES, *FACTS]
# Spark is asked every test of the data by `make test-spark`, otherwise the facts'.
TESTS = "resource_type:test"
LEFT_OUT = ["resource_type:unit_test"]
if not ORDERS:
    LEFT_OUT += [f"path:models/{layer},{TESTS}" for layer in ("rollups", "marts")]
    LEFT_OUT += ["path:tests"]
# Models that scan, join and group, for the cluster.
DISTRIBUTED = ["+int_visits"]
# Types that Spark does not know, or by another name.
ON_SPARK = {"VARCHAR": "string", "HUGEINT": "bigint"}
# One log that can be read, and two partitions where Spark would make one of so little.
CLUSTER = """
spark.eventLog.enabled true
spark.eventLog.compress false
spark.eventLog.rolling.enabled false
spark.sql.adaptive.coalescePartitions.enabled false
spark.sql.shuffle.partitions 2
spark.ui.enabled false
spark.eventLog.dir {folder}
"""

needs_spark = pytest.mark.skipif(
    bool(missing_for_spark()), reason=f"{missing_for_spark()} (make spark)"
)


@pytest.fixture(scope="module")
def shop(request, tmp_path_factory) -> Shop:
    """A shop that is loaded, and built on DuckDB."""
    if not ORDERS:
        return request.getfixturevalue("tiny_shop")
    shop = Shop(tmp_path_factory.mktemp("spark_shop"))
    shop.run("warehouse", "demo", "--orders", ORDERS, "--out", str(shop.folder))
    shop.load()
    shop.build("path:seeds", "path:models")
    return shop


def on_spark(
    shop: Shop,
    select: list[str],
    exclude: list[str],
    given: Path | None = None,
    kept: Path | None = None,
):
    """A build of the shop's lake on Spark.

    Args:
        shop: Whose lake; on DuckDB it is built.
        select: dbt selectors.
        exclude: dbt selectors of what is left out.
        given: A new folder, through which models that are not selected get to Spark as
            DuckDB made them; without it they are not there.
        kept: A new folder for what was built.

    Returns:
        The result.
    """
    with shop.surroundings(), surroundings():
        os.environ["DBT_TARGET_PATH"] = str(shop.folder / "target_spark")
        if given:
            hand_over(shop, parents(select, exclude), given)
        return build(Console(quiet=True), select, exclude=exclude, kept=kept)


def parents(select: list[str], exclude: list[str]) -> list[str]:
    """Models and seeds that are not selected, and are read by what is."""
    nodes = read_project().nodes
    found = run_dbt(
        *("ls", "--target=dev", "--no-write-json", "--output=json"),
        *("--output-keys", "unique_id", "--select", *select, "--exclude", *exclude),
        manifest=read_project(),
    )
    selected = {json.loads(line)["unique_id"] for line in found.result}
    before = {
        key for one in selected & nodes.keys() for key in nodes[one].depends_on_nodes
    }
    return sorted(nodes[key].name for key in before - selected if key in nodes)


def hand_over(shop: Shop, names: list[str], folder: Path) -> None:
    """Tables of DuckDB as tables of a new Spark, by way of Parquet."""
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.sql.catalogImplementation", "in-memory")
        .config("spark.sql.warehouse.dir", os.environ["WAREHOUSE_SPARK_TABLES"])
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )
    session.sql("create schema ecommerce_kpis")
    with duckdb.connect(str(shop.folder / "warehouse.duckdb"), read_only=True) as made:
        for name in names:
            columns = made.execute(f"describe {name}").fetchall()
            types = {column: ON_SPARK.get(kind, kind) for column, kind, *_ in columns}
            chosen = [f'cast("{c}" as {kind}) as "{c}"' for c, kind in types.items()]
            path = folder / name
            path.mkdir(parents=True)
            made.execute(
                f"copy (select {', '.join(chosen)} from {name}) to '{path}/all.parquet'"
            )
            listed = ", ".join(f"`{c}` {kind}" for c, kind in types.items())
            session.sql(
                f"create table ecommerce_kpis.{name} ({listed}) "
                f"using parquet location '{path}'"
            )


def differences(connection, left: str, right: str) -> list[tuple]:
    """Rows of one relation that the other lacks.

    Doubles may differ by 1e-9 of them, and by 1e-12 where sums cancel out.

    Args:
        connection: One that knows both.
        left: Relation of DuckDB, whose columns are compared.
        right: Relation of Spark.

    Returns:
        Up to five rows: the columns of the left, then those of the right; a side that
        has no such row is NULL.
    """
    types = {
        name: kind
        for name, kind, *_ in connection.execute(f"describe from {left}").fetchall()
    }
    doubles = [name for name, kind in types.items() if kind == "DOUBLE"]
    exact = [name for name in types if name not in doubles]
    columns = ", ".join(f"cast({n} as {kind}) as {n}" for n, kind in types.items())
    twins = (
        f"row_number() over (partition by {', '.join(exact)} "
        f"order by {', '.join(doubles) or '1'}) as twin"
    )
    sides = [
        f"(select *, {twins} from (select {columns} from {relation}))"
        for relation in (left, right)
    ]
    same = " and ".join(f"a.{name} is not distinct from b.{name}" for name in exact)
    far = [
        f"(a.{name} is null) <> (b.{name} is null) or abs(a.{name} - b.{name}) "
        f"> 1e-9 * greatest(abs(a.{name}), abs(b.{name}), 1e-3)"
        for name in doubles
    ]
    return connection.execute(
        f"select * from {sides[0]} as a full join {sides[1]} as b "
        f"on {same} and a.twin = b.twin "
        f"where {' or '.join(['a.twin is null', 'b.twin is null', *far])} limit 5"
    ).fetchall()


@pytest.mark.parametrize(
    ("other", "found"),
    [
        ("('a', 1.50, 0.1e0 + 0.2e0), ('a', 1.50, 0.3e0), (null, 2.00, null)", 0),
        ("('a', 1.50, 0.3e0), ('a', 1.50, 0.3e0), (null, 2.01, null)", 2),
        ("('a', 1.50, 0.3e0), (null, 2.00, null)", 1),
        ("('a', 1.50, 0.3e0), ('a', 1.50, 0.30000001e0), (null, 2.00, null)", 1),
        ("('a', 1.50, 0.3e0), ('a', 1.50, 0.3e0), (null, 2.00, 0e0)", 1),
    ],
    ids=["the last digit may differ", "cents", "a missing row", "a double", "a null"],
)
def test_the_comparison_sees(other, found):
    one = "(values ('a', 1.50, 0.3e0), ('a', 1.50, 0.3e0), (null, 2.00, null))"
    sides = [
        f"(from {rows} as t(name, amount, share))"
        for rows in (one, f"(values {other})")
    ]
    assert len(differences(duckdb.connect(), *sides)) == found


@needs_spark
def test_every_number_is_the_same(shop, tmp_path):
    kept, given = tmp_path / "kept", None if ORDERS else tmp_path / "given"
    result = on_spark(shop, BUILT, LEFT_OUT, given, kept)
    assert result.checks
    assert result.success, [f"{p.name}: {p.message[:300]}" for p in result.failures]
    broken = {}
    with duckdb.connect(str(shop.folder / "warehouse.duckdb"), read_only=True) as found:
        found.execute("set TimeZone = 'UTC'")
        for folder in sorted(kept.iterdir()):
            spark = f"read_parquet('{folder}/*.parquet')"
            if rows := differences(found, folder.name, spark):
                broken[folder.name] = rows[:2]
        names = found.execute("select distinct kpi_id from kpi_values").fetchall()
    assert not broken, broken
    assert len(names) > 90 and (kept / "kpi_values").is_dir()


@needs_spark
@pytest.mark.skipif(not ORDERS, reason="long: WAREHOUSE_TEST_SPARK is not set")
def test_two_executors_share_the_work(shop, tmp_path, monkeypatch):
    """A cluster of two processes; Spark's own log says which executor ran a task."""
    events = tmp_path / "events"
    events.mkdir()
    settings = CLUSTER.format(folder=events.as_uri())
    (tmp_path / "spark-defaults.conf").write_text(settings)
    for name, value in {
        "SPARK_CONF_DIR": str(tmp_path),
        "WAREHOUSE_SPARK_MASTER": "local-cluster[2,1,2048]",
    }.items():
        monkeypatch.setitem(shop.environment, name, value)
    result = on_spark(shop, DISTRIBUTED, LEFT_OUT)
    assert result.success, [f"{p.name}: {p.message[:300]}" for p in result.failures]
    executors = defaultdict(set)
    (log,) = events.glob("[!.]*")
    for event in map(json.loads, log.read_text().splitlines()):
        if event["Event"] == "SparkListenerTaskEnd":
            stage = event["Stage ID"], event["Stage Attempt ID"]
            executors[stage].add(event["Task Info"]["Executor ID"])
    assert {"0", "1"} == set().union(*executors.values())
    assert any(len(at_work) == 2 for at_work in executors.values())
