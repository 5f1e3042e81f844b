"""The tables of docs/benchmarks.md, those of docs/spark.md, and the plots, written from
what was measured.

What stands between `<!-- benchmarks: NAME -->` and `<!-- end -->` on a page is made
here; the words around it are written by people.
"""

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks.plots import draw, exponent
from benchmarks.shop import room
from benchmarks.spark import (
    EVENT_BYTES,
    MODEL_CORES,
    MODEL_DISK,
    MODEL_EVENTS,
    MODEL_MACHINES,
    crossing,
    fitted,
    seconds,
)
from warehouse.files import write_whole
from warehouse.paths import PROJECT

PAGES = PROJECT / "docs" / "benchmarks.md", PROJECT / "docs" / "spark.md"
PLOTS = PROJECT / "docs" / "benchmarks"
BLOCK = re.compile(r"<!-- benchmarks: (\w+) -->\n.*?<!-- end -->", re.DOTALL)
DEMO, LARGE = "20000", "10000000"
USUAL_VISITS = 16  # tracked ones, for each order of the demo
GIGABYTE = 1e9
# Phases in the order of the table, and what they are called there.
NAMES = {
    "demo": "make the exports",
    "load": "`warehouse load`",
    "copy": "DuckDB's COPY of the same files",
    "parse": "dbt reads the project for the first time",
    "start": "dbt's fixed start: a build of nothing",
    "build": "`warehouse build`, everything from nothing",
    "floor": "the same SQL in one DuckDB process",
    "build in 2GB": "the build with `WAREHOUSE_MEMORY=2GB`",
    "check": "`warehouse check`",
    "publish": "`warehouse publish`",
    "load of a day": "`warehouse load` of one new day",
    "build of a day": "`warehouse build` of one new day",
    "queries": "all queries below, three times",
}
ASKED = {
    "kpi": "a KPI's last 13 months, whole or by a dimension",
    "scorecard": "the month's scorecard by a dimension",
    "drivers": "what moved a KPI",
    "parquet": "the first, over `kpi_values.parquet`",
}
NOT_YET = "not measured"


def write(results: Path) -> list[Path]:
    """Write the pages and plots from the results' files; the paths written."""
    files = documents(results)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)
    return list(files)


def documents(results: Path, pages: Iterable[Path] = PAGES) -> dict[Path, str]:
    """What the pages and the plots should say, by path.

    Args:
        results: The folder of `<machine>.json`.
        pages: Those with the words around the tables.

    Raises:
        KeyError: A page asks for a table of no known name.
    """
    runs = [
        json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(results.glob("*.json"))
    ]
    drawn = {PLOTS / name: svg for run in runs for name, svg in plots(run).items()}

    def block(found: re.Match) -> str:
        name = found[1]
        texts = [f"{heading(run)}{TABLES[name](run)}" for run in runs]
        body = "\n\n".join(filter(None, texts)) or f"{NOT_YET.capitalize()}."
        return f"<!-- benchmarks: {name} -->\n\n{body}\n\n<!-- end -->"

    def heading(run: dict) -> str:
        return f"**{run['machine']['name']}**\n\n" if len(runs) > 1 else ""

    texts = {page: page.read_text(encoding="utf-8") for page in pages}
    return {page: BLOCK.sub(block, text) for page, text in texts.items()} | drawn


# -------------------------------------------------------------------------- the tables


def machine(run: dict) -> str:
    """What was measured on, with which versions."""
    told = run["machine"]
    versions = run["versions"] | {"commit": commits(run)}
    words = ", ".join(f"{name} {value}" for name, value in versions.items())
    loads = [row["load_average"] for row in phases(run)]
    busy = f" Others were at work: load {min(loads)} to {max(loads)}." * bool(
        loads and max(loads) > 1.5 * told["cores"]
    )
    return (
        f"{told['cores']} cores ({told['processor']}), {told['memory_gb']} GB of "
        f"memory, {told['system']}; {words}.{busy}"
    )


