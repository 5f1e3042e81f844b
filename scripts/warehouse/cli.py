"""The `warehouse` command: thin wrappers, every verb's work is in its own module."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from warehouse import terminal
from warehouse.errors import UserError
from warehouse.paths import TARGETS, target_name
from warehouse.terminal import verb

# What commands are for, in the order of the help.
PANELS = (
    "Every day",
    "Read the numbers",
    "The steps of run, one by one",
    "Begin and extend",
    "Look after",
)
DAILY, READ, STEPS, SETUP, CARE = ({"rich_help_panel": panel} for panel in PANELS)
# Below the help, a paragraph each.
EPILOG = """
$ warehouse run --target prod                  everything, in one go

$ warehouse status                             scorecard, and how it stands

$ warehouse kpi orders --by shop --grain week  a KPI over time

$ warehouse explain conversion_rate            what it is, what moved it

""" + (
    "Exit codes: 0 done, 1 to mend in exports, rules or options, 2 not understood, "
    "3 the machine refuses, 4 another command is at work, 70 a mistake of ours."
)


class Commands(TyperGroup):
    """The commands in the order of their panels, wherever they are registered."""

    def list_commands(self, ctx) -> list[str]:
        """Their names."""
        panel = {name: c.rich_help_panel for name, c in self.commands.items()}
        return sorted(self.commands, key=lambda name: PANELS.index(panel[name]))


app = typer.Typer(
    cls=Commands,
    help="The e-commerce KPI warehouse: exports in, tested KPIs out.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    suggest_commands=True,
)
new = typer.Typer(
    help="Write the files of a new KPI or source, ready to be filled in.",
    no_args_is_help=True,
    suggest_commands=True,
)
app.add_typer(new, name="new", **SETUP)

Target = Annotated[
    str | None,
    typer.Option(
        help="demo, dev or prod; else what WAREHOUSE_TARGET says, else demo.",
        show_default=False,
    ),
]
Docs = Annotated[
    bool,
    typer.Option(
        "--docs", help="Also the models' documentation and column lineage beside it."
    ),
]
FullRefresh = Annotated[
    bool,
    typer.Option("--full-refresh", help="Rebuild incremental models from scratch."),
]


@verb(app, **DAILY)
def run(
    console,
    target: Target = None,
    full_refresh: FullRefresh = False,
    docs: Docs = False,
):
    """Load, build, check, publish, report: everything, in one go."""
    from warehouse.run import run

    return run(console, _known(target), full_refresh, docs)


@verb(app, **DAILY)
def watch(
    console,
    target: Target = None,
    kpis: Annotated[
        list[str] | None,
        typer.Option(
            "--kpi",
            help="A KPI to refresh at once, again for more; sales and orders, their "
            "parts and ratios, if left out.",
            show_default=False,
        ),
    ] = None,
    quiet: Annotated[
        float,
        typer.Option(
            help="Seconds without a file after which the rest is built.", min=0
        ),
    ] = 10.0,
    once: Annotated[
        bool, typer.Option("--once", help="Take what has landed, then end.")
    ] = False,
):
    """Publish what lands within seconds, and everything else in quiet moments.

    A new file in the landing folder is loaded, the KPIs of sales and orders are
    refreshed, tested and published; when nothing has landed for a while, a whole
    `warehouse run` follows. Ctrl-C ends it.
    """
    from warehouse.watch import watch

    return watch(console, _known(target), kpis or None, quiet, once)


@verb(app, **SETUP)
def demo(
    console,
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
):
    """Make the exports of a believable shop to try everything on."""
    from warehouse.demo import demo

    return demo(console, orders, start, end, seed, sessions_per_order, out)


@verb(app, **STEPS)
def load(
    console,
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SOURCE]...", help="Platforms; all if left out."),
    ] = None,
    target: Target = None,
    prune: Annotated[
        bool,
        typer.Option("--prune", help="Also forget files that left the landing folder."),
    ] = False,
):
    """Load new and changed exports from the landing folder into the lake."""
    from warehouse.load import load

    return load(sources, _known(target), console, prune=prune)


@verb(app, **SETUP)
def template(
    console,
    table: Annotated[
        str | None, typer.Argument(help="A flat table; lists them if left out.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="The file to write; else it is shown.")
    ] = None,
):
    """Write the empty CSV file of a flat table, for systems without a source."""
    from warehouse.template import template

    return template(console, table, out)


@verb(new, name="kpi")
def new_kpi(
    console,
    name: Annotated[str, typer.Argument(help="Its id: share_of_gifts.")],
    rollup: Annotated[
        str, typer.Option("--from", help="The rollup that has its parts.")
    ],
    numerator: Annotated[str, typer.Option(help="A column of the rollup.")],
    denominator: Annotated[
        str | None, typer.Option(help="Another; a sum has none.")
    ] = None,
    theme: Annotated[
        str | None, typer.Option(help="Else that of the rollup's other KPIs.")
    ] = None,
    unit: Annotated[
        str | None, typer.Option(help="Else percent, or count for a sum.")
    ] = None,
    better: Annotated[str, typer.Option(help="up, down or none.")] = "none",
):
    """Write the view and the YAML of a KPI, and list it.

    warehouse new kpi units_share --from rollup_orders --numerator units
    """
    from warehouse.new import new_kpi

    return new_kpi(console, name, rollup, numerator, denominator, theme, unit, better)


@verb(new, name="source")
def new_source(
    console,
    name: Annotated[str, typer.Argument(help="The platform: gorgias.")],
    like: Annotated[
        str,
        typer.Option(help="The flat table of the same thing; see warehouse template."),
    ],
    example: Annotated[
        Path | None, typer.Option(help="An export of it, for its headers.")
    ] = None,
):
    """Write the folder of a source: its contract, and the view of its first table.

    warehouse new source gorgias --like tickets --example ~/Downloads/tickets.csv
    """
    from warehouse.new import new_source

    return new_source(console, name, like, example)


@verb(app, **STEPS)
def build(
    console,
    target: Target = None,
    select: Annotated[
        list[str] | None,
        typer.Option("--select", "-s", help="dbt selectors; everything if left out."),
    ] = None,
    full_refresh: FullRefresh = False,
):
    """Build and check the warehouse from what has been loaded.

    The target spark builds the same models on Apache Spark (docs/spark.md).
    """
    if (target or target_name()) == "spark":
        from warehouse.spark import build

        result = build(console, select, full_refresh)
    else:
        from warehouse.build import build

        result = build(console, _known(target), select, full_refresh)
    if not result.success:
        raise UserError(
            f"{len(result.failures)} of the build's steps failed.",
            "Mend what is named above, then `warehouse build` again.",
            result,
        )
    console.print(
        f"[bold green]built[/]: {result.total('model')} models, "
        f"{result.checks} checks passed, {len(result.warnings)} warnings",
        highlight=False,
    )
    return result


@verb(app, **STEPS)
def check(console, target: Target = None):
    """Check files, freshness, volumes, totals and closed periods of the build.

    Exit code 1 if there is an error, else 0: warnings and notes stop nothing. How bad
    each check is, and where it begins, stands in seeds/checks.csv; how old an export
    may be, in its contract. The report is written beside the warehouse file, too.
    """
    from warehouse.check import check

    return check(console, _known(target))


@verb(app, **STEPS)
def publish(
    console,
    target: Target = None,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="postgres",
            help="Also send the published marts to a PostgreSQL database.",
        ),
    ] = None,
    dsn: Annotated[
        str | None,
        typer.Option(
            help="Its address; better in WAREHOUSE_POSTGRES, where nobody sees it.",
            show_default=False,
        ),
    ] = None,
    schema: Annotated[
        str, typer.Option(help="The schema that PostgreSQL's readers see.")
    ] = "marts",
):
    """Hand the built warehouse to its readers, in one switch.

    With --to postgres, a build that is published already is not published again: what
    readers of the files see now is sent.
    """
    from warehouse.publish import publish

    if to is None:
        return publish(console, _known(target))
    if to != "postgres":
        raise UserError(f"There is no way to publish to {to!r}.", "It is postgres.")
    from warehouse.postgres import publish_to_postgres

    return publish_to_postgres(console, _known(target), dsn, schema)


@verb(app, **CARE)
def rollback(
    console,
    target: Target = None,
    to: Annotated[
        str | None,
        typer.Option("--to", help="A build of published/; the one before if left out."),
    ] = None,
):
    """Let readers see an earlier publication again, in one switch."""
    from warehouse.publish import rollback

    return {"build_id": rollback(console, _known(target), to)}


@verb(app, **CARE)
def forget(
    console,
    emails: Annotated[
        list[str], typer.Argument(metavar="EMAIL...", help="Whom; - reads the input.")
    ],
    target: Target = None,
    rebuild: Annotated[
        bool,
        typer.Option(help="Also build from nothing, check, publish and report."),
    ] = True,
):
    """Remove people from exports, lake, warehouse and published files; prove it."""
    from warehouse.forget import forget

    return {"people": forget(console, emails, _known(target), rebuild)}


@verb(app, **STEPS)
def report(console, target: Target = None, docs: Docs = False):
    """Write the published numbers as a website, for any browser, without a server."""
    from warehouse.report import report

    return {"page": report(console, _known(target), docs=docs)}


@verb(app, **READ)
def kpi(
    console,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[KPI]", help="Its id or name, in any language; all if left out."
        ),
    ] = None,
    by: Annotated[
        str | None, typer.Option(help="Cut it by channel, device, shop, …")
    ] = None,
    grain: Annotated[
        str, typer.Option(help="hour, day, week, month, quarter or year.")
    ] = "month",
    last: Annotated[
        int | None, typer.Option(help="How many periods.", min=1, show_default=False)
    ] = None,
    member: Annotated[
        list[str] | None, typer.Option(help="Only this one; may be said again.")
    ] = None,
    shop: Annotated[
        str | None, typer.Option(help="Only this shop; short for --by shop --member.")
    ] = None,
    parts: Annotated[
        bool, typer.Option("--parts", help="Also numerator and denominator.")
    ] = False,
    target: Target = None,
):
    """Print a KPI over time with its meaning, or all of them.

    warehouse kpi conversion_rate --by channel --grain week --last 8
    """
    from warehouse.kpi import kpi

    return kpi(
        console,
        name,
        by=by,
        grain=grain,
        last=last,
        members=member,
        shop=shop,
        parts=parts,
        target=_known(target),
    )


@verb(app, **READ)
def explain(
    console,
    name: Annotated[
        str, typer.Argument(metavar="KPI", help="Its id or name, in any language.")
    ],
    grain: Annotated[
        str, typer.Option(help="Whose drivers: week, month, quarter or year.")
    ] = "month",
    full: Annotated[
        bool, typer.Option("--full", help="The lineage down to the exports.")
    ] = False,
    target: Target = None,
):
    """Show a KPI's formula, lineage, tests, and what moved it.

    warehouse explain conversion_rate
    """
    from warehouse.explain import explain

    return explain(console, name, grain, full, _known(target))


@verb(app, **READ)
def serve(
    console,
    target: Target = None,
    port: Annotated[int, typer.Option(help="0 for any that is free.")] = 8642,
    host: Annotated[
        str, typer.Option(help="Where to listen; else only this machine can read.")
    ] = "127.0.0.1",
):
    """Show the report with filters (period, grain, shop, channel …) in a browser.

    It reads what is published, follows new publications, and locks nothing. Filters
    stand in the address, so that a view can be passed on.
    """
    from warehouse.serve import serve

    return serve(console, _known(target), host, port)


@verb(app, **READ)
def status(
    console,
    target: Target = None,
    grain: Annotated[
        str, typer.Option(help="day, week, month, quarter or year.")
    ] = "month",
    restated: Annotated[
        bool,
        typer.Option("--restated", help="Instead: closed periods that have changed."),
    ] = False,
    sources: Annotated[
        bool,
        typer.Option("--sources", help="Instead: how fresh each source is."),
    ] = False,
):
    """Print the scorecard, what needs a look, and how sources and builds stand."""
    from warehouse.health import health, print_sources
    from warehouse.status import restated as print_restated
    from warehouse.status import status

    if sources:
        stands = health(_known(target))
        print_sources(console, stands)
        return {"sources": stands.sources}
    if restated:
        return print_restated(console, _known(target))
    return status(console, _known(target), grain)


@verb(app, **READ)
def superset(
    console,
    target: Target = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="The file to write.", show_default="data/superset.zip"
        ),
    ] = None,
    uri: Annotated[
        str | None,
        typer.Option(
            help="Where Superset finds the marts: a SQLAlchemy address, no password.",
            show_default="the published DuckDB file",
        ),
    ] = None,
):
    """Write a dashboard over the published marts for Apache Superset to import."""
    from warehouse.superset import superset

    return superset(console, _known(target), out, uri)


@verb(app, **CARE)
def docs(
    console,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; fail if one is stale.")
    ] = False,
    release: Annotated[
        bool,
        typer.Option("--release", help="Also list the columns readers rely on."),
    ] = False,
):
    """Write the documents that are generated from the YAML."""
    from warehouse.catalog import write_docs

    result = write_docs(console, check)
    if release and not check:
        from warehouse.promise import PROMISED, write_promise

        console.print(f"{write_promise():,} columns in {PROMISED}", soft_wrap=True)
    return result


@verb(app, **CARE)
def mutate(
    console,
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
):
    """Break the models on purpose, and count which mistakes a test notices."""
    from warehouse.mutate import mutate

    return mutate(console, models, sample, seed, again, check)


def _known(target: str | None) -> str | None:
    """The target as given, if it is one."""
    if target is not None and target not in TARGETS:
        raise UserError(
            f"There is no target {target!r}.", f"It is one of {', '.join(TARGETS)}."
        )
    return target


def main() -> None:
    """Run the command; what goes wrong becomes a sentence and an exit code.

    0 done; 1 something to mend in exports, rules or options; 2 not understood; 3 the
    machine refuses (room, permission, memory); 4 another command is at work; 70 a
    mistake of ours, with its traceback; 130 interrupted.

    What it writes, only its owner can change, whatever the surroundings allow.
    """
    os.umask(os.umask(0) | 0o022)
    try:
        # Typer writes of its own mistakes for people; machines get ours.
        sys.exit(app(standalone_mode=not terminal.wants_json()))
    except UserError as error:
        terminal.say(error)
        sys.exit(error.exit_code)
    except TyperException as error:
        terminal.say(UserError(error.format_message(), "Add --help to the command."))
        sys.exit(error.exit_code)
    except Exception as error:
        import traceback

        from warehouse.people import without_salt

        print(without_salt(traceback.format_exc()), file=sys.stderr)
        if terminal.wants_json():
            said = f"A mistake of ours: {type(error).__name__}: {error}"
            terminal.say(UserError(said, "Its traceback is on standard error."))
        sys.exit(70)
