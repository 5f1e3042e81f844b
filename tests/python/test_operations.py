"""The schedulers' examples run commands that exist, and upgrades keep their promise."""

import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
from types import ModuleType

import pytest
from typer.exceptions import TyperException
from typer.main import get_command

from warehouse.cli import app
from warehouse.errors import BusyError, MachineError
from warehouse.paths import PROJECT
from warehouse.promise import (
    NOTES,
    broken_promises,
    promised_columns,
    public_columns,
)

EXAMPLES = PROJECT / "docs" / "operations"
FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))  # of cron
FIELD = r"(?:\*|\d+(?:-\d+)?)(?:/\d+)?(?:,(?:\*|\d+(?:-\d+)?)(?:/\d+)?)*"


def understood(command: str) -> bool:
    """Whether the CLI understands the words behind `warehouse`."""
    words = shlex.split(command)
    verb = get_command(app).commands.get(words[0])
    if verb is None:
        return False
    try:
        verb.make_context(words[0], words[1:])
    except TyperException:
        return False
    return True


def commands(text: str) -> list[str]:
    """The commands of the CLI in shell lines, without what the shell does to them."""
    return [
        command.strip() for command in re.findall(r"bin/warehouse ([^>|&;\n]+)", text)
    ]


def test_what_is_not_understood_is_noticed():
    """The tests below can fail."""
    assert understood("run --target prod") and understood("status --sources")
    assert not understood("runn") and not understood("run --targt prod")


def test_the_crontab_is_one():
    """Five fields in their ranges, then a command that exists; no unescaped percent."""
    lines = (EXAMPLES / "crontab").read_text().splitlines()
    jobs = [line for line in lines if line.strip() and not line.startswith("#")]
    jobs = [line for line in jobs if not re.match(r"[A-Z_]+=", line)]
    assert len(jobs) >= 2
    for job in jobs:
        *fields, command = job.split(maxsplit=5)
        for text, (low, high) in zip(fields, FIELDS, strict=True):
            assert re.fullmatch(FIELD, text), job
            assert all(low <= int(n) <= high for n in re.findall(r"\d+", text)), job
        assert "%" not in command and commands(command), job
        assert all(understood(found) for found in commands(command)), job


def test_systemd_takes_the_units(tmp_path):
    """The command exists, exit codes are ours, and systemd finds nothing to say."""
    service = (EXAMPLES / "warehouse.service").read_text()
    (command,) = commands(service)
    assert understood(command)
    succeeds = re.search(r"^SuccessExitStatus=(.*)$", service, re.MULTILINE).group(1)
    assert int(succeeds) == BusyError.exit_code
    final = re.search(r"^RestartPreventExitStatus=(.*)$", service, re.MULTILINE)
    assert str(MachineError.exit_code) not in final.group(1).split()
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze here")
    # What it cannot know: the project's place and its user.
    there = re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", service)
    (tmp_path / "warehouse.service").write_text(there.replace("User=kpis\n", ""))
    shutil.copy(EXAMPLES / "warehouse.timer", tmp_path)
    units = [str(path) for path in sorted(tmp_path.iterdir())]
    done = subprocess.run(
        ["systemd-analyze", "verify", *units], capture_output=True, text=True
    )
    said = [line for line in done.stderr.splitlines() if "warehouse" in line]
    assert done.returncode == 0 and not said, done.stderr


def test_airflow_runs_the_steps_of_run(monkeypatch):
    """The DAG can be read in; its tasks are the steps of `warehouse run`, in order."""
    tasks = []

    class Task:
        """An operator that remembers what it was given."""

        def __init__(self, **given):
            self.given, self.before = given, None
            tasks.append(self)

        def __rshift__(self, other):
            other.before = self

    class Dag:
        """A DAG that remembers nothing."""

        def __init__(self, **given):
            assert given["max_active_runs"] == 1 and given["catchup"] is False

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

    parts = ["airflow", "providers", "standard", "operators", "bash"]
    for end in range(1, len(parts) + 1):
        name = ".".join(parts[:end])
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    sys.modules["airflow.providers.standard.operators.bash"].BashOperator = Task
    sdk = ModuleType("airflow.sdk")
    sdk.DAG = Dag
    monkeypatch.setitem(sys.modules, "airflow.sdk", sdk)
    spec = importlib.util.spec_from_file_location("dag", EXAMPLES / "airflow_dag.py")
    spec.loader.exec_module(importlib.util.module_from_spec(spec))

    source = (PROJECT / "scripts" / "warehouse" / "run.py").read_text()
    steps = re.findall(r'_step\(console, \d, "(\w+)', source)
    assert [task.given["task_id"] for task in tasks] == steps
    assert [task.before for task in tasks] == [None, *tasks[:-1]]
    for task in tasks:
        (command,) = commands(task.given["bash_command"])
        assert command.split()[0] == task.given["task_id"] and understood(command)
        assert task.given["skip_on_exit_code"] == BusyError.exit_code


# ----------------------------------------------------------------------------- upgrades


def test_no_public_column_goes_without_a_word():
    """What the last version promised is there, or docs/upgrading.md says more."""
    broken = broken_promises(
        promised_columns(), public_columns(), NOTES.read_text(encoding="utf-8")
    )
    assert not broken, (
        "\n".join(broken) + "\nWhat to do: name it in docs/upgrading.md, under the "
        "version to come, as `model.column`, with what to read instead."
    )


def test_a_broken_promise_is_noticed():
    """Gone, renamed, retyped, a whole model; a new column is nobody's trouble."""
    promised = {("m", "a"): "string", ("m", "b"): "bigint", ("old", "c"): "date"}
    public = {("m", "a"): "string", ("m", "b"): "double", ("m", "new"): "date"}
    assert broken_promises(promised, public, "") == [
        "m.b was bigint, and is double",
        "old.c is gone",
    ]
    assert broken_promises(promised, public, "`m.b` holds halves; `old` went") == []
    assert broken_promises(promised, {}, "`m`, not `old.c`") == []
