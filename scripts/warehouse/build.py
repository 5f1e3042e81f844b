"""Run dbt in this process, show how far it is, and say what failed in plain words."""

import contextlib
import gc
import hashlib
import json
import os
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from warehouse.errors import UserError
from warehouse.files import write_whole
from warehouse.inputs import inputs
from warehouse.ledger import Lake
from warehouse.machine import in_words
from warehouse.paths import (
    PROJECT,
    data_dir,
    spill_folder,
    target_name,
    warehouse_file,
)
from warehouse.people import salt, without_salt
from warehouse.proof import leading_comment
from warehouse.since import Days, days_of_files, since_last_build, what_hangs_on
from warehouse.terminal import progress
from warehouse.work import work

SHOWN_FAILURES = 5
SHOWN_LINES = 12
FAILED = {"error", "fail", "runtime error"}
# Of the same project they say what they said before, whatever has landed.
AS_THEY_WERE = (
    "resource_type:seed",
    "resource_type:unit_test",
    "config.materialized:view",
)
# How DuckDB lays out a file, in bytes.
_HEAD = 3 * 4096
_BLOCK = 256 * 1024


@dataclass
class Problem:
    """A node that failed or warned.

    Attributes:
        kind: What it is in words: `model`, `test`, `unit test`, `seed`.
        name: Its name in dbt.
        path: The file to open, from the project's folder.
        status: dbt's word: `error`, `fail`, `warn`.
        message: dbt's message, as it came.
        rows: Rows that a test found, if it is a test.
        says: What a test says it found and what to do, in its author's words.
        compiled: The SQL that ran, from the project's folder, if dbt wrote it.
    """

    kind: str
    name: str
    path: str
    status: str
    message: str
    rows: int | None = None
    says: str = ""
    compiled: str | None = None


@dataclass
class BuildResult:
    """What a dbt build did.

    Attributes:
        success: True when nothing failed; warnings do not fail a build.
        counts: Nodes by `<kind> <status>`, as `{"model success": 140}`; what a build
            on top of the last one leaves as it is has the status `kept`.
        problems: What failed or warned, in dbt's order.
        skipped: Nodes that were not run because of a failure before them.
    """

    success: bool
    counts: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    skipped: int = 0

    @property
    def failures(self) -> list[Problem]:
        """The problems that stop a publication."""
        return [p for p in self.problems if p.status in FAILED]

    @property
    def warnings(self) -> list[Problem]:
        """The problems that are worth a look."""
        return [p for p in self.problems if p.status == "warn"]

    def total(self, *kinds: str, status: tuple[str, ...] | None = None) -> int:
        """How many nodes of these kinds there are, or ended with one of the status."""
        return sum(
            number
            for key, number in self.counts.items()
            if key.rsplit(" ", 1)[0] in kinds
            and (status is None or key.rsplit(" ", 1)[1] in status)
        )

    @property
    def is_consistent(self) -> bool:
        """Whether all seeds and models are of this build, whatever tests say."""
        kinds = ("seed", "model")
        good = self.total(*kinds, status=("success", "kept"))
        return 0 < self.total(*kinds) == good

    @property
    def checks(self) -> int:
        """Data tests and unit tests that passed, or did when they were last asked."""
        return self.total("test", "unit test", status=("pass", "kept"))

    @property
    def exit_code(self) -> int:
        """1 if something failed, else 0."""
        return 0 if self.success else 1


