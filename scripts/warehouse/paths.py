"""Where everything lies. `profiles.yml` and the sources' YAML follow the same rules."""

import os
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
TARGETS = ("demo", "dev", "prod")


def target_name() -> str:
    """The dbt target that is in force: `WAREHOUSE_TARGET`, else `demo`."""
    return os.environ.get("WAREHOUSE_TARGET", "demo")


def data_dir(target: str | None = None) -> Path:
    """The folder that holds landing, lake, truth, published and the warehouse file.

    Args:
        target: A dbt target; the one in force when left out.

    Returns:
        `WAREHOUSE_DATA` when it is set, else `data/demo` for the demo shop and `data`
        for your own, below the project.
    """
    if folder := os.environ.get("WAREHOUSE_DATA"):
        return Path(folder).resolve()
    return PROJECT / ("data/demo" if (target or target_name()) == "demo" else "data")


def warehouse_file(target: str | None = None) -> Path:
    """The DuckDB file that dbt builds."""
    target = target or target_name()
    name = "warehouse_prod.duckdb" if target == "prod" else "warehouse.duckdb"
    return data_dir(target) / name


def spill_folder(target: str | None = None) -> Path:
    """Where DuckDB puts aside what has no room in memory; a build empties it."""
    file = warehouse_file(target)
    return file.with_name(f"{file.name}.tmp")


@cache
def project_variables() -> dict:
    """The variables of `dbt_project.yml`, as the file says them."""
    return read_yaml(PROJECT / "dbt_project.yml")["vars"]


def read_yaml(path: Path) -> dict:
    """A file's content, by the parser in C where there is one: ten times as fast."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader) or {}
