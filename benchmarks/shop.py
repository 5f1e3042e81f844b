"""One shop of the benchmark: its data folder, and the phases that are measured on it.

A phase that is done is written down beside the data and not done again, so a benchmark
that was stopped goes on where it was.
"""

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure import Measured, measure, size
from benchmarks.steps import hold_back, land
from warehouse.files import write_whole
from warehouse.paths import PROJECT

NOTHING = "kpi_of_nothing"  # a selector that no model has: a build of nothing
TIGHT = "2GB"
# What a rival's script prints, on its last line.
RIVAL = {"name", "seconds", "cpu_seconds", "peak_memory_bytes", "kpis"}
RIVALS = PROJECT / "benchmarks" / "rivals"
# Sources in the order in which a shop would take them up.
SOURCES = (
    "shopify", "ga4", "google_ads", "flat", "meta_ads", "klaviyo", "search_console",
    "zendesk", "mailchimp", "shipstation", "woocommerce", "judgeme", "pbx",
    "uptimerobot",
)  # fmt: skip


# Bytes of disk that a size takes at most: landing, lake, a publication, and a warehouse
# file that holds a build and the one before. Measured at 600 and 20,000 orders.
FIXED_BYTES, ORDER_BYTES, SESSION_BYTES = 450e6, 30e3, 2.2e3


class Failed(Exception):
    """A phase that came to no end; its text says why."""


