"""Measure what the warehouse costs, and write it where docs/benchmarks.md reads it.

    make bench                        # 2,000 and 20,000 orders, and how costs grow
    make bench SIZES="20000 1000000"  # other sizes, in numbers of orders
    make bench-docs                   # only write the page from what was measured

A size that was stopped goes on where it was; one that is done stays as it is until the
project changes or `--again` is said. The data lie below data/bench and are removed when
their size is done.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

from benchmarks import page
from benchmarks.shop import NOTHING, SOURCES, Failed, Shop, room
from warehouse.files import write_whole
from warehouse.inputs import hash_of_files, project_files
from warehouse.paths import PROJECT

RESULTS = PROJECT / "benchmarks" / "results"
SIZES = (2_000, 20_000)
GROWTH_ORDERS = 2_000
LAST = "2026-09-23"
# The first day of a history that long; the longest and all sources are the whole shop.
DAYS = {91: "2026-06-25", 256: "2026-01-11", 723: "2024-10-01"}
SOURCES_SEEN = (1, 4, len(SOURCES))


def main() -> None:
    """Measure the sizes that were asked for, one after the other."""
    options = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("sizes", type=int, nargs="*", metavar="ORDERS")
    options.add_argument(
        "--work", type=Path, default=PROJECT / "data/bench", help="where the data go"
    )
    options.add_argument("--results", type=Path, help="the file to write")
    options.add_argument("--again", action="store_true", help="forget what is done")
    options.add_argument("--keep", action="store_true", help="do not remove the data")
    options.add_argument("--no-growth", action="store_true", help="sizes alone")
    options.add_argument("--no-rivals", action="store_true", help="the warehouse alone")
    options.add_argument("--only-page", action="store_true", help="measure nothing")
    options.add_argument(
        "--sessions-per-order", type=float, default=16, help="fewer make it quick"
    )
    asked = options.parse_args()
    if asked.only_page:
        return finish(page.write(RESULTS))
    asked.work.mkdir(parents=True, exist_ok=True)
    file = asked.results or RESULTS / f"{machine()['name']}.json"
    bench = Bench(asked.work.resolve(), file, asked.again, asked.keep)
    sizes = asked.sizes or list(SIZES)
    began = time.monotonic()
    for orders in sizes:
        bench.size(
            *(orders, asked.sessions_per_order),
            is_largest=orders == max(sizes),
            with_rivals=not asked.no_rivals,
        )
    if not asked.no_growth:
        bench.growth(asked.sessions_per_order)
    minutes = (time.monotonic() - began) / 60
    shown = file.resolve()
    shown = shown.relative_to(PROJECT) if shown.is_relative_to(PROJECT) else shown
    if not asked.results:
        page.write(RESULTS)
    for trouble in bench.troubles:
        print(f"not measured: {trouble}")
    print(f"bench: {bench.done} phases in {minutes:.0f} min; {shown}")
    sys.exit(1 if bench.troubles else 0)


def finish(paths: list[Path]) -> None:
    """Say which files were written."""
    for path in paths:
        print(f"wrote {path.relative_to(PROJECT)}")


GROWN = ("load", "build")
MEASURES = ("seconds", "cpu_seconds", "peak_memory_bytes")


class Bench:
    """A run over sizes; its results are written after each phase.

    Args:
        work: Gets a folder a size.
        file: The results; sizes that are not measured now keep theirs.
        again: Forget what is done.
        keep: Leave the data.
    """

    def __init__(self, work: Path, file: Path, again: bool = False, keep: bool = False):
        self.work, self.file, self.again, self.keep = work, file, again, keep
        self.code = hash_of_files(project_files())[:16]
        self.troubles: list[str] = []
        self.done = 0
        self.results = {"sizes": {}, "growth": {}}
        if file.exists():
            self.results |= json.loads(file.read_text(encoding="utf-8"))
        self.results |= {"machine": machine(), "versions": versions()}

    def size(
        self,
        orders: int,
        sessions: float,
        is_largest: bool = False,
        with_rivals: bool = True,
    ) -> None:
        """All phases of one size, with so many sessions an order."""
        shop = Shop(self.work / f"{orders}", orders, self.say, sessions)
        known = {"code": self.code, "sessions_per_order": sessions}
        if self.again or {name: shop.state.get(name) for name in known} != known:
            shutil.rmtree(shop.folder, ignore_errors=True)
            shop = Shop(shop.folder, orders, self.say, sessions)
        shop.state |= known | {"commit": self.results["versions"]["commit"]}
        shop.forget_failures()
        if not shop.state.get("complete") and (trouble := no_room(shop)):
            self.troubles.append(trouble)
            # What was measured before, on a day with more room, stays.
            self.results["sizes"].setdefault(
                f"{orders}", shop.state | {"no_room": trouble}
            )
            return self.write()
        self.results["sizes"][f"{orders}"] = shop.state
        if shop.state.get("complete"):
            return self.write()
        # What follows is of no use without the phases that are needed.
        steps = [
            (shop.generate, True),
            (shop.load, True),
            (shop.copy, False),
            (shop.start, True),
            *([(shop.build_tight, False)] if is_largest else []),
            (shop.build, True),
            (shop.publish, False),
            (shop.ask, False),
            *([(shop.rivals, False)] if with_rivals else []),
            (shop.new_day, False),
            (shop.build_rivals, False),
        ]
        whole = True
        for step, is_needed in steps:
            try:
                step()
            except Failed as error:
                self.troubles.append(str(error))
                whole = False
                if is_needed:
                    break
            finally:
                self.write()
        if whole:  # a rival that could not run is no reason to keep the data
            shop.state["complete"] = True
            if not self.keep:
                for name in ("data", "target", "ran", "day"):
                    shutil.rmtree(shop.folder / name, ignore_errors=True)
        shop.write()
        self.write()

    def growth(self, sessions: float) -> None:
        """The same orders over longer histories, and from more sources."""
        known = self.results["growth"]
        if self.again or known.get("code") != self.code:
            commit = self.results["versions"]["commit"]
            known = self.results["growth"] = {"code": self.code, "commit": commit}
        known["orders"] = GROWTH_ORDERS
        whole = self.results["sizes"].get(f"{GROWTH_ORDERS}", {}).get("phases", {})
        points = [("days", days, {"first": day}) for days, day in DAYS.items()]
        points += [("sources", n, {"sources": n}) for n in SOURCES_SEEN]
        for kind, value, what in points:
            if f"{value}" in known.setdefault(kind, {}):
                continue
            try:
                if value in (max(DAYS), len(SOURCES)) and page.done(whole, *GROWN):
                    phases = whole
                else:
                    self.say(f"{'growth':>12}  {kind}: {value}", counts=False)
                    phases = self.grow(sessions, **what)
            except Failed as error:
                self.troubles.append(f"growth, {kind} {value}: {error}")
            else:
                known[kind][f"{value}"] = {
                    name: {key: phases[name][key] for key in MEASURES} for name in GROWN
                }
                self.write()
        if not self.keep:
            shutil.rmtree(self.work / "growth", ignore_errors=True)

    def grow(
        self,
        sessions: float,
        first: str = DAYS[max(DAYS)],
        sources: int | None = None,
    ) -> dict:
        """Load and build a shop of `GROWTH_ORDERS` orders; its phases.

        All of them in one folder: in another one dbt would read the project anew.
        """
        folder = self.work / "growth"
        for name in ("data", "day"):
            shutil.rmtree(folder / name, ignore_errors=True)
        (folder / "phases.json").unlink(missing_ok=True)
        history = ["--start", first, "--end", LAST]
        shop = Shop(folder, GROWTH_ORDERS, self.say, sessions, history, sources)
        shop.generate()
        shop.load()
        shop.command("start", "build", "--select", NOTHING)
        shop.from_nothing()
        shop.command("build", "build")
        return shop.phases

    def say(self, line: str, counts: bool = True) -> None:
        """A line about a phase."""
        self.done += counts
        print(line, flush=True)

    def write(self) -> None:
        """Put the results down, small and in a fixed order."""
        self.results["sizes"] = dict(
            sorted(self.results["sizes"].items(), key=lambda item: int(item[0]))
        )
        self.file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.file, json.dumps(self.results, indent=1) + "\n")


def no_room(shop: Shop) -> str | None:
    """Why a shop has no room on the disk, else None; what lies there already counts."""
    there = sum(v for name, v in shop.facts.items() if name.endswith("_bytes"))
    need = room(shop.orders, shop.sessions_per_order) - there
    free = shutil.disk_usage(shop.folder.parent).free
    if free >= need:
        return None
    return (
        f"{shop.orders:,} orders need about {need / 1e9:,.0f} GB of disk while they "
        f"are measured; {free / 1e9:,.0f} GB are free"
    )


def machine() -> dict:
    """What was measured on; its name is that of the results' file."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    cores = cores or os.cpu_count()
    model = ""
    if (info := Path("/proc/cpuinfo")).exists():
        named = [x for x in info.read_text().splitlines() if x.startswith("model name")]
        model = named[0].partition(":")[2].strip() if named else ""
    gigabytes = round(memory / 2**30)
    return {
        "name": f"{cores}-cores-{gigabytes}-gb",
        "cores": cores,
        "memory_gb": gigabytes,
        "processor": model or platform.machine(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def versions() -> dict:
    """Of what the figures depend on, and the project's commit."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    return {
        "Python": platform.python_version(),
        "DuckDB": version("duckdb"),
        "dbt": version("dbt-core"),
        "dbt-duckdb": version("dbt-duckdb"),
        "commit": done.stdout.strip() or "unknown",
    }


if __name__ == "__main__":
    main()