def commits(run: dict) -> str:
    """The commit that was measured; where they are several, what on which."""
    parts = {f"{int(orders):,} orders": shop for orders, shop in run["sizes"].items()}
    if run.get("growth"):
        parts["growth over days and sources"] = run["growth"]
    last = run["versions"].get("commit", "unknown")
    measured: dict[str, list[str]] = {}
    for name, part in parts.items():
        commit = part.get("commit", last)
        measured.setdefault(commit, []).append(name)
    if len(measured) < 2:
        return next(iter(measured), last)
    return " and ".join(
        f"{commit} ({', '.join(names)})" for commit, names in measured.items()
    )


def goals(run: dict) -> str:
    """What was aimed at, what came out, and whether it is met."""
    rows = [("goal", "measured", "met?")]
    for goal, (met, measured) in {
        "a build of the demo takes at most twice its SQL, and dbt's fixed start": (
            twice_the_floor(run)
        ),
        "10 million orders: at most 1.3 times its SQL": large(run, of_floor),
        "10 million orders: at most 8 GB of memory": large(run, of_memory),
        "the largest size here: at most 1.3 times its SQL": largest(run, of_floor),
        "the largest size here: at most 8 GB of memory": largest(run, of_memory),
        "it is built with 2 GB for DuckDB": largest(run, of_tight),
        "one new day of the demo: at most 5% of a whole build": demo(run, of_day),
        "one new day of the largest size: at most 5%": largest(run, of_day),
        "a KPI's query: 95 of 100 within 50 ms": largest(run, of_queries),
        "loading at least half as fast as DuckDB's COPY": largest(run, of_copy),
    }.items():
        rows.append((goal, measured, {True: "yes", False: "no", None: "–"}[met]))
    return table(rows)


def costs(run: dict) -> str:
    """Seconds, processor seconds and memory of each phase, a column a size."""
    sizes = run["sizes"]
    rows = [("", *(column(orders, shop) for orders, shop in sizes.items()))]
    for name, words in NAMES.items():
        cells = [cost(shop["phases"].get(name)) for shop in sizes.values()]
        if any(cells):
            rows.append((words, *(cell or "–" for cell in cells)))
    lines = [shop["no_room"] for shop in sizes.values() if shop.get("no_room")]
    notes = "".join(f"\n\n{line[0].upper()}{line[1:]}: not measured." for line in lines)
    return table(rows) + "\n\nSeconds (processor seconds), peak of memory." + notes


def queries(run: dict) -> str:
    """What BI asks, a row a kind and size."""
    head = ("median", "95 of 100", "slowest", "95 of 100, processor time")
    rows = [("", "orders", "queries", *head)]
    keys = ("p50_ms", "p95_ms", "max_ms", "p95_cpu_ms")
    for orders, shop in run["sizes"].items():
        found = shop["phases"].get("queries", {})
        for kind, words in ASKED.items():
            if told := found.get(kind):
                times = (f"{told[key]:.1f} ms" for key in keys)
                rows.append((words, f"{int(orders):,}", f"{told['queries']:,}", *times))
    return table(rows) if len(rows) > 1 else ""


def disk(run: dict) -> str:
    """Bytes of each part, and an order's share."""
    parts = ("landing", "lake", "warehouse", "published")
    rows = [("orders", "rows", "events", *parts, "an order's share")]
    for orders, shop in run["sizes"].items():
        facts = shop["facts"]
        known = [facts.get(f"{part}_bytes", 0) for part in parts]
        if facts.get("rows") and all(known):
            rows.append(
                (f"{int(orders):,}", f"{facts['rows']:,}", f"{facts['events']:,}",
                 *(f"{size / 1e6:,.0f} MB" for size in known),
                 f"{sum(known) / int(orders) / 1e3:,.0f} kB")
            )  # fmt: skip
    sizes = 1_000_000, int(LARGE)
    usual, few = (
        [f"{room(orders, sessions) / GIGABYTE:,.0f} GB" for orders in sizes]
        for sessions in (16, 2)
    )
    need = (
        f"{sizes[0]:,} orders need about {usual[0]} while they are measured, "
        f"{sizes[1]:,} about {usual[1]}; with `--sessions-per-order 2` it is {few[0]} "
        f"and {few[1]}."
    )
    return f"{table(rows)}\n\n{need}" if len(rows) > 1 else need