def build(
    console: Console,
    target: str | None = None,
    select: list[str] | None = None,
    full_refresh: bool = False,
) -> BuildResult:
    """`dbt build` with a progress bar, then the failures with what to do about them.

    Args:
        console: Where to draw.
        target: A dbt target; the one in force when left out.
        select: dbt selectors; everything when left out.
        full_refresh: Rebuild incremental models from scratch.

    Returns:
        The result; `build.json` beside the warehouse file remembers it for `publish`.

    Raises:
        UserError: If dbt could not start: the project does not parse, prod has no salt.
        BusyError: Another command is at work, or a program has the file open.
        MachineError: No room, no permission, no memory.
    """
    target = target or target_name()
    salt(target)
    arguments = [*build_command(select, full_refresh), "--cache-selected-only"]

    data = data_dir(target)
    with work("build", data) as told:
        with Lake(data / "lake"):
            pass  # what a killed load had decided is finished
        made_of = inputs(target)
        since, memory = None, last_build(target)
        days = days_of_files(data / "lake", memory.get("days"))
        # Views name the folder of the lake.
        is_same = memory.get("data") == str(data) and build_is_newest(target)
        if is_same and not (select or full_refresh):
            since = since_last_build(memory, made_of, days)
        result, _ = invoke(console, target, arguments, since)
        _remember(target, result, not select, made_of, days)
        told |= {"incremental": since is not None}
        told |= {"counts": result.counts, "warnings": len(result.warnings)}
        told["failures"] = [f"{p.name}: {p.message[:500]}" for p in result.failures]
        for problem in result.failures:
            if trouble := in_words(problem.message, data):
                raise trouble
    report(console, result)
    return result


def build_command(
    select: list[str] | None, full_refresh: bool, exclude: list[str] | None = None
) -> list[str]:
    """`dbt build` as it is typed, on any engine.

    Args:
        select: dbt selectors; everything when left out.
        full_refresh: Rebuild incremental models from scratch.
        exclude: dbt selectors of what is left out.
    """
    typed = ["build"]
    if full_refresh:
        typed.append("--full-refresh")
    for option, selectors in (("--select", select), ("--exclude", exclude)):
        for selector in selectors or []:
            typed += [option, selector]
    if select:
        # No test of a table that may not be there yet.
        typed += ["--indirect-selection", "buildable"]
    return typed


@contextlib.contextmanager
def dbt_surroundings(target: str):
    """Run dbt as if started in the project's folder, on one target's data folder.

    What already says so stays as it was written, and nothing is said twice: dbt reads
    the whole project anew where a variable or its own `--target` is not as it was, and
    a plain `dbt build` after `warehouse run` is to begin at once.
    """
    before = dict(os.environ)
    if target != target_name():
        os.environ["WAREHOUSE_TARGET"] = target
    folder = os.environ.get("WAREHOUSE_DATA")
    if folder and not Path(folder).is_absolute() and Path.cwd() != PROJECT:
        os.environ["WAREHOUSE_DATA"] = str(data_dir(target))
    try:
        with contextlib.chdir(PROJECT):
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def last_build(target: str) -> dict:
    """What `build.json` remembers: success, counts, warnings; empty if never built."""
    path = _memory(target)
    return json.loads(path.read_text()) if path.exists() else {}


def build_moment(target: str) -> int:
    """What tells one build from another: the nanosecond it ended in; 0 before any."""
    path = _memory(target)
    return path.stat().st_mtime_ns if path.exists() else 0


def build_is_newest(target: str) -> bool:
    """True when nothing has written the warehouse file since `warehouse build`."""
    found = _fingerprint(warehouse_file(target))
    return last_build(target).get("file", found) == found


