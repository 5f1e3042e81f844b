"""The `warehouse` command: thin wrappers, every verb's work is in its own module."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from warehouse.errors import UserError
from warehouse.paths import TARGETS

app = typer.Typer(
    help="The e-commerce KPI warehouse: exports in, tested KPIs out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Target = Annotated[
    str | None,
    typer.Option(
        help="demo, dev or prod; else what WAREHOUSE_TARGET says, else demo.",
        show_default=False,
    ),
]
FullRefresh = Annotated[
    bool,
    typer.Option("--full-refresh", help="Rebuild incremental models from scratch."),
]


@app.command()
def run(target: Target = None, full_refresh: FullRefresh = False) -> None:
    """Load, build, check, publish, report: everything, in one go."""
    from warehouse.run import run

    run(_console(), _known(target), full_refresh)


@app.command()
def demo(
    orders: Annotated[int, typer.Option(help="Orders of the big shops.")] = 20_000,
    start: Annotated[str, typer.Option(help="First order date.")] = "2024-10-01",
    end: Annotated[str, typer.Option(help="Last order date.")] = "2026-09-23",
    seed: Annotated[int, typer.Option(help="Another number, another shop.")] = 7,
    sessions_per_order: Annotated[
        float,
        typer.Option(help="Tracked sessions an order; fewer make big shops quick."),
    ] = 16.0,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for landing/ and truth/.", show_default="data/demo"),
    ] = None,
) -> None:
    """Make the exports of a believable shop to try everything on."""
    from warehouse.demo import demo

    demo(_console(), orders, start, end, seed, sessions_per_order, out)


@app.command()
def load(
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SOURCE]...", help="Platforms; all if left out."),
    ] = None,
    target: Target = None,
    prune: Annotated[
        bool,
        typer.Option("--prune", help="Also forget files that left the landing folder."),
    ] = False,
) -> None:
    """Load new and changed exports from the landing folder into the lake."""
    from warehouse.load import load

    result = load(sources, _known(target), _console(), prune=prune)
    raise typer.Exit(result.exit_code)


@app.command()
def template(
    table: Annotated[
        str | None, typer.Argument(help="A flat table; lists them if left out.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="The file to write; else it is shown.")
    ] = None,
) -> None:
    """Write the empty CSV file of a flat table, for systems without a source."""
    from warehouse.template import template

    template(_console(), table, out)


@app.command()
def build(
    target: Target = None,
    select: Annotated[
        list[str] | None,
        typer.Option("--select", "-s", help="dbt selectors; everything if left out."),
    ] = None,
    full_refresh: FullRefresh = False,
) -> None:
    """Build and check the warehouse from what has been loaded."""
    from warehouse.build import build

    result = build(_console(), _known(target), select, full_refresh)
    if not result.success:
        raise UserError(f"{len(result.failures)} of the build's steps failed.")
    _console().print(
        f"[bold green]built[/]: {result.total('model')} models, "
        f"{result.checks} checks passed, {len(result.warnings)} warnings",
        highlight=False,
    )


@app.command()
def check(
    target: Target = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the report as JSON.")
    ] = False,
) -> None:
    """Check files, freshness, volumes, totals and closed periods of the build.

    Exit code 1 if there is an error, else 0: warnings and notes stop nothing. How bad
    each check is, and where it begins, stands in seeds/checks.csv; how old an export
    may be, in its contract. The report is written beside the warehouse file, too.
    """
    from warehouse.check import check

    report = check(_silent() if as_json else _console(), _known(target))
    if as_json:
        typer.echo(report.as_json())
    raise typer.Exit(1 if report.errors else 0)


@app.command()
def publish(target: Target = None) -> None:
    """Hand the built warehouse to its readers, in one switch."""
    from warehouse.publish import publish

    publish(_console(), _known(target))


@app.command()
def rollback(
    target: Target = None,
    to: Annotated[
        str | None,
        typer.Option("--to", help="A build of published/; the one before if left out."),
    ] = None,
) -> None:
    """Let readers see an earlier publication again, in one switch."""
    from warehouse.publish import rollback

    rollback(_console(), _known(target), to)


@app.command()
def forget(
    emails: Annotated[
        list[str], typer.Argument(metavar="EMAIL...", help="Whom; - reads the input.")
    ],
    target: Target = None,
    rebuild: Annotated[
        bool,
        typer.Option(help="Also build from nothing, check, publish and report."),
    ] = True,
) -> None:
    """Remove people from exports, lake, warehouse and published files; prove it."""
    from warehouse.forget import forget

    forget(_console(), emails, _known(target), rebuild)


@app.command()
def report(target: Target = None) -> None:
    """Write the published numbers as a website, for any browser, without a server."""
    from warehouse.report import report

    report(_console(), _known(target))


@app.command()
def status(
    target: Target = None,
    grain: Annotated[
        str, typer.Option(help="day, week, month, quarter or year.")
    ] = "month",
    restated: Annotated[
        bool,
        typer.Option("--restated", help="Instead: closed periods that have changed."),
    ] = False,
) -> None:
    """Print the published scorecard."""
    from warehouse.status import restated as print_restated
    from warehouse.status import status

    if restated:
        print_restated(_console(), _known(target))
    else:
        status(_console(), _known(target), grain)


@app.command()
def docs(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; fail if one is stale.")
    ] = False,
) -> None:
    """Write the documents that are generated from the YAML."""
    from warehouse.catalog import write_docs

    write_docs(_console(), check)


@app.command()
def mutate(
    models: Annotated[
        list[str] | None,
        typer.Argument(metavar="[MODEL]...", help="Every site of these models."),
    ] = None,
    sample: Annotated[
        int | None, typer.Option(help="Try only as many mutations.", min=1)
    ] = None,
    seed: Annotated[int, typer.Option(help="Another number, other places.")] = 7,
    again: Annotated[
        bool, typer.Option("--again", help="Only what survived the last time.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Try nothing; fail if the score is stale.")
    ] = False,
) -> None:
    """Break the models on purpose, and count which mistakes a test notices."""
    from warehouse.mutate import mutate

    mutate(_console(), models, sample, seed, again, check)


def _console():
    """A terminal's colours where there is one, plain lines of any length where not."""
    from rich.console import Console

    return Console()


def _silent():
    """A console that prints nothing."""
    from rich.console import Console

    return Console(quiet=True)


def _known(target: str | None) -> str | None:
    """The target as given, if it is one."""
    if target is not None and target not in TARGETS:
        raise UserError(
            f"There is no target {target!r}.", f"It is one of {', '.join(TARGETS)}."
        )
    return target


def main() -> None:
    """Run the command; a user's mistake becomes a sentence and exit code 1.

    What it writes, only its owner can change, whatever the surroundings allow.
    """
    os.umask(os.umask(0) | 0o022)
    try:
        app()
    except UserError as error:
        from rich.console import Console
        from rich.markup import escape

        console = Console(stderr=True)
        console.print("[bold red]Error:[/]", escape(error.message), soft_wrap=True)
        if error.hint:
            console.print("[bold]What to do:[/]", escape(error.hint), soft_wrap=True)
        sys.exit(1)
