"""A scratch shop for tests: drop files, load, build, ask."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

PROJECT = Path(__file__).resolve().parents[2]

# dbt reads the whole project anew for every data folder and every set of variables, and
# takes longer over it than over most builds. So all shops stand at one address, one
# after the other, and what dbt has read once is handed on.
STREET = tempfile.TemporaryDirectory(prefix="shop-")
ADDRESS = Path(STREET.name) / "data"
PARSED = "partial_parse.msgpack"


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

    def load(self) -> subprocess.CompletedProcess:
        """`warehouse load` of everything that lies in the landing folder."""
        return self.run("warehouse", "load")

    def dbt(self, *arguments: str, **variables) -> subprocess.CompletedProcess:
        """A dbt command with variables, quiet, into this shop's own target folder."""
        values = json.dumps(variables, sort_keys=True)
        parsed = self.folder / "target" / PARSED
        known = ADDRESS.parent / f"{hash(values)}.{PARSED}"
        if known.exists():
            parsed.parent.mkdir(exist_ok=True)
            shutil.copy(known, parsed)
        done = self.run(
            "dbt.cli.main",
            *arguments,
            "--target",
            "dev",
            "--project-dir",
            str(PROJECT),
            "--profiles-dir",
            str(PROJECT),
            "--vars",
            values,
            "--log-path",
            str(self.folder / "logs"),
        )
        shutil.copy(parsed, known)
        return done

    def build(self, *selectors: str, **variables) -> subprocess.CompletedProcess:
        """Seeds and models of the selectors, without the tests about them."""
        return self.dbt(
            *("build", "--exclude-resource-type", "test", "unit_test"),
            *("--select", *selectors),
            **variables,
        )

    def ask(self, query: str) -> list[tuple]:
        """The rows of a query over the built warehouse."""
        self.enter()
        path = str(self.folder / "warehouse.duckdb")
        with duckdb.connect(path, read_only=True) as connection:
            return connection.sql(query).fetchall()