def run_dbt(*arguments: str, manifest=None, callbacks=()):
    """A dbt command in this process, without words; the surroundings are the caller's.

    Args:
        arguments: The command and its options.
        manifest: What dbt has read of the project before; it is read anew without.
        callbacks: What is called with each of dbt's events.

    Returns:
        dbt's result: success, exception, result.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    quietly = [
        *("--quiet", "--log-level=none", "--log-level-file=none"),
        *("--no-version-check", f"--project-dir={PROJECT}"),
        f"--profiles-dir={PROJECT}",
    ]
    try:
        runner = dbtRunner(manifest=manifest, callbacks=list(callbacks))
        return runner.invoke([*arguments, *quietly])
    finally:
        # dbt keeps the file open for the next command of the same process.
        DuckDBConnectionManager.close_all_connections()


@contextlib.contextmanager
def what_stays():
    """What is made inside is not looked through for garbage, now or later.

    A project that has been read is a million objects, all of which stay to the end.
    """
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


def invoke(
    console: Console, target: str, arguments: list[str], since: dict | None = None
):
    """Run dbt, drawing a bar while it runs.

    Args:
        console: Where to draw.
        target: A dbt target.
        arguments: The command and its options.
        since: What has moved since the last build (`since_last_build`), for
            macros/incremental.sql; what hangs on nothing of it is left as it is.
            Without it all is made anew.

    Returns:
        The result as a BuildResult, and as dbt gave it.

    Raises:
        UserError: If dbt could not start.
    """
    with dbt_surroundings(target), progress(console) as bar:
        os.environ["WAREHOUSE_SINCE_LAST_BUILD"] = json.dumps(since) if since else ""
        task = bar.add_task("reading the project", total=None)

        def follow(event) -> None:
            if event.info.name == "LogStartLine":
                bar.update(
                    task,
                    total=event.data.total,
                    description=event.data.description.split(".")[-1].strip()[:48],
                )
            elif event.info.name == "NodeFinished":
                bar.advance(task)

        try:
            # dbt writes what it has read before a build and after it: once will do.
            with what_stays():
                done = run_dbt("parse", "--no-write-json")
            if done.exception is None:
                manifest = done.result
                if since:
                    # Sources alone are nothing to make.
                    chosen = what_hangs_on(since) or ["source:*"]
                    arguments = [*arguments, "--indirect-selection=empty"]
                    arguments += ["--select", *chosen, "--exclude", *AS_THEY_WERE]
                done = run_dbt(*arguments, manifest=manifest, callbacks=[follow])
        finally:
            gc.unfreeze()
            # What a killed build had put aside for want of memory.
            shutil.rmtree(spill_folder(target), ignore_errors=True)

    if done.exception is not None:
        raise _start_failure(done.exception, data_dir(target))
    result = _read(done)
    if since:
        there = Counter(map(_kind, manifest.nodes.values()))
        there |= Counter(map(_kind, manifest.unit_tests.values()))
        for kind in ("seed", "model", "test", "unit test"):
            if kept := there[kind] - result.total(kind):
                result.counts[f"{kind} kept"] = kept
    return result, done


def _kind(node) -> str:
    """What a node is, in words."""
    return str(node.resource_type).replace("_", " ")


def _start_failure(exception: BaseException, data: Path) -> BaseException:
    """A dbt error from before the first model, as a sentence and a hint."""
    if isinstance(exception, KeyboardInterrupt):
        return exception
    if trouble := in_words(exception, data):
        return trouble
    text = str(exception).strip()
    return UserError(
        "dbt could not read the project.\n"
        + "\n".join(text.splitlines()[:SHOWN_LINES]),
        "Mend the file that is named; `dbt parse` checks the project without building.",
    )


def _read(done) -> BuildResult:
    """dbt's result objects as ours; no message of them holds the salt."""
    counts: Counter[str] = Counter()
    problems = []
    for entry in done.result.results:
        if entry.node.resource_type == "operation":
            continue  # sets the memory that DuckDB may take
        kind = _kind(entry.node)
        status = str(entry.status)
        counts[f"{kind} {status}"] += 1
        if status in FAILED or status == "warn":
            compiled = getattr(entry.node, "compiled_path", None)
            problems.append(
                Problem(
                    kind=kind,
                    name=entry.node.name,
                    path=entry.node.original_file_path,
                    status=status,
                    message=without_salt(entry.message or ""),
                    rows=entry.failures,
                    says=_words_of(entry.node),
                    compiled=compiled,
                )
            )
    return BuildResult(
        success=bool(done.success),
        counts=dict(sorted(counts.items())),
        problems=problems,
        skipped=sum(n for key, n in counts.items() if key.endswith(" skipped")),
    )


def _memory(target: str) -> Path:
    return warehouse_file(target).with_suffix(".build.json")