def rivals(run: dict) -> str:
    """The same KPIs by other means; what a rival measured beside itself follows it."""
    rows = [("", "orders", "KPIs", "seconds", "processor seconds", "memory")]
    own = {
        "build of the rivals' KPIs": "`warehouse build` of these KPIs, with tests",
        "floor of the rivals' KPIs": "the same models in one DuckDB process",
    }
    beside = {
        "compared": "beside {}: the same models by dbt on DuckDB",
        "unchanged": "{}, again, with nothing changed",
        "load": "{}: filling its tables from the lake",
    }
    for orders, shop in run["sizes"].items():
        found = shop["phases"]
        count = len(
            {kpi for name, row in found.items() if name.startswith("rival ")
             for kpi in row.get("kpis", [])}
        )  # fmt: skip
        for name, row in found.items():
            size = f"{int(orders):,}"
            if name not in own and not name.startswith("rival "):
                continue
            if "failed" in row:
                why = row["failed"][:120].replace("|", "/")
                words = name.removeprefix("rival ").replace("_", " ")
                rows.append((own.get(name, words), size, f"{NOT_YET}: {why}"))
            elif name in own:
                rows.append((own[name], size, f"{count}", *figures(row)))
            else:
                words, kpis = row["name"], f"{len(row['kpis'])}"
                if values := row.get("values_compared"):
                    words += f", {values:,} values agree"
                rows.append((words, size, kpis, *figures(row)))
                for what, said in beside.items():
                    if f"{what}_seconds" in row:
                        cells = figures(row, f"{what}_")
                        rows.append((said.format(row["name"]), size, kpis, *cells))
    return table(rows) if len(rows) > 1 else ""


def growth(run: dict) -> str:
    """The exponents, and the plots."""
    rows = [("", "over", "from … to", "exponent", "of the last step")]
    for across, lines in grown(run).items():
        for name, points in lines.items():
            if len(points) > 1:
                ends = f"{points[0][0]:,.0f} … {points[-1][0]:,.0f}"
                all_of_it, last = exponent(points), exponent(points[-2:])
                rows.append((name, across, ends, f"{all_of_it:.2f}", f"{last:.2f}"))
    if len(rows) == 1:
        return ""
    pictures = [f"![{alt}](benchmarks/{name})" for name, alt in titles(run).items()]
    return "\n\n".join([table(rows), *pictures])


def slowest(run: dict) -> str:
    """What takes longest inside the largest build, beside its SQL alone."""
    for orders, shop in reversed(run["sizes"].items()):
        build, floor = (shop["phases"].get(name, {}) for name in ("build", "floor"))
        if "slowest" in build and "slowest" in floor:
            alone = dict(floor["slowest"])
            rows = [(f"of {int(orders):,} orders", "inside dbt", "its SQL alone")]
            for name, seconds in build["slowest"]:
                own = f"{alone[name]:.1f} s" if name in alone else "less than these"
                rows.append((f"`{name}`", f"{seconds:.1f} s", own))
            return table(rows)
    return ""