@dataclass
class Shop:
    """A data folder, and what was measured on it.

    Attributes:
        folder: Holds `data/`, `target/` (dbt's), `ran/` (what dbt ran in the whole
            build), `day/` and `phases.json`.
        orders: How many the generator is asked for.
        say: Where a line about each phase goes.
        sessions_per_order: How many it is asked for of these.
        options: More arguments of `warehouse demo`.
        sources: Only this many of `SOURCES`; all when None.
        state: What is written down: facts, phases, and what the code was.
    """

    folder: Path
    orders: int
    say: Callable[[str], None] = print
    sessions_per_order: float = 16
    options: list[str] = field(default_factory=list)
    sources: int | None = None
    state: dict = field(default_factory=lambda: {"facts": {}, "phases": {}})

    def __post_init__(self):
        self.data, self.target = self.folder / "data", self.folder / "target"
        self.day, self.ran = self.folder / "day", self.folder / "ran"
        self.notes = self.folder / "phases.json"
        if self.notes.exists():
            self.state = json.loads(self.notes.read_text(encoding="utf-8"))

    @property
    def phases(self) -> dict[str, dict]:
        """What each phase that is done took, by its name."""
        return self.state["phases"]

    @property
    def facts(self) -> dict:
        """What the shop holds: orders, sessions, events, days, bytes."""
        return self.state["facts"]

    @property
    def environment(self) -> dict[str, str]:
        """That of every command."""
        paths = [str(PROJECT / "scripts"), os.environ.get("PYTHONPATH")]
        mine = {
            "WAREHOUSE_TARGET": "demo",
            "WAREHOUSE_DATA": str(self.data),
            "DBT_TARGET_PATH": str(self.target),
            "DO_NOT_TRACK": "1",
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        }
        return {k: v for k, v in os.environ.items() if k != "WAREHOUSE_MEMORY"} | mine

    # -------------------------------------------------------------------- the phases

    def generate(self) -> None:
        """The exports of the shop, its newest day held back."""
        if "demo" in self.phases and self.data.exists():
            return
        self.state |= {"facts": {}, "phases": {}}
        for path in (self.data, self.day):
            shutil.rmtree(path, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        out = ["--out", str(self.data), "--orders", str(self.orders)]
        out += ["--sessions-per-order", str(self.sessions_per_order)]
        self.command("demo", "demo", *out, *self.options)
        made = json.loads((self.data / "demo_files.json").read_text(encoding="utf-8"))
        self.facts["arguments"] = made["arguments"]
        landing = self.data / "landing"
        for source in landing.iterdir() if self.sources else ():
            if source.name not in SOURCES[: self.sources]:
                shutil.rmtree(source)
        self.facts["day"] = hold_back(landing, self.day)
        self.facts["landing_bytes"] = size(landing)
        self.facts["day_bytes"] = size(self.day)
        self.write()

    def load(self) -> None:
        """Exports into the lake, and DuckDB's COPY of the same files."""
        if "load" not in self.phases:
            shutil.rmtree(self.data / "lake", ignore_errors=True)
        self.command("load", "load")
        self.facts["lake_bytes"] = size(self.data / "lake")
        self.facts.update(self.rows())
        self.write()

    def copy(self) -> None:
        """DuckDB's own COPY of the landed files: what loading costs at least."""
        self.step("copy", "copy")
        shutil.rmtree(self.data / "copied", ignore_errors=True)

    def start(self) -> None:
        """What dbt takes before the first model: all to be parsed, and all known."""
        if "parse" not in self.phases:
            shutil.rmtree(self.target, ignore_errors=True)
        self.command("parse", "build", "--select", NOTHING)
        self.command("start", "build", "--select", NOTHING)

    def build(self) -> None:
        """Everything from nothing, and the same SQL without dbt."""
        if "build" not in self.phases:
            self.from_nothing()
            self.command("build", "build")
            self.phases["build"] |= self.told()
            # A later build of a part writes other statements in their place.
            shutil.rmtree(self.ran, ignore_errors=True)
            shutil.copytree(self.target / "run", self.ran / "run")
            shutil.copy(self.target / "manifest.json", self.ran)
            self.facts["warehouse_bytes"] = size(self.data / "warehouse.duckdb")
            self.write()
        self.step("floor", "floor")
        shutil.rmtree(self.data / "floor", ignore_errors=True)

    def build_tight(self) -> None:
        """Everything from nothing, with two gigabytes for DuckDB."""
        name = f"build in {TIGHT}"
        if name not in self.phases:
            self.from_nothing()
            self.command(name, "build", WAREHOUSE_MEMORY=TIGHT)
            self.from_nothing()

    def publish(self) -> None:
        """Check, and the copy that readers get."""
        self.command("check", "check")
        self.command("publish", "publish")
        current = self.data / "published" / "current"
        self.facts["published_bytes"] = size(current.resolve())
        self.write()

    def ask(self) -> None:
        """The queries of a BI tool."""
        self.step("queries", "ask")

    def new_day(self) -> None:
        """One more day of exports, loaded and built onto what is there."""
        if "load of a day" not in self.phases:
            self.facts["day_files"] = land(self.day, self.data / "landing")
            # What a build that was stopped has half done would be counted to the day.
            self.command("load of a day", "load")
        self.command("build of a day", "build")
        self.phases["build of a day"] |= self.told()
        self.write()

    def rivals(self) -> None:
        """The same KPIs by other means, and by these models' SQL without dbt."""
        for script in rival_scripts():
            name = f"rival {script.stem}"
            if name in self.phases:
                continue
            done = measure(
                [sys.executable, str(script), "--data", str(self.data)],
                PROJECT,
                self.environment,
            )
            try:
                told = json.loads(done.output.splitlines()[-1])
                if done.code:
                    raise ValueError("it ended with an error")
                if why := told.get("skipped"):
                    raise ValueError(why)
                if missing := RIVAL - told.keys():
                    raise ValueError(f"it does not say {', '.join(sorted(missing))}")
            except (ValueError, IndexError, AttributeError) as error:
                ended = f" ({tail(done)})" if done.code else ""
                self.note(name, done, failed=f"{error}{ended}")
            else:
                self.note(name, done, **told, whole=done.row)
        if kpis := self.rival_kpis():
            self.step("floor of the rivals' KPIs", "floor", *kpis)
            shutil.rmtree(self.data / "floor", ignore_errors=True)

    def build_rivals(self) -> None:
        """The rivals' KPIs by dbt, with no other; the whole warehouse is gone then."""
        name = "build of the rivals' KPIs"
        if (kpis := self.rival_kpis()) and name not in self.phases:
            self.from_nothing()
            chosen = [word for kpi in kpis for word in ("--select", f"+kpi_{kpi}")]
            self.command(name, "build", *chosen)

    # ------------------------------------------------------------------ how it is done

    def command(self, name: str, *words: str, **variables: str) -> None:
        """A command of `warehouse`, unless the phase is done.

        Raises:
            Failed: It ended with an error.
        """
        if name not in self.phases:
            command = [sys.executable, "-m", "warehouse", *words]
            done = measure(command, PROJECT, self.environment | variables)
            self.note(name, done, failed=tail(done) if done.code else None)
        self.require(name)

    def step(self, name: str, *words: str) -> None:
        """A step of `benchmarks.steps`, unless the phase is done.

        Raises:
            Failed: It ended with an error.
        """
        if name not in self.phases:
            step, *more = words
            where = [str(self.data), str(self.ran), *more]
            command = [sys.executable, "-m", "benchmarks.steps", step, *where]
            done = measure(command, PROJECT, self.environment)
            told = json.loads(done.output) if done.code == 0 else {}
            self.note(name, done, failed=tail(done) if done.code else None, **told)
        self.require(name)

    def note(
        self, phase: str, done: Measured, failed: str | None = None, **told
    ) -> None:
        """Write a phase down, and say it."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        load = round(os.getloadavg()[0], 1)
        row = {"at": now, "load_average": load, **done.row, **told}
        if failed:
            row["failed"] = failed
        self.phases[phase] = row
        self.write()
        words = "FAILED" if failed else ""
        self.say(
            f"{self.folder.name:>12}  {phase:<26} {row['seconds']:8.1f} s  "
            f"CPU {row['cpu_seconds']:8.1f} s  "
            f"{row['peak_memory_bytes'] / 1e9:5.2f} GB  {words}".rstrip()
        )

    def require(self, name: str) -> None:
        """Raise `Failed` if a phase that others need has failed."""
        if failed := self.phases[name].get("failed"):
            raise Failed(f"{self.folder.name}, {name}: {failed}")

    def forget_failures(self) -> None:
        """Phases that failed are tried again."""
        self.state["phases"] = {
            name: row for name, row in self.phases.items() if "failed" not in row
        }

    def write(self) -> None:
        """Put what is known beside the data."""
        write_whole(self.notes, json.dumps(self.state, indent=1) + "\n")

    def from_nothing(self) -> None:
        """Remove the warehouse file and what belongs to it."""
        for path in self.data.glob("warehouse*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def rows(self) -> dict[str, int]:
        """Events that were loaded, by the loader's ledger, and all rows."""
        import duckdb

        files = self.data / "lake" / "loader" / "files" / "*.parquet"
        found = duckdb.execute(
            "select source, sum(rows_loaded) from read_parquet(?, union_by_name = true)"
            " group by source",
            [str(files)],
        ).fetchall()
        by_source = {source: int(rows or 0) for source, rows in found}
        return {"rows": sum(by_source.values()), "events": by_source.get("ga4", 0)}

    def told(self) -> dict:
        """What dbt wrote of its last build: how many nodes, and the slowest."""
        text = (self.target / "run_results.json").read_text(encoding="utf-8")
        results = json.loads(text)
        taken = {
            one["unique_id"].split(".", 2)[-1]: one["execution_time"]
            for one in results["results"]
        }
        ordered = sorted(taken.items(), key=lambda item: -item[1])[:8]
        return {
            "nodes": len(taken),
            "inside_dbt": round(results["elapsed_time"], 3),
            "slowest": [[name, round(seconds, 3)] for name, seconds in ordered],
        }

    def rival_kpis(self) -> list[str]:
        """The KPIs that at least one rival computed."""
        return sorted(
            {kpi for name, row in self.phases.items() if name.startswith("rival ")
             for kpi in row.get("kpis", [])}
        )  # fmt: skip


def room(orders: int, sessions_per_order: float = 16) -> float:
    """About how many bytes of disk a size needs while it is measured."""
    return FIXED_BYTES + orders * (ORDER_BYTES + sessions_per_order * SESSION_BYTES)


def rival_scripts() -> list[Path]:
    """The files of benchmarks/rivals that are programs; others are what they share."""
    return [
        path
        for path in sorted(RIVALS.glob("*.py"))
        if 'if __name__ == "__main__":' in path.read_text(encoding="utf-8")
    ]


def tail(done: Measured) -> str:
    """What a command said last, on one line."""
    lines = (done.errors.strip() or done.output.strip()).splitlines()
    return f"exit code {done.code}: " + " ".join(" ".join(lines[-6:]).split())[-600:]
