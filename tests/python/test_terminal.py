"""What all commands share: `--json`, plain lines when piped, words that help."""

import contextlib
import json
import os
import pty
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
import typer
from rich.console import Console
from typer.main import get_command
from typer.testing import CliRunner

from warehouse.cli import app
from warehouse.errors import UserError
from warehouse.paths import PROJECT
from warehouse.terminal import follow, plain, verb

# Commands that report nothing which a machine could want, and why.
WITHOUT_JSON: dict[str, str] = {}


def commands(group=None, path: str = "") -> Iterator[tuple[str, object]]:
    """Every command of the CLI by its words, those of groups too."""
    for name, command in (group or get_command(app)).commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{path}{name} ")
        else:
            yield f"{path}{name}", command


def warehouse(*words: str, **surroundings: str) -> subprocess.CompletedProcess:
    """The command as people call it, its output in a pipe."""
    return subprocess.run(
        [sys.executable, "-m", "warehouse", *words],
        env={**os.environ, "PYTHONPATH": str(PROJECT / "scripts"), **surroundings},
        capture_output=True,
        text=True,
    )


def test_every_command_speaks_json():
    """Each has `--json`, or a written reason why not."""
    silent = {
        name
        for name, command in commands()
        if not any("--json" in parameter.opts for parameter in command.params)
    }
    assert silent == WITHOUT_JSON.keys()


def test_a_result_is_one_document_and_nothing_else(capsys):
    """What is said goes to standard error; the result decides the exit code."""

    @dataclass
    class Half:
        day: date
        exit_code: int = 1

    one = typer.Typer()

    @verb(one)
    def halve(console, number: int):
        """Halve a number."""
        console.print("halving …")
        return Half(date(2026, 9, 23))

    @verb(one)
    def other(console):
        """So that there are two."""

    result = CliRunner().invoke(one, ["halve", "3", "--json"])
    assert json.loads(result.stdout) == {"day": "2026-09-23", "exit_code": 1}
    assert result.stderr == "halving …\n"
    assert result.exit_code == 1
    assert CliRunner().invoke(one, ["halve", "3"]).stdout == "halving …\n"
    assert CliRunner().invoke(one, ["other", "--json"]).stdout == "{}\n"


def test_anything_becomes_json():
    """Dates, decimals, paths, sets; what is no number is null."""
    given = {1: (Decimal("1.5"), Path("a/b"), float("nan"), float("inf"), True, None)}
    assert plain(given) == {"1": [1.5, "a/b", None, None, True, None]}


@pytest.mark.parametrize(
    ("words", "code", "message", "hint"),
    [
        (["run", "--target", "prd"], 1, "no target 'prd'", "demo, dev, prod"),
        (["publish"], 1, "no warehouse to publish", "warehouse run"),
        (["statsu"], 2, "Did you mean 'status'?", "--help"),
        (["status", "--grian", "day"], 2, "No such option: --grian", "--help"),
    ],
)
def test_mistakes_are_json_too(tmp_path, words, code, message, hint):
    """The same exit code with and without; message and what to do next."""
    surroundings = {"WAREHOUSE_DATA": str(tmp_path), "WAREHOUSE_TARGET": "dev"}
    for_people = warehouse(*words, **surroundings)
    assert for_people.returncode == code and for_people.stdout == ""
    assert message in for_people.stderr
    for_machines = warehouse(*words, "--json", **surroundings)
    assert for_machines.returncode == code
    error = json.loads(for_machines.stdout)["error"]
    assert message in error["message"] and hint in error["hint"]


@pytest.mark.parametrize(
    ("words", "without"),
    [
        (["--help"], {"duckdb", "yaml", "dbt", "numpy"}),
        (["kpi", "orders"], {"yaml", "dbt", "numpy", "pandas", "jinja2"}),
        (["status"], {"dbt", "pandas", "jinja2"}),
    ],
)
def test_nothing_is_read_in_that_is_not_used(tmp_path, words, without):
    """A command begins at once: what others need is none of its business."""
    script = (
        "import sys\nfrom warehouse.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        env={
            **os.environ,
            "PYTHONPATH": str(PROJECT / "scripts"),
            "WAREHOUSE_DATA": str(tmp_path),
        },
        capture_output=True,
        text=True,
    )
    read = set(done.stdout.splitlines()[-1].split())
    assert {"sys", "typer"} <= read and not without & read


def test_a_mistake_carries_what_it_is_about(capsys, monkeypatch):
    """A build that failed says which nodes did."""
    from warehouse import terminal

    monkeypatch.setattr("sys.argv", ["warehouse", "build", "--json"])
    terminal.say(UserError("2 steps failed.", "Mend them.", {"failed": ["a", "b"]}))
    assert json.loads(capsys.readouterr().out)["error"] == {
        "message": "2 steps failed.",
        "hint": "Mend them.",
        "details": {"failed": ["a", "b"]},
    }


def test_a_mistake_of_ours_is_a_document_too(monkeypatch, capsys):
    """The traceback for those who mend it, one document for machines, exit code 70."""
    from warehouse import cli, template

    def broken(*_):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(template, "template", broken)
    monkeypatch.setattr("sys.argv", ["warehouse", "template", "--json"])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    said = capsys.readouterr()
    assert stopped.value.code == 70 and "Traceback" in said.err
    message = json.loads(said.out)["error"]["message"]
    assert message == "A mistake of ours: ZeroDivisionError: by zero"


def on_a_terminal(folder: Path, *words: str, **surroundings: str) -> str:
    """What a command writes where a person sits before it."""
    reader, writer = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "warehouse", *words],
        env={
            **{k: v for k, v in os.environ.items() if k != "NO_COLOR"},
            "PYTHONPATH": str(PROJECT / "scripts"),
            "WAREHOUSE_DATA": str(folder),
            "TERM": "xterm-256color",
            **surroundings,
        },
        stdout=writer,
        stderr=writer,
    )
    os.close(writer)
    assert done.returncode == 1
    with contextlib.suppress(OSError):  # the end of what was written
        written = os.read(reader, 100_000).decode()
    os.close(reader)
    return written


def test_colours_are_for_people(tmp_path):
    """On a terminal, but not with NO_COLOR, and never in a pipe."""
    red = re.compile(r"\x1b\[[0-9;]*3[0-7]m")
    assert red.search(on_a_terminal(tmp_path, "publish"))
    assert not red.search(on_a_terminal(tmp_path, "publish", NO_COLOR="1"))
    piped = warehouse("publish", WAREHOUSE_DATA=str(tmp_path))
    assert "\x1b" not in piped.stderr and "no warehouse to publish" in piped.stderr


def test_bars_are_for_people():
    """A bar names what is at work and goes when it ends; in a pipe there is none."""
    shown, piped = StringIO(), StringIO()
    person = Console(file=shown, force_terminal=True, width=80)
    for console in (person, Console(file=piped), None):
        seen = []
        for item in follow(console, ["orders", "carts"], lambda name: f"copy {name}"):
            seen.append(item)
            if console is person:
                time.sleep(0.15)  # ten frames a second
        assert seen == ["orders", "carts"]
    assert "copy orders" in shown.getvalue() and "1/2" in shown.getvalue()
    assert piped.getvalue() == ""
