"""The same dbt models, planned and applied by SQLMesh, beside `dbt build` of them."""

import sys
import tempfile
from pathlib import Path

import contest
import overlay
import process

NAME = "SQLMesh"
CONFIG = """\
# What `sqlmesh init -t dbt` writes, with a date before the first order.
dbt:
  infer_state_schema_name: True
virtual_environment_mode: dev_only
plan:
  always_recreate_environment: True
model_defaults:
  start: 2024-01-01
"""


def sqlmesh(python: str, project: Path, data: Path, *words: str) -> process.Done:
    """A command of SQLMesh in a project.

    Raises:
        SystemExit: It failed; says what it wrote.
    """
    done = process.run(
        [str(Path(python).with_name("sqlmesh")), *words],
        project,
        WAREHOUSE_DATA=str(data),
        WAREHOUSE_TARGET="demo",
        DBT_TARGET_PATH=str(project / "target"),
        SQLMESH__DISABLE_ANONYMIZED_ANALYTICS="true",
    )
    if done.code:
        raise SystemExit(done.log)
    return done


def main() -> None:
    """Build with both, check, print."""
    asked = contest.arguments(__doc__)
    python = contest.python_of(
        NAME, "sqlmesh", "dbt.adapters.duckdb", environment="sqlmesh"
    )
    contest.needs(NAME, "dbt.adapters.duckdb", "duckdb")
    import duckdb

    with tempfile.TemporaryDirectory(prefix="rival-") as folder:
        folder = Path(folder)
        sides = {}
        for side in ("sqlmesh", "dbt"):
            project, data = folder / side, folder / f"{side}-data"
            project.mkdir()
            data.mkdir()
            (data / "lake").symlink_to(asked.lake)
            names = overlay.write(project, contest.KPIS)
            sides[side] = (project, data)
        project, data = sides["sqlmesh"]
        (project / "sqlmesh.yaml").write_text(CONFIG, encoding="utf-8")
        apply = ("--ignore-warnings", "plan", "--auto-apply", "--no-prompts")
        first = sqlmesh(python, project, data, *apply)
        with duckdb.connect(data / "warehouse.duckdb", read_only=True) as connection:
            values = contest.values_of(connection)
        again = sqlmesh(python, project, data, *apply)
        ours = overlay.dbt_build(sys.executable, *sides["dbt"])
    with duckdb.connect(asked.warehouse, read_only=True) as connection:
        known = contest.values_of(connection)
    contest.answer(
        NAME,
        **overlay.facts(first),
        **overlay.facts(again, "unchanged_"),
        compared_with=f"dbt build of the same {len(names)} models, without tests",
        **ours.facts("compared_"),
        values_compared=contest.agree([(*key, x) for key, x in values.items()], known),
        kpis=list(contest.KPIS),
        models=len(names),
    )


if __name__ == "__main__":
    main()
