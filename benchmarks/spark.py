"""The same models on DuckDB and on Spark as events grow, and what follows from it.

    python -m benchmarks.spark                  # 1, 4 and 16 times a shop's events
    python -m benchmarks.spark --times 1 4      # other sizes
    make bench-docs                             # only write the pages

The models are those that every tracked event passes (`MODELS`): JSON is read, events
that come twice are found, visits are cut and numbered. Both engines work on the same
lake and on two cores, each as a process of its own with dbt; Spark with the settings it
comes with (code generation, adaptive execution, the whole compiler), not those that
`warehouse build --target spark` has for few rows.

The cost model. A build on m machines of c cores takes

    seconds(events) = fixed + slope * events / 1e6 / (m * c)

where `fixed` (seconds: dbt, starting, planning, whatever does not grow) and `slope`
(processor seconds a million events) are a line through what was measured, by least
squares. It is kind to Spark: work spreads over all cores, and the network is free.
Spark is the faster one from

    events = 1e6 * c * (fixed_spark - fixed_duckdb) / (slope_duckdb - slope_spark / m)

on, if m > slope_spark / slope_duckdb, and never with fewer machines. DuckDB ends where
one machine's disk does: events = disk / `EVENT_BYTES`.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import duckdb

from benchmarks.measure import measure
from benchmarks.shop import NOTHING, ORDER_BYTES, SESSION_BYTES, Shop
from warehouse.files import write_whole
from warehouse.paths import PROJECT
from warehouse.spark import missing_for_spark
from warehouse.values import text

MODELS = ("+int_visits", "+int_told_items")
ORDERS = 2_000
TIMES = (1, 4, 16)
CORES = 2
# Landing, lake, warehouse and publication of a shop with 16 sessions and 80 events an
# order, a share for each event.
EVENT_BYTES = (ORDER_BYTES + 16 * SESSION_BYTES) / 80
# What the model is asked: machines of so many cores and so much disk.
MODEL_CORES, MODEL_DISK = 16, 8e12
MODEL_EVENTS = (1e7, 1e8, 1e9, 1e10)
MODEL_MACHINES = (4, 16, 64)
SETTINGS = f"""
spark.driver.memory 6g
spark.sql.shuffle.partitions {2 * CORES}
spark.ui.enabled false
"""

Line = tuple[float, float]


def fit(points: Sequence[tuple[float, float]]) -> Line:
    """The line of least squares through at least two points.

    Args:
        points: Events and seconds.

    Returns:
        Seconds at no event, and seconds a million events.
    """
    middle = sum(x for x, _ in points) / len(points)
    height = sum(y for _, y in points) / len(points)
    over = sum((x - middle) * (y - height) for x, y in points)
    slope = over / sum((x - middle) ** 2 for x, _ in points)
    return height - slope * middle, slope * 1e6


def seconds(line: Line, events: float, machines: int, cores: int) -> float:
    """What the cost model says that a build takes."""
    fixed, slope = line
    return fixed + slope * events / 1e6 / (machines * cores)


def crossing(one: Line, many: Line, machines: int, cores: int) -> float | None:
    """Events from which `many`, on machines, is faster than `one` on a single machine;
    None where it never is."""
    gained = one[1] - many[1] / machines
    if gained <= 0:
        return None
    return max(0.0, 1e6 * cores * (many[0] - one[0]) / gained)


def run(work: Path, orders: int, times: Sequence[int], say=print) -> Iterator[dict]:
    """Measure size after size, and remove the data.

    Args:
        work: Gets the shop.
        orders: Of the shop whose events are taken once, and more often.
        times: How often, in rising order.
        say: Where lines about progress go.

    Yields:
        models, cores, load_average, and sizes so far: rows of `events`, and for
        `duckdb` and `spark` the seconds and cpu_seconds.

    Raises:
        benchmarks.shop.Failed: The shop could not be made.
        RuntimeError: A build ended with an error.
    """
    shop = Shop(work / "spark", orders, say)
    shop.generate()
    shop.load()
    conf = work / "spark" / "conf"
    conf.mkdir(exist_ok=True)
    (conf / "spark-defaults.conf").write_text(SETTINGS, encoding="utf-8")
    events, sizes, copies = shop.data / "lake" / "ga4" / "events", [], 1
    for path in events.glob("copy-*.parquet"):  # of a run that was stopped
        path.unlink()
    originals = [path for path in events.glob("*.parquet") if path.name[0] != "_"]
    for factor in times:
        while copies < factor:
            copy_events(originals, events / f"copy-{copies}.parquet", copies)
            copies += 1
        with duckdb.connect() as connection:
            files = text(events / "[!_]*.parquet")
            found = connection.execute(f"select count(*) from read_parquet({files})")
            row: dict = {"events": found.fetchone()[0]}
        for engine, target in (("duckdb", "demo"), ("spark", "spark")):
            row[engine] = build(shop, target, conf)
            say(f"{row['events']:>12,} events  {engine}: {row[engine]}")
        sizes.append(row)
        yield {
            "models": list(MODELS),
            "cores": CORES,
            "load_average": round(os.getloadavg()[0], 1),
            "sizes": sizes,
        }
    shutil.rmtree(work / "spark", ignore_errors=True)


def copy_events(originals: Sequence[Path], file: Path, number: int) -> None:
    """The same events by other browsers, as if another file had told them."""
    files = ", ".join(map(text, originals))
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select * replace (user_pseudo_id || '-{number}' as user_pseudo_id,"
            f" _file || '-{number}' as _file) from read_parquet([{files}],"
            f" union_by_name = true)) to {text(file)} (format parquet)"
        )


def build(shop: Shop, target: str, conf: Path) -> dict:
    """One engine's build of the models; dbt has read the project before."""
    folder = shop.folder / f"target_{target}"
    environment = shop.environment | {
        "DBT_TARGET_PATH": str(folder),
        "WAREHOUSE_SPARK_MASTER": f"local[{CORES}]",
        "WAREHOUSE_LAKE": str(shop.data / "lake"),
        "SPARK_CONF_DIR": str(conf),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    command = [sys.executable, "-m", "warehouse", "build", "--target", target]
    chosen = [word for model in MODELS for word in ("--select", model)]
    if not folder.exists():
        measure([*command, "--select", NOTHING], PROJECT, environment)
    shop.from_nothing()
    done = measure([*command, *chosen], PROJECT, environment)
    if done.code:
        raise RuntimeError(f"{target}: {done.output[-2000:]}{done.errors[-2000:]}")
    # Java forks, and what it holds would count once for each fork.
    return {key: done.row[key] for key in ("seconds", "cpu_seconds")}


def fitted(told: dict) -> dict[str, Line]:
    """The fitted processor seconds of each engine."""
    return {
        engine: fit(
            [(row["events"], row[engine]["cpu_seconds"]) for row in told["sizes"]]
        )
        for engine in ("duckdb", "spark")
    }


def main() -> None:
    """Measure, and write the results and the pages."""
    from benchmarks import page
    from benchmarks.__main__ import RESULTS, finish, machine, versions

    options = argparse.ArgumentParser(
        prog="python -m benchmarks.spark",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("--orders", type=int, default=ORDERS)
    options.add_argument("--times", type=int, nargs="+", default=TIMES)
    options.add_argument("--work", type=Path, default=PROJECT / "data/bench")
    asked = options.parse_args()
    if missing := missing_for_spark():
        sys.exit(f"not measured: {missing} (make spark)")
    asked.work.mkdir(parents=True, exist_ok=True)
    file = RESULTS / f"{machine()['name']}.json"
    results = {"sizes": {}, "growth": {}, "machine": machine(), "versions": versions()}
    if file.exists():
        results = json.loads(file.read_text(encoding="utf-8"))
    for told in run(asked.work.resolve(), asked.orders, sorted(asked.times)):
        results["spark"] = told | {
            "versions": versions() | {"Spark": version("pyspark")}
        }
        write_whole(file, json.dumps(results, indent=1) + "\n")
    finish(page.write(RESULTS))


if __name__ == "__main__":
    main()
