"""From landed exports to a published scorecard, or to a clear reason why not."""

import time

from rich.console import Console

from warehouse.build import build
from warehouse.check import check, summary
from warehouse.errors import UserError
from warehouse.paths import data_dir, target_name
from warehouse.people import salt, salt_note
from warehouse.publish import publish
from warehouse.report import report
from warehouse.status import status
from warehouse.work import work


def run(
    console: Console,
    target: str | None = None,
    full_refresh: bool = False,
    docs: bool = False,
) -> dict:
    """Load, build, check, publish, report. A step that fails stops the rest.

    dbt builds in the private warehouse file, which no reader opens; readers get a copy
    only when every test of the build has passed and `warehouse check` found no error.

    Args:
        console: Where to say how far it is.
        target: A dbt target; the one in force when left out.
        full_refresh: Rebuild incremental models from scratch.
        docs: Describe the models beside the report, too.

    Returns:
        What each step returned, by its name.

    Raises:
        UserError: If a step failed; what was published before stays as it was.
    """
    target = target or target_name()
    salt(target)
    if note := salt_note(target):
        console.print(f"[yellow]note[/] {note}", soft_wrap=True)
    started = time.monotonic()
    with work("run", data_dir(target)):
        done = _steps(console, target, full_refresh, docs)
    console.print()
    done["status"] = status(console, target)
    console.print(
        f"\n[bold green]done[/] in {time.monotonic() - started:.0f} s; "
        f"the report is {done['report']['page']}",
        highlight=False,
        soft_wrap=True,
    )
    return done


def _steps(console: Console, target: str, full_refresh: bool, docs: bool) -> dict:
    """The five steps, and what each returned."""
    from warehouse.load import load

    with _step(console, 1, "load"):
        loaded = load(None, target, console)
    with _step(console, 2, "build and test") as step:
        result = build(console, target, full_refresh=full_refresh)
        if not result.success:
            raise UserError(
                f"{len(result.failures)} of the build's steps failed: nothing was "
                "published, readers keep the build before.",
                "Mend what is named above, then `warehouse run` again.",
                result,
            )
        step.note = (
            f"{result.total('model')} models, {result.checks} checks passed, "
            f"{len(result.warnings)} warnings"
        )
    with _step(console, 3, "check") as step:
        checked = check(console, target)
        step.note = summary(checked.counts, len(checked.quiet))
    with _step(console, 4, "publish"):
        manifest = publish(console, target)
    with _step(console, 5, "report"):
        page = report(console, target, docs=docs)
    return {
        "load": loaded,
        "build": result,
        "check": checked,
        "publish": manifest,
        "report": {"page": page},
    }


class _step:
    """A numbered step: its name before, its time after, whatever happens between."""

    def __init__(self, console: Console, number: int, name: str):
        self.console = console
        self.title = f"{number}/5 {name}"
        self.note = ""

    def __enter__(self) -> "_step":
        self.console.print(f"[bold]{self.title}[/]", highlight=False)
        self.started = time.monotonic()
        return self

    def __exit__(self, kind, error, trace) -> None:
        outcome = "[red]failed[/]" if error else "[green]ok[/]"
        note = f"  {self.note}" if self.note else ""
        self.console.print(
            f"    {outcome} in {time.monotonic() - self.started:.1f} s{note}",
            highlight=False,
        )
