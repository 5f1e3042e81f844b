"""What is measured beside the commands of `warehouse`, each in a process of its own.

    python -m benchmarks.steps STEP DATA TARGET [KPI]...

DATA is a data folder, TARGET the folder of what dbt ran on it. A step prints one
line of JSON: what it has to tell besides its time and memory.
"""

import contextlib
import csv
import json
import math
import mmap
import re
import sys
import time
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb

from warehouse.files import link_file
from warehouse.paths import PROJECT, read_yaml
from warehouse.values import text as literal

COPY = "(format parquet, compression zstd)"
# Exports that come by the day, and what dates a row: the day's rows are those that say
# the day or a later one (a western shop's evening, told in UTC), also where a row is
# older and something happened to it that day.
DAILY = {
    "shopify/*/orders_export_*.csv": ["Created at"],
    "shopify/*/transactions_export_*.csv": ["Created At"],
    "shopify/*/returns_report*.csv": ["Day"],
    "google_ads/*/*.csv": ["Day"],
    "meta_ads/*/*.csv": ["Day"],
    "search_console/*/search_queries_*.csv": ["date"],
    "mailchimp/*/recipient_activity*.csv": ["Timestamp"],
    "zendesk/*/*.csv": ["Updated at"],
    "judgeme/*/reviews*.csv": ["review_date"],
    "pbx/*/call_list*.csv": ["Start time"],
    "flat/calls*.csv": ["started_at"],
    "flat/element_clicks*.csv": ["clicked_at"],
    "flat/page_loads_*.csv": ["loaded_at"],
    "flat/parcel_events*.csv": ["happened_at"],
    "flat/parcels*.csv": [
        *("confirmed_at", "pick_started_at", "packed_at", "dispatched_at"),
        *("delivered_at", "refused_at", "returned_to_stock_at"),
    ],
    "flat/reviews*.csv": ["reviewed_at"],
    "flat/search_queries*.csv": ["date"],
    "flat/staff_hours*.csv": ["work_date"],
    "flat/stock_movements_*.csv": ["moved_at"],
    "flat/survey_answers*.csv": ["answered_at"],
    "flat/uptime_checks*.csv": ["checked_at"],
}
DAILY_LINES = {
    "klaviyo/*/events_*.jsonl": re.compile(r'"datetime":\s*"([^"]+)"'),
    "zendesk/*/*.jsonl": re.compile(r'"updated_at":\s*"([^"]+)"'),
}
VISITS = "ga4/*/events_2*.parquet"
PERIODS = 13  # months that a chart asks for
ROUNDS = 3  # times that each query is asked
SHOWN = 8  # of the slowest


# ------------------------------------------------------------------- DuckDB's own speed


def copy(data: Path, target: Path) -> dict:
    """The landed files to Parquet, as DuckDB's own COPY does it: no contract, no types.

    Args:
        data: Its landing folder is read.
        target: Unused.

    Returns:
        files, and left_out: those that COPY cannot read as they are.
    """
    out = data / "copied"
    out.mkdir(exist_ok=True)
    readers = {
        ".csv": "read_csv({}, all_varchar = true, ignore_errors = true)",
        ".jsonl": "read_ndjson_objects({})",
        ".parquet": "read_parquet({})",
    }
    done, left = 0, []
    with duckdb.connect() as connection:
        for number, file in enumerate(landed(data)):
            reader = readers.get(file.suffix)
            try:
                if reader is None:
                    raise duckdb.Error(f"no reader for {file.suffix}")
                source = reader.format(literal(file))
                sink = literal(out / f"{number}.parquet")
                connection.execute(f"copy (from {source}) to {sink} {COPY}")
                done += 1
            except duckdb.Error:
                left.append(file.relative_to(data / "landing").as_posix())
    return {"files": done, "left_out": left}


def landed(data: Path) -> list[Path]:
    """The files of the landing folder, in a fixed order."""
    return sorted(path for path in (data / "landing").rglob("*") if path.is_file())


