"""How a warehouse stands: fresh sources, last run, build, check, what readers see."""

import datetime as dt
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from warehouse.build import build_is_newest, build_moment, last_build
from warehouse.check import last_check, summary
from warehouse.paths import data_dir, target_name, warehouse_file
from warehouse.publications import live_words, manifest_of
from warehouse.publish import publications, sources

if TYPE_CHECKING:
    from rich.console import Console

SHOWN_STALE = 4


@dataclass
class Health:
    """What is known without opening the warehouse.

    Attributes:
        target: The dbt target.
        sources: A row a source: files, refused, rows_landed, rows_loaded,
            rows_rejected, loaded_on, newest (the day of its newest row), stale (its
            late tables).
        run: The last line of the log that ends a command: at, step, outcome, seconds,
            error; empty before the first.
        build: success, ended_at, models, checks, warnings; empty before the first.
        check: checked_at, counts; empty where nobody has checked this build.
        published: build_id, published_at, as_of, kept; empty before the first.
        is_behind: Whether the last good build is not what readers see.
    """

    target: str
    sources: list[dict] = field(default_factory=list)
    run: dict = field(default_factory=dict)
    build: dict = field(default_factory=dict)
    check: dict = field(default_factory=dict)
    published: dict = field(default_factory=dict)
    is_behind: bool = False


def health(target: str | None = None) -> Health:
    """How the warehouse of a target stands.

    Args:
        target: A dbt target; the one in force when left out.
    """
    target = target or target_name()
    found = Health(target, run=_last_run(data_dir(target)))
    if memory := last_build(target):
        ended = dt.datetime.fromtimestamp(build_moment(target) / 1e9, dt.UTC)
        found.build = {
            "success": bool(memory.get("success")),
            "ended_at": ended.isoformat(timespec="seconds"),
            "models": (memory.get("counts") or {}).get("model success", 0),
            "checks": memory.get("checks", 0),
            "warnings": memory.get("warnings", []),
        }
    checked = last_check(target)
    if checked:
        names = ("checked_at", "counts", "quiet")
        found.check = {name: checked[name] for name in names}
    fresh = {row["source"]: row for row in checked.get("sources", ())}
    unknown = {"newest": None, "stale": []}
    found.sources = [
        {**row, **unknown, **fresh.get(row["source"], {})} for row in sources(target)
    ]
    _read_published(found)
    return found


def _read_published(found: Health) -> None:
    """What readers see."""
    folder = data_dir(found.target) / "published"
    if not (manifest := manifest_of(folder / "current")):
        return
    found.published = {
        **{name: manifest[name] for name in ("build_id", "published_at", "as_of")},
        "kept": [path.name for path in publications(folder)],
        "live": live_words(manifest),
    }
    built = warehouse_file(found.target)
    if found.build.get("success") and built.exists() and build_is_newest(found.target):
        published = dt.datetime.fromisoformat(manifest["published_at"])
        ended = dt.datetime.fromisoformat(found.build["ended_at"])
        found.is_behind = ended > published


def _last_run(data: Path) -> dict:
    """How the last command that writes has ended, by `logs/runs.jsonl`."""
    log = data / "logs" / "runs.jsonl"
    if not log.exists():
        return {}
    for line in reversed(log.read_text(encoding="utf-8").splitlines()):
        try:
            row = json.loads(line)
        except ValueError:
            continue  # a full disk cut it off
        if row.get("outcome") not in (None, "started", "refused"):
            names = ("at", "step", "outcome", "seconds", "error")
            return {name: row[name] for name in names if name in row}
    return {}


def print_health(console: "Console", found: Health) -> None:
    """A line each: sources, run, build, check, what readers see; what is wrong in red.

    Args:
        console: Where to print; 80 columns are enough.
        found: Of `health`.
    """
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column()
    for name, words in _lines(found):
        grid.add_row(name, words)
    if grid.row_count:
        console.print(grid, highlight=False)


def print_sources(console: "Console", found: Health) -> None:
    """A line a source: how fresh it is and what was loaded of it."""
    if not found.sources:
        console.print(
            f"No export is loaded yet: put some into {data_dir(found.target)}/landing, "
            "then warehouse load.",
            soft_wrap=True,
        )
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("source", no_wrap=True)
    for name in ("newest row", "loaded on", "files", "rows", "rejected"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("late", overflow="fold")
    for row in found.sources:
        rejected = row["rows_rejected"]
        refused = f" (+{row['refused']:,} refused)" if row["refused"] else ""
        table.add_row(
            row["source"],
            row["newest"] or "–",
            row["loaded_on"],
            f"{row['files']:,}{refused}",
            f"{row['rows_loaded']:,}",
            Text(f"{rejected:,}", "yellow" if rejected else "dim"),
            Text(", ".join(row["stale"]), "yellow"),
        )
    console.print(table)


def _lines(found: Health) -> list[tuple[str, Text | str]]:
    """The lines of `print_health`."""
    lines: list[tuple[str, Text | str]] = []
    if found.sources:
        lines.append(("sources", _sources_line(found)))
    if run := found.run:
        bad = run["outcome"] != "ok"
        words = Text(f"{_moment(run['at'])}  warehouse {run['step']} ")
        words.append(run["outcome"], "bold red" if bad else "green")
        if bad and run.get("error"):
            words.append(f": {run['error'].splitlines()[0]}")
        lines.append(("last run", words))
    if build := found.build:
        words = Text(f"{_moment(build['ended_at'])}  {build['models']} models, ")
        words.append(f"{build['checks']} tests passed")
        if warnings := len(build["warnings"]):
            words.append(f", {warnings} warning{'s' if warnings > 1 else ''}", "yellow")
        if not build["success"]:
            words.append(", but it failed: readers keep the one before", "bold red")
        lines.append(("build", words))
        checked = "nobody has checked this build: warehouse check"
        if found.check:
            checked = summary(found.check["counts"], len(found.check["quiet"]))
        lines.append(("check", Text.from_markup(checked)))
    if published := found.published:
        words = Text(f"{_moment(published['published_at'])}  {published['build_id']}, ")
        words.append(f"data to {published['as_of']}, {len(published['kept'])} kept")
        if published["live"]:
            words.append(f"; {published['live']}", "yellow")
        if found.is_behind:
            words.append("; a newer build waits: warehouse publish", "yellow")
        lines.append(("published", words))
    return lines


def _sources_line(found: Health) -> Text:
    """How many, and which are late."""
    files = sum(row["files"] for row in found.sources)
    rows = sum(row["rows_loaded"] for row in found.sources)
    words = Text(f"{len(found.sources)} in {files:,} files, {rows:,} rows loaded")
    if rejected := sum(row["rows_rejected"] for row in found.sources):
        words.append(f", {rejected:,} rejected", "yellow")
    if refused := sum(row["refused"] for row in found.sources):
        words.append(f", {refused:,} files refused", "bold red")
    late = [
        f"{row['source']} {table}" for row in found.sources for table in row["stale"]
    ]
    if late:
        shown = ", ".join(late[:SHOWN_STALE])
        more = f" and {len(late) - SHOWN_STALE} more" if len(late) > SHOWN_STALE else ""
        words.append(f"; late: {shown}{more}", "yellow")
    return words


def _moment(text: str) -> str:
    """A moment in UTC, to the minute."""
    return f"{dt.datetime.fromisoformat(text):%d %b %H:%M}"
