"""The `warehouse` command: thin wrappers, every verb's work is in its own module."""

import sys

import typer

from warehouse.errors import UserError

app = typer.Typer(
    help="The e-commerce KPI warehouse: exports in, tested KPIs out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command; a user's mistake becomes a sentence and exit code 1."""
    try:
        app()
    except UserError as error:
        from rich.console import Console

        console = Console(stderr=True)
        console.print("[bold red]Error:[/]", error.message, soft_wrap=True)
        if error.hint:
            console.print("[bold]What to do:[/]", error.hint, soft_wrap=True)
        sys.exit(1)