# ------------------------------------------------------------------------- the floor


def floor(data: Path, target: Path, *kpis: str) -> dict:
    """The SQL that dbt ran, statement by statement, in one DuckDB process.

    In the order of the graph, one statement after the other, with the settings and
    threads of the project's profile; dbt is not imported.

    Args:
        data: Gets `floor/warehouse.duckdb`.
        target: What dbt ran: a copy of its `run/` and `manifest.json`.
        kpis: Ids; their models and seeds alone then, without tests. Everything of the
            build when left out.

    Returns:
        statements, model_seconds, test_seconds, failing (tests), slowest (name,
        seconds).
    """
    nodes = ran(target, kpis)
    file = data / "floor" / "warehouse.duckdb"
    file.parent.mkdir(exist_ok=True)
    file.unlink(missing_ok=True)
    profile = read_yaml(PROJECT / "profiles.yml")["ecommerce_kpis"]["outputs"]["demo"]
    taken: dict[str, float] = {}
    tests, failing = 0.0, []
    with duckdb.connect(file, config=profile["config_options"]) as connection:
        for name, value in profile["settings"].items():
            connection.execute(f"set global {name} = '{value}'")
        for node, path in nodes:
            began = time.perf_counter()
            if path.suffix == ".py":
                run_python(connection, path)
            else:
                found = connection.execute(path.read_text(encoding="utf-8"))
                if stops_a_build(node) and found.fetchall()[0][2]:
                    failing.append(node["name"])
            taken[node["name"]] = time.perf_counter() - began
            if node["resource_type"] == "test":
                tests += taken[node["name"]]
    return {
        "statements": len(nodes),
        "model_seconds": round(sum(taken.values()) - tests, 3),
        "test_seconds": round(tests, 3),
        "failing": failing,
        "slowest": slowest(taken),
    }


def ran(target: Path, kpis: tuple[str, ...] = ()) -> list[tuple[dict, Path]]:
    """Seeds, models and tests that dbt ran, in the graph's order, with their SQL.

    Args:
        target: What dbt ran.
        kpis: Ids of KPIs, to have only what they are made of.
    """
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    nodes = manifest["nodes"]
    graph = {key: node["depends_on"].get("nodes", []) for key, node in nodes.items()}
    found = []
    wanted = {f"model.{node['package_name']}.kpi_{kpi}" for node in nodes.values()
              for kpi in kpis}  # fmt: skip
    for key in TopologicalSorter({k: graph[k] for k in sorted(graph)}).static_order():
        node = nodes.get(key)
        if node and node["resource_type"] in ("seed", "model", "test"):
            path = target / "run" / node["package_name"] / node["original_file_path"]
            if path.suffix == ".yml":
                path /= node["path"]
            if path.is_file():
                found.append((node, path))
    if not kpis:
        return found
    for key in wanted.copy():
        wanted |= before(key, graph)
    return [one for one in found if one[0]["unique_id"] in wanted]


def before(key: str, graph: dict[str, list[str]]) -> set[str]:
    """A node and all that lies before it."""
    found, left = set(), [key]
    while left:
        if (one := left.pop()) not in found:
            found.add(one)
            left += graph.get(one, [])
    return found


def stops_a_build(node: dict) -> bool:
    """True for a test whose failure is more than a warning."""
    severity = node.get("config", {}).get("severity", "error")
    return node["resource_type"] == "test" and severity.lower() == "error"


def run_python(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """A Python model, as the adapter runs it."""
    code: dict = {}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), code)
    reader = code["dbtObj"](lambda name: connection.query(f"select * from {name}"))
    code["materialize"](code["model"](reader, connection), connection)


def slowest(taken: dict[str, float]) -> list[list]:
    """Name and seconds of what took longest."""
    ordered = sorted(taken.items(), key=lambda item: -item[1])[:SHOWN]
    return [[name, round(seconds, 3)] for name, seconds in ordered]


# ------------------------------------------------------------------------ what BI asks