def _remember(
    target: str,
    result: BuildResult,
    whole: bool,
    made_of: dict | None = None,
    days: Days | None = None,
) -> None:
    """Note the outcome. A part's build can spoil the whole's success, not mend it; and
    what it left is none that the next build could add to."""
    memory = last_build(target)
    if whole:
        memory = {
            "success": result.success,
            "counts": result.counts,
            "checks": result.checks,
            "data": str(data_dir(target)),
            "made_of": made_of,
            "days": days,
            "is_consistent": result.is_consistent,
            "ask_again": [problem.name for problem in result.problems],
            "warnings": [
                {"name": warning.name, "rows": warning.rows, "says": warning.says}
                for warning in result.warnings
            ],
        }
    else:
        memory["success"] = bool(memory.get("success")) and result.success
        memory["is_consistent"] = False
    memory["file"] = _fingerprint(warehouse_file(target))
    write_whole(_memory(target), json.dumps(memory, indent=2) + "\n")


def _fingerprint(file: Path) -> str:
    """What the file holds, told without reading all of it, and without its time: a
    clock can be set back, and a copy has another.

    The heads of the file and of each of its blocks, which begin with a sum over the
    block. A killed build leaves what it did in a file aside: its size counts, too.
    """
    aside = file.with_name(f"{file.name}.wal")
    size = aside.stat().st_size if aside.exists() else 0
    found = hashlib.sha256(str(size).encode())
    if file.exists():
        with file.open("rb") as content:
            found.update(content.read(_HEAD))
            for start in range(_HEAD, file.stat().st_size, _BLOCK):
                content.seek(start)
                found.update(content.read(8))
    return found.hexdigest()


def report(console: Console, result: BuildResult) -> None:
    """Say what was built; after a failure which file, why, and what to do."""
    for problem in result.failures[:SHOWN_FAILURES]:
        console.print()
        console.print(
            f"[bold red]{problem.kind} {escape(problem.name)} failed[/]  "
            f"[dim]{escape(problem.path)}[/]",
            soft_wrap=True,
        )
        for line in _first_lines(problem):
            console.print(f"  {escape(line)}", soft_wrap=True)
        console.print(
            f"  [bold]What to do:[/] {escape(_advice(problem))}", soft_wrap=True
        )
    hidden = len(result.failures) - SHOWN_FAILURES
    if hidden > 0:
        console.print(f"\n… and {hidden} more failures.")
    if result.skipped:
        console.print(
            f"\n{result.skipped} nodes were not run: something before them failed."
        )
    for warning in result.warnings:
        rows = f"{warning.rows} rows" if warning.rows else "see"
        console.print(
            f"[yellow]warning[/] {escape(warning.name)}: {rows}  "
            f"[dim]{escape(warning.path)}[/]",
            soft_wrap=True,
        )
        if warning.says:
            console.print(f"  {escape(warning.says)}")
        console.print(f"  [bold]The rows:[/] {escape(list_rows(warning.name))}")


def _first_lines(problem: Problem) -> list[str]:
    """The lines of dbt's message that say something, without its prefixes."""
    if problem.kind == "test" and problem.status == "fail":
        return [f"{problem.rows or 0} rows should not be there."]
    lines = [line.rstrip() for line in problem.message.splitlines() if line.strip()]
    lines = [line for line in lines if not line.lstrip().startswith(">")]
    shown = lines[:SHOWN_LINES]
    return shown if len(lines) <= SHOWN_LINES else [*shown, "…"]


def list_rows(test: str) -> str:
    """The command that lists the rows a test found."""
    return f"dbt show -s {test} --limit 20"


def _words_of(node) -> str:
    """A node's description; of a test in SQL, the comment that it begins with."""
    if node.description or node.resource_type != "test":
        return " ".join((node.description or "").split())
    return leading_comment(node.raw_code or "")


def _advice(problem: Problem) -> str:
    """The next step after a failure."""
    if problem.kind == "test" and problem.status == "fail":
        return (
            f"{list_rows(problem.name)} lists the rows; follow them to the "
            "source, mend the export or the rule, then warehouse run."
        )
    if problem.kind == "unit test":
        return f"compare {problem.path} with the rule that the model should follow."
    return f"mend {problem.path}, then warehouse build --select {problem.name}+"
