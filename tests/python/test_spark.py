"""The same models on DuckDB and on Apache Spark, over the same lake: the same numbers.

Usually facts of the tiny shop. WAREHOUSE_TEST_SPARK=600 compares all models of a demo
with so many orders, and tries a cluster of two processes (`make test-spark`).
"""

import json
import os
import shutil
from collections import defaultdict

import duckdb
import pytest
from conftest import TINY_SHOP
from rich.console import Console
from shop import Shop

from warehouse.spark import build, missing_for_spark

ORDERS = os.environ.get("WAREHOUSE_TEST_SPARK")
# What orders are worth, with all that stands before it. KPIs need the moment of
# looking, and that needs nearly every intermediate model.
BUILT = ["+fct_order_lines"]
if ORDERS:
    BUILT = ["path:seeds", "path:models"]
# Models that scan, join and group, for the cluster.
DISTRIBUTED = ["+int_visits"]
# One log that can be read, and two partitions where Spark would make one of so little.
CLUSTER = """
spark.eventLog.enabled true
spark.eventLog.compress false
spark.eventLog.rolling.enabled false
spark.sql.adaptive.coalescePartitions.enabled false
spark.eventLog.dir {folder}
"""

needs_spark = pytest.mark.skipif(
    bool(missing_for_spark()), reason=f"{missing_for_spark()} (make spark)"
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Shop:
    """A shop that is loaded, and built on DuckDB as far as it is compared."""
    shop = Shop(tmp_path_factory.mktemp("spark_shop"))
    if ORDERS:
        shop.run("warehouse", "demo", "--orders", ORDERS, "--out", str(shop.folder))
    else:
        ignored = shutil.ignore_patterns("expected.csv")
        shutil.copytree(TINY_SHOP, shop.landing / "flat", ignore=ignored)
    shop.load()
    shop.build(*BUILT)
    return shop


def on_spark(shop: Shop, select: list[str], **options):
    """The result of a build of the shop's lake on Spark."""
    with shop.surroundings():
        os.environ["DBT_TARGET_PATH"] = str(shop.folder / "target_spark")
        return build(Console(quiet=True), select, tests=False, **options)


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
    kept = tmp_path / "kept"
    result = on_spark(shop, BUILT, kept=kept)
    assert result.success, [f"{p.name}: {p.message[:300]}" for p in result.failures]
    broken = {}
    with duckdb.connect(str(shop.folder / "warehouse.duckdb"), read_only=True) as found:
        found.execute("set TimeZone = 'UTC'")
        for folder in sorted(kept.iterdir()):
            spark = f"read_parquet('{folder}/*.parquet')"
            if rows := differences(found, folder.name, spark):
                broken[folder.name] = rows[:2]
    assert not broken, broken
    assert len(list(kept.iterdir())) >= len(BUILT)


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
        "WAREHOUSE_SPARK_PARTITIONS": "2",
    }.items():
        monkeypatch.setitem(shop.environment, name, value)
    result = on_spark(shop, DISTRIBUTED)
    assert result.success, [f"{p.name}: {p.message[:300]}" for p in result.failures]
    executors = defaultdict(set)
    (log,) = events.glob("[!.]*")
    for event in map(json.loads, log.read_text().splitlines()):
        if event["Event"] == "SparkListenerTaskEnd":
            stage = event["Stage ID"], event["Stage Attempt ID"]
            executors[stage].add(event["Task Info"]["Executor ID"])
    assert {"0", "1"} == set().union(*executors.values())
    assert any(len(at_work) == 2 for at_work in executors.values())