def engines(run: dict) -> str:
    """The same models on DuckDB and Spark as events grow, and the lines through it."""
    told = run.get("spark", {"sizes": []})
    if len(told["sizes"]) < 2:  # no line goes through one point
        return ""
    rows = [("events", "DuckDB", "Spark", "Spark's processor time by DuckDB's")]
    for row in told["sizes"]:
        ratio = row["spark"]["cpu_seconds"] / row["duckdb"]["cpu_seconds"]
        cells = [figures(row[engine])[:2] for engine in ("duckdb", "spark")]
        cells = [f"{seconds} ({cpu}) s" for seconds, cpu in cells]
        rows.append((f"{row['events']:,}", *cells, f"{ratio:.1f}"))
    found = fitted(told)
    words = (
        f"{name} {fixed:.0f} s and {slope:.1f} s a million events"
        for name, (fixed, slope) in (
            ("DuckDB", found["duckdb"]),
            ("Spark", found["spark"]),
        )
    )
    load = told["load_average"]
    busy = f" Others were at work: load {load}." * (load > 1.5 * told["cores"])
    return (
        f"{table(rows)}\n\nSeconds (processor seconds) of "
        f"{' and '.join(f'`{model}`' for model in told['models'])} by dbt on "
        f"{told['cores']} cores, Spark {told['versions']['Spark']}. Lines through the "
        f"processor seconds: "
        f"{'; '.join(words)}.{busy}"
    )


def cost_model(run: dict) -> str:
    """What the cost model says of sizes that were not measured."""
    told = run.get("spark", {"sizes": []})
    if len(told["sizes"]) < 2:  # no line goes through one point
        return ""
    found = fitted(told)
    duckdb, spark = found["duckdb"], found["spark"]
    room_for = MODEL_DISK / EVENT_BYTES
    head = (f"{machines} machines with Spark" for machines in MODEL_MACHINES)
    rows = [("events", "DuckDB", *head)]
    for events in MODEL_EVENTS:
        alone = seconds(duckdb, events, 1, MODEL_CORES)
        cells = [in_time(alone) if events <= room_for else "no room"]
        for machines in MODEL_MACHINES:
            cells.append(in_time(seconds(spark, events, machines, MODEL_CORES)))
        rows.append((f"{events:,.0f}", *cells))
    crossings = [crossing(duckdb, spark, m, MODEL_CORES) for m in MODEL_MACHINES]
    cells = [f"{x / 1e6:,.0f} million" if x is not None else "never" for x in crossings]
    rows.append(("Spark is faster from", "", *cells))
    return (
        "**A model, not a measurement**: machines of "
        f"{MODEL_CORES} cores and {MODEL_DISK / 1e12:g} TB of disk, the lines above, "
        f"and work that spreads over all cores.\n\n{table(rows)}\n\n"
        f"Spark is never faster on fewer than {spark[1] / duckdb[1]:.1f} times as many "
        f"cores. A whole shop takes about {EVENT_BYTES:,.0f} bytes of disk an event, "
        f"so one machine has room for {room_for / 1e9:,.1f} billion."
    )


TABLES: dict[str, Callable[[dict], str]] = {
    one.__name__: one
    for one in (
        *(machine, goals, costs, queries, disk, rivals, growth, slowest),
        *(engines, cost_model),
    )
}


# --------------------------------------------------------------------------- the goals

Outcome = tuple[bool | None, str]


def twice_the_floor(run: dict) -> Outcome:
    """The demo's build against twice its floor and dbt's start."""
    found = run["sizes"].get(DEMO, {}).get("phases", {})
    if not done(found, "build", "floor", "start"):
        return None, NOT_YET
    met, words = [], []
    for key, unit in (("seconds", "s"), ("cpu_seconds", "processor seconds")):
        build, floor, start = (found[n][key] for n in ("build", "floor", "start"))
        most = 2 * floor + start
        met.append(build <= most)
        words.append(
            f"{build:.0f} of 2 × {floor:.0f} + {start:.0f} = {most:.0f} {unit}"
        )
    return met[0], "; ".join(words)


def demo(run: dict, of: Callable) -> Outcome:
    """An outcome of the demo's size."""
    return of(run["sizes"].get(DEMO, {}).get("phases", {})) or (None, NOT_YET)


