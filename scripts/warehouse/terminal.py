"""What a command says: words and bars for people, or one JSON document for machines.

A command returns what it found. Where `--json` asks for it, that is printed as JSON and
everything else goes to standard error. Without a terminal there are no colours and no
bars, whatever the command.
"""

import dataclasses
import functools
import inspect
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from warehouse.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

JSON = "--json"
AsJson = Annotated[
    bool,
    typer.Option(JSON, help="Print one JSON document; words go to standard error."),
]


def verb(app: typer.Typer, **options) -> Callable:
    """Make a function a command that has `--json`.

    The function gets a console first, and its command's arguments by name. What it
    returns is the document; where that has an `exit_code`, the command ends with it.

    Args:
        app: Where the command belongs.
        options: For typer: name, rich_help_panel, …
    """

    def register(function: Callable) -> Callable:
        @functools.wraps(function)
        def command(*, as_json: bool, **arguments) -> None:
            result = function(console(as_json), **arguments)
            if as_json:
                typer.echo(document(result))
            raise typer.Exit(getattr(result, "exit_code", 0))

        _, *own = inspect.signature(function).parameters.values()
        last = inspect.Parameter(
            "as_json",
            inspect.Parameter.KEYWORD_ONLY,
            default=False,
            annotation=AsJson,
        )
        signature = inspect.Signature([*own, last])
        command.__signature__ = signature
        command.__annotations__ = {
            name: parameter.annotation
            for name, parameter in signature.parameters.items()
        }
        app.command(help=_help(function), **options)(command)
        return function

    return register


def _help(function: Callable) -> str:
    """A docstring with its paragraphs on one line each: the terminal breaks them."""
    paragraphs = inspect.cleandoc(function.__doc__ or "").split("\n\n")
    # Examples are indented, and stay as they are.
    return "\n\n".join(
        text if text.startswith(" ") else " ".join(text.split()) for text in paragraphs
    )


def console(as_json: bool = False) -> "Console":
    """A terminal's colours where there is one, plain lines of any length where not.

    Args:
        as_json: Standard output belongs to the document; words go to standard error.
    """
    from rich.console import Console

    return Console(stderr=as_json)


def wants_json() -> bool:
    """Whether the command line asks for JSON, also where it cannot be understood."""
    words = sys.argv[1:]
    return JSON in (words[: words.index("--")] if "--" in words else words)


def document(result: Any) -> str:
    """A command's result as JSON text.

    Args:
        result: Anything of `plain`; None, of a command that only does, is `{}`.
    """
    return json.dumps(
        plain({} if result is None else result), indent=2, ensure_ascii=False
    )


def plain(value: Any) -> Any:
    """A value of JSON: dates as ISO text, decimals as numbers, paths as text, NaN as
    null, dataclasses by field, and objects with a `document()` as they say themselves.
    """
    if hasattr(value, "document"):
        return plain(value.document())
    if dataclasses.is_dataclass(value):
        return {
            field.name: plain(getattr(value, field.name))
            for field in dataclasses.fields(value)
        }
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return value if value - value == 0 else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Path):
        return str(value)
    return value.isoformat() if hasattr(value, "isoformat") else float(value)


def say(error: UserError) -> None:
    """A mistake as a sentence and what to do next; as JSON where that is asked for:
    `{"error": {"message", "hint", "details"}}`. The salt is in none of them.
    """
    from warehouse.people import without_salt

    message = without_salt(error.message)
    if wants_json():
        words = {"message": message, "hint": error.hint}
        if error.details is not None:
            words["details"] = error.details
        typer.echo(document({"error": words}))
        return
    from rich.console import Console
    from rich.markup import escape

    console = Console(stderr=True)
    console.print("[bold red]Error:[/]", escape(message), soft_wrap=True)
    if error.hint:
        console.print("[bold]What to do:[/]", escape(error.hint), soft_wrap=True)


def progress(console: "Console | None", of: str = "steps") -> "Progress":
    """A bar with the step's name, how much is done, and the time; gone when it ends.

    Args:
        console: Where to draw; nothing is drawn where there is no terminal.
        of: What is counted: steps, or bytes.
    """
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    done = TextColumn("{task.completed:.0f}/{task.total}")
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn() if of == "bytes" else done,
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not (console and console.is_terminal),
    )


def busy(console: "Console", words: str) -> AbstractContextManager:
    """Say what takes a moment while it does; nothing where there is no terminal."""
    return console.status(words) if console.is_terminal else nullcontext()


def follow(
    console: "Console | None", items: Iterable, name: Callable = str
) -> Iterator:
    """Go through items with a bar that names the one at work.

    Args:
        console: Where to draw; nothing is drawn where there is no terminal.
        items: What is gone through.
        name: What an item is called.
    """
    items = list(items)
    with progress(console) as bar:
        task = bar.add_task("", total=len(items))
        for item in items:
            bar.update(task, description=name(item))
            yield item
            bar.advance(task)
