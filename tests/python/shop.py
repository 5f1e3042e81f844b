"""A scratch shop for tests: drop files, load, build, ask."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import duckdb
from rich.console import Console

from warehouse import build as building
from warehouse.build import run_dbt

PROJECT = Path(__file__).resolve().parents[2]

# dbt reads the whole project anew for every data folder and every set of variables, and
# takes longer over it than over most builds. So all shops stand at one address, one
# after the other, and dbt runs in this process with what it has read once: no model
# asks a variable before it is compiled.
STREET = tempfile.TemporaryDirectory(prefix="shop-")
ADDRESS = Path(STREET.name) / "data"
PARSED = Path(STREET.name) / "parsed" / "partial_parse.msgpack"


class Shop:
    """A data folder of its own, worked on as a user would: through the commands.

    Args:
        folder: An empty folder, typically pytest's `tmp_path`.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.landing = folder / "landing"
        self.environment = {
            **os.environ,
            "WAREHOUSE_DATA": str(ADDRESS),
            "WAREHOUSE_TARGET": "dev",
            "DBT_TARGET_PATH": str(folder / "target"),
            "PYTHONPATH": str(PROJECT / "scripts"),
        }

    def drop(self, source: str, name: str, query: str) -> None:
        """Write the result of a DuckDB query as a CSV export into landing."""
        path = self.landing / source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        duckdb.sql(f"copy ({query}) to '{path}' (format csv, header)")

    def write(self, source: str, name: str, text: str) -> Path:
        """Write a text as an export into the landing folder."""
        path = self.landing / source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def enter(self) -> None:
        """Let the address lead to this shop."""
        ADDRESS.unlink(missing_ok=True)
        ADDRESS.symlink_to(self.folder)

    def run(self, *command: str) -> subprocess.CompletedProcess:
        """Run a Python module's command in this shop; fail with its output."""
        self.enter()
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=PROJECT,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        with (self.folder / "said.log").open("a", encoding="utf-8") as log:
            log.write(done.stdout + done.stderr)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done

    def take_parsed(self) -> None:
        """dbt's commands in this shop go on from what it has read in this process."""
        with self.surroundings():
            read_project()
        target = Path(self.environment["DBT_TARGET_PATH"])
        target.mkdir(exist_ok=True)
        shutil.copy(PARSED, target)

    def load(self) -> subprocess.CompletedProcess:
        """`warehouse load` of everything that lies in the landing folder."""
        return self.run("warehouse", "load")

    @contextlib.contextmanager
    def surroundings(self) -> Iterator[None]:
        """This process stands in the project, with the shop's environment."""
        before = dict(os.environ)
        os.environ.update(self.environment)
        self.enter()
        try:
            with contextlib.chdir(PROJECT):
                yield
        finally:
            os.environ.clear()
            os.environ.update(before)

    def dbt(self, *arguments: str, **variables) -> None:
        """A dbt command with variables, quiet, into this shop's own target folder."""
        named = ["--target=dev", "--no-write-json", "--vars", json.dumps(variables)]
        with self.surroundings():
            done = run_dbt(*arguments, *named, manifest=read_project())
        results = getattr(done.result, "results", ())
        said = [done.exception, *(entry.message for entry in results)]
        assert done.success, "\n".join(map(str, [arguments, *filter(None, said)]))

    def build(self, *selectors: str, **variables) -> None:
        """Seeds and models of the selectors, without the tests about them."""
        self.dbt(
            *("build", "--exclude-resource-type", "test", "unit_test"),
            *("--select", *selectors),
            **variables,
        )

    def build_part(self, *selectors: str) -> building.BuildResult:
        """`warehouse build --select`, with the tests, in this process."""
        with self.surroundings(), parsed_once():
            return building.build(Console(file=StringIO()), "dev", list(selectors))

    def ask(self, query: str) -> list[tuple]:
        """The rows of a query over the built warehouse."""
        self.enter()
        path = str(self.folder / "warehouse.duckdb")
        with duckdb.connect(path, read_only=True) as connection:
            return connection.sql(query).fetchall()


class Copy:
    """A copy of the project in which a KPI and a source are begun.

    Args:
        folder: An empty folder.
        shop: Whose data the commands see; a new one when left out.
    """

    def __init__(self, folder: Path, shop: Shop | None = None):
        self.folder = folder / "project"
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard"],
            cwd=PROJECT,
            capture_output=True,
            text=True,
        )
        kept = ("models", "seeds", "macros", "tests", "analyses", "scripts", "docs")
        names = listed.stdout.splitlines() or [
            path.relative_to(PROJECT).as_posix()
            for part in kept
            for path in (PROJECT / part).rglob("*")
        ]
        names += [path.name for path in PROJECT.iterdir() if path.is_file()]
        for name in names:
            if (PROJECT / name).is_file():
                path = self.folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(PROJECT / name, path)
        self.shop = shop or Shop(folder)
        self.environment = {
            **self.shop.environment,
            "PYTHONPATH": str(self.folder / "scripts"),
        }

    def run(self, *command: str) -> str:
        """A Python module's command in the copy; its output."""
        self.shop.enter()
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def begin(self) -> str:
        """`warehouse new`, for `checkout_share` and `yotpo`; what it says."""
        example = self.folder.parent / "reviews.csv"
        example.write_text("ID;Stars;Reviewer Email;Country\n1;5;a@example.com;DE\n")
        return self.run(
            *("warehouse", "new", "kpi", "checkout_share"),
            *("--from", "rollup_checkouts", "--numerator", "successful_checkouts"),
            *("--denominator", "checkout_sessions"),
        ) + self.run(
            *("warehouse", "new", "source", "yotpo", "--like", "reviews"),
            *("--example", str(example)),
        )

    def text(self, path: str) -> str:
        """A file of the copy."""
        return (self.folder / path).read_text(encoding="utf-8")


@contextlib.contextmanager
def parsed_once() -> Iterator[None]:
    """Where `warehouse build` reads the project, it is given what was read before."""

    def run(*arguments, **more):
        if arguments[0] == "parse":
            return SimpleNamespace(exception=None, result=read_project())
        return run_dbt(*arguments, **more)

    with patch.object(building, "run_dbt", run):
        yield


@cache
def read_project():
    """dbt's manifest, for whatever stands at the address; `PARSED` has it as a file."""
    done = run_dbt("parse", "--target-path", str(PARSED.parent))
    assert done.success, done.exception
    return done.result