def large(run: dict, of: Callable) -> Outcome:
    """An outcome of ten million orders, or the reason why there is none."""
    shop = run["sizes"].get(LARGE, {})
    reason = shop.get("no_room") or (
        f"it needs about {room(int(LARGE)) / GIGABYTE:,.0f} GB of disk"
    )
    return of(shop.get("phases", {})) or (None, f"{NOT_YET}: {reason}")


def largest(run: dict, of: Callable) -> Outcome:
    """An outcome of the largest size that has one."""
    for orders, shop in reversed(run["sizes"].items()):
        if outcome := of(shop["phases"]):
            return outcome[0], f"{int(orders):,} orders: {outcome[1]}"
    return None, NOT_YET


def of_floor(found: dict) -> Outcome | None:
    """The whole build against the same SQL alone."""
    if not done(found, "build", "floor"):
        return None
    ratio = found["build"]["seconds"] / found["floor"]["seconds"]
    cpu = found["build"]["cpu_seconds"] / found["floor"]["cpu_seconds"]
    return ratio <= 1.3, f"{ratio:.2f} times; {cpu:.2f} times in processor seconds"


def of_memory(found: dict) -> Outcome | None:
    """The whole build's peak."""
    if not done(found, "build"):
        return None
    peak = found["build"]["peak_memory_bytes"]
    return peak <= 8 * GIGABYTE, f"{peak / GIGABYTE:.1f} GB"


def of_tight(found: dict) -> Outcome | None:
    """Whether a build ends that may take two gigabytes."""
    row = found.get("build in 2GB")
    if row is None:
        return None
    if "failed" in row:
        return False, row["failed"][:160]
    return True, f"{row['seconds']:.0f} s, {row['peak_memory_bytes'] / GIGABYTE:.1f} GB"


def of_day(found: dict) -> Outcome | None:
    """Loading and building a new day against building everything."""
    if not done(found, "build", "build of a day", "load of a day"):
        return None
    steps = found["load of a day"], found["build of a day"]
    shares = [
        sum(step[key] for step in steps) / found["build"][key]
        for key in ("seconds", "cpu_seconds")
    ]
    return shares[0] <= 0.05, (
        f"{shares[0]:.0%} ({sum(step['seconds'] for step in steps):.0f} s of "
        f"{found['build']['seconds']:.0f}); {shares[1]:.0%} in processor seconds"
    )


def of_queries(found: dict) -> Outcome | None:
    """The queries of KPIs."""
    if not done(found, "queries"):
        return None
    told = found["queries"]["kpi"]
    return told["p95_ms"] <= 50, (
        f"{told['p95_ms']:.1f} ms, {told['p95_cpu_ms']:.1f} ms of processor time; the "
        f"slowest of {told['asked']:,} {told['max_ms']:.0f} ms"
    )


def of_copy(found: dict) -> Outcome | None:
    """Loading against COPY."""
    if not done(found, "load", "copy"):
        return None
    share = found["copy"]["seconds"] / found["load"]["seconds"]
    cpu = found["copy"]["cpu_seconds"] / found["load"]["cpu_seconds"]
    return share >= 0.5, f"{share:.2f} of its speed; {cpu:.2f} in processor seconds"


def done(found: dict, *names: str) -> bool:
    """Whether these phases were measured and came to an end."""
    return all(name in found and "failed" not in found[name] for name in names)


# --------------------------------------------------------------------------- the plots