def ask(data: Path, target: Path) -> dict:
    """What a BI tool asks of the published database, on one connection that only reads.

    Each KPI over its last 13 months, whole and by each of its dimensions; a month's
    scorecard; the drivers of each KPI's last change. Every query `ROUNDS` times, all
    rows fetched; the first round counts, too.

    Args:
        data: Whose publication is read.
        target: Unused.

    Returns:
        kpi, scorecard, drivers, parquet (the queries of `kpi`, over Parquet): queries,
        p50_ms, p95_ms, max_ms, slowest.
    """
    published = data / "published" / "current"
    with duckdb.connect(published / "warehouse.duckdb", read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        pairs = connection.execute(
            "select distinct kpi_id, dimension from kpi_values"
            " where grain = 'month' order by all"
        ).fetchall()
        now = connection.execute(
            "select max(period_start) from dim_periods"
            " where is_current and grain = 'month'"
        ).fetchall()[0][0]
        first = f"timestamp '{now}' - interval {PERIODS - 1} month"
        kpis = sorted({kpi for kpi, _ in pairs})
        views = {
            f"{kpi} by {dimension}": "select period_start, member, value"
            f" from kpi_{kpi} where grain = 'month' and dimension = '{dimension}'"
            f" and period_start >= {first} order by period_start, member"
            for kpi, dimension in pairs
        }
        scorecard = {
            f"scorecard by {dimension}": "select * from kpi_scorecard"
            f" where grain = 'month' and dimension = '{dimension}' and is_current"
            for dimension in sorted({dimension for _, dimension in pairs})
        }
        drivers = {
            f"drivers of {kpi}": "select * from kpi_drivers where grain = 'month'"
            f" and kpi_id = '{kpi}' and comparison = 'previous'"
            f" and period_start = timestamp '{now}' order by abs(contribution) desc"
            for kpi in kpis
        }
        found = {
            "kpi": timed(connection, views),
            "scorecard": timed(connection, scorecard),
            "drivers": timed(connection, drivers),
        }
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        file = literal(published / "parquet" / "kpi_values.parquet")
        files = {
            f"{kpi} by {dimension}": "select period_start, member, value"
            f" from read_parquet({file}) where kpi_id = '{kpi}' and grain = 'month'"
            f" and dimension = '{dimension}' and period_start >= {first}"
            " order by period_start, member"
            for kpi, dimension in pairs
        }
        found["parquet"] = timed(connection, files)
    return found


def timed(connection: duckdb.DuckDBPyConnection, queries: dict[str, str]) -> dict:
    """How long queries take, asked one after the other.

    Args:
        connection: Whom to ask.
        queries: SQL by name.

    Returns:
        queries (how many), asked (how often in all), p50_ms, p95_ms, max_ms, p95_cpu_ms
        (of all processors), rows, and the slowest by their median.
    """
    taken: dict[str, list[float]] = {name: [] for name in queries}
    rows, used = 0, []
    for _ in range(ROUNDS):
        for name, query in queries.items():
            began, worked = time.perf_counter(), time.process_time()
            rows += len(connection.execute(query).fetchall())
            used.append(1000 * (time.process_time() - worked))
            taken[name].append(1000 * (time.perf_counter() - began))
    every = [one for times in taken.values() for one in times]
    medians = {name: quantile(times, 0.5) for name, times in taken.items()}
    return {
        "queries": len(queries),
        "asked": len(every),
        "rows": rows // ROUNDS,
        "p50_ms": round(quantile(every, 0.5), 2),
        "p95_ms": round(quantile(every, 0.95), 2),
        "max_ms": round(max(every), 2),
        "p95_cpu_ms": round(quantile(used, 0.95), 2),
        "slowest": slowest(medians),
    }


def quantile(values: list[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


# ------------------------------------------------------------------------- a new day


def hold_back(landing: Path, day: Path) -> str:
    """Take the newest day out of the exports that come by the day.

    Its rows go into files of their own beside the landing folder; landing again as they
    lie, they are the export of one new day.

    Args:
        landing: A landing folder; its files are replaced, never written into.
        day: Gets the day's files, in the same folders.

    Returns:
        The day, as in `2026-09-23`.
    """
    sales = "shopify/*/orders_export_*.csv"
    newest = max(landing.glob(sales), key=lambda path: path.name)
    with newest.open(encoding="utf-8", newline="") as file:
        last = max(row[DAILY[sales][0]][:10] for row in csv.DictReader(file))
    for how, patterns in ((split_csv, DAILY), (split_lines, DAILY_LINES)):
        for pattern, dated_by in patterns.items():
            for file in sorted(landing.glob(pattern)):
                if says(file, last):  # most files end before that day
                    how(file, dated_by, last, place(file, landing, day))
    for file in sorted(landing.glob(VISITS)):
        split_parquet(file, last.replace("-", ""), place(file, landing, day))
    return last


def place(file: Path, landing: Path, day: Path) -> Path:
    """Where the day's part of a file goes."""
    path = day / file.relative_to(landing)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_stem(f"{path.stem}_day")


def says(file: Path, text: str) -> bool:
    """Whether a text stands anywhere in a file."""
    with (
        file.open("rb") as content,
        mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ) as everything,
    ):
        return everything.find(text.encode()) >= 0


def split_csv(file: Path, columns: list[str], last: str, out: Path) -> None:
    """Move the rows of the last day to `out`; rows without a date follow the one above.

    What a report says above its head goes into both; its totals are true of neither.
    """
    with (
        file.open(encoding="utf-8-sig", newline="") as source,
        written(file.with_suffix(".kept")) as (kept, keep),
        written(out) as (_, move),
    ):
        at, is_late = None, False
        for number, row in enumerate(csv.reader(source)):
            if at is None:
                keep.writerow(row)
                move.writerow(row)
                if set(columns) & set(row):
                    at = [row.index(column) for column in columns]
                    is_report = number > 0
            elif not (is_report and row and row[0].startswith("Total")):
                if dates := [row[i] for i in at if len(row) > i and row[i]]:
                    is_late = max(dates) >= last
                (move if is_late else keep).writerow(row)
    Path(kept.name).replace(file)


def split_lines(file: Path, dated_by: re.Pattern, last: str, out: Path) -> None:
    """Move the lines of the last day to `out`."""
    kept = file.with_suffix(".kept")
    with (
        file.open(encoding="utf-8") as source,
        kept.open("w", encoding="utf-8") as keep,
        out.open("w", encoding="utf-8") as move,
    ):
        for line in source:
            found = dated_by.search(line)
            (move if found and found[1] >= last else keep).write(line)
    kept.replace(file)


@contextlib.contextmanager
def written(path: Path) -> Iterator[tuple]:
    """A CSV file to write, with its writer."""
    with path.open("w", encoding="utf-8", newline="") as file:
        yield file, csv.writer(file, lineterminator="\n")


def split_parquet(file: Path, last: str, out: Path) -> None:
    """Move the events of the last day to `out`."""
    source, kept = literal(file), file.with_suffix(".kept")
    late = f"from read_parquet({source}) where event_date >= '{last}'"
    if duckdb.sql(f"select count(*) {late}").fetchall()[0][0]:
        duckdb.execute(f"copy ({late}) to {literal(out)} {COPY}")
        early = late.replace(">=", "<")
        duckdb.execute(f"copy ({early}) to {literal(kept)} {COPY}")
        kept.replace(file)


def land(day: Path, landing: Path) -> int:
    """Land the files of a day; how many."""
    files = [path for path in sorted(day.rglob("*")) if path.is_file()]
    for file in files:
        to = landing / file.relative_to(day)
        to.unlink(missing_ok=True)
        link_file(file, to)
    return len(files)


STEPS = {"copy": copy, "floor": floor, "ask": ask}


if __name__ == "__main__":
    step, where, compiled, *more = sys.argv[1:]
    print(json.dumps(STEPS[step](Path(where), Path(compiled), *more)))