def grown(run: dict) -> dict[str, dict[str, list[tuple[float, float]]]]:
    """Points by what grows and what is measured: processor seconds, which depend least
    on who else is at work, and gigabytes of memory."""
    found: dict = {"orders": {}}
    # Orders with fewer visits are cheaper ones, on no line with the others.
    alike = {o: s for o, s in run["sizes"].items() if visits(s) == USUAL_VISITS}
    for name, words in (
        ("build", "full build"), ("floor", "its SQL alone"), ("load", "load"),
        ("publish", "publish"), ("build of a day", "one new day"),
    ):  # fmt: skip
        rows = [(int(o), s["phases"].get(name)) for o, s in alike.items()]
        rows = [(orders, row) for orders, row in rows if row and "failed" not in row]
        found["orders"][words] = [(n, row["cpu_seconds"]) for n, row in rows]
        if name in ("build", "load", "publish"):
            found["orders"][f"{words}, memory"] = [
                (orders, row["peak_memory_bytes"] / GIGABYTE) for orders, row in rows
            ]
    for kind in ("days", "sources"):
        rows = run.get("growth", {}).get(kind, {})
        found[kind] = {
            words: [(int(n), row[name]["cpu_seconds"]) for n, row in rows.items()]
            for name, words in (("build", "full build"), ("load", "load"))
        }
        found[kind]["full build, memory"] = [
            (int(n), row["build"]["peak_memory_bytes"] / GIGABYTE)
            for n, row in rows.items()
        ]
    return {
        across: {name: points for name, points in lines.items() if len(points) > 1}
        for across, lines in found.items()
    }


def plots(run: dict) -> dict[str, str]:
    """The SVG files of a run, by name."""
    drawn = {}
    for across, lines in grown(run).items():
        for what, unit in (("time", "s"), ("memory", "GB")):
            chosen = {
                name.removesuffix(", memory"): points
                for name, points in lines.items()
                if name.endswith(", memory") == (what == "memory")
            }
            if chosen:
                name = plot_name(run, what, across)
                title = plot_title(run, what, across)
                drawn[name] = draw(title, chosen, across, unit)
    return drawn


def titles(run: dict) -> dict[str, str]:
    """What each plot shows, by its file's name."""
    return {
        name: plot_title(run, *name.removesuffix(".svg").split("-")[-3::2])
        for name in plots(run)
    }


def plot_name(run: dict, what: str, across: str) -> str:
    """A plot's file."""
    return f"{run['machine']['name']}-{what}-by-{across}.svg"


def plot_title(run: dict, what: str, across: str) -> str:
    """What a plot shows, in a few words."""
    orders = run.get("growth", {}).get("orders", 0)
    tail = "" if across == "orders" else f" ({orders:,} orders)"
    what = {"time": "Processor time", "memory": "Memory"}[what]
    return f"{what} over {across}{tail}, logarithmic"


# --------------------------------------------------------------------------- in words


def cost(row: dict | None) -> str:
    """A phase in a cell."""
    if row is None:
        return ""
    words = "failed after " * ("failed" in row)
    seconds, cpu = row["seconds"], row["cpu_seconds"]
    memory = row["peak_memory_bytes"] / GIGABYTE
    return f"{words}{seconds:,.1f} ({cpu:,.1f}) s, {memory:.2f} GB"


def in_time(seconds: float) -> str:
    """Seconds in a unit that can be read."""
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:,.0f} s"


def visits(shop: dict) -> float:
    """How many tracked visits a size has for each order."""
    return shop.get("sessions_per_order", USUAL_VISITS)


def column(orders: str, shop: dict) -> str:
    """A size as the head of a column, with its visits where they are not the usual."""
    told = f", {visits(shop):g} sessions each" * (visits(shop) != USUAL_VISITS)
    return f"{int(orders):,} orders{told}"


def figures(row: dict, of: str = "") -> tuple[str, str, str]:
    """What something took in three cells; a dash for what is not known."""
    seconds, cpu, memory = (
        row.get(f"{of}{key}") for key in ("seconds", "cpu_seconds", "peak_memory_bytes")
    )
    return (
        "–" if seconds is None else f"{seconds:,.1f}",
        "–" if cpu is None else f"{cpu:,.1f}",
        "–" if memory is None else f"{memory / GIGABYTE:.2f} GB",
    )


def table(rows: Iterable[tuple]) -> str:
    """Rows as Markdown, the first one its head."""
    head, *body = rows
    body = [(*row, *[""] * (len(head) - len(row))) for row in body]
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def phases(run: dict) -> list[dict]:
    """Every phase of every size."""
    return [row for shop in run["sizes"].values() for row in shop["phases"].values()]
