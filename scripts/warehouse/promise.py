"""The columns that readers rely on, and what has become of them since a version."""

import csv
import re
from pathlib import Path

from warehouse.lineage import model_files, nodes
from warehouse.paths import PROJECT

PROMISED = PROJECT / "docs" / "upgrading" / "columns.csv"
NOTES = PROJECT / "docs" / "upgrading.md"
PUBLIC = ("facts", "rollups", "marts")
# Of every KPI view alike; the YAML of kpi_values describes them.
KPI_COLUMNS = "kpi_values"


def public_columns() -> dict[tuple[str, str], str]:
    """The types of all public columns by model and column, as the YAML says them."""
    described = {
        model["name"]: {
            column["name"]: str(column.get("data_type", "")).lower()
            for column in model.get("columns") or ()
        }
        for content in model_files().values()
        for model in content.get("models", [])
    }
    shared = {
        column: kind
        for column, kind in described[KPI_COLUMNS].items()
        if column != "kpi_id"
    }
    return {
        (name, column): kind
        for name, node in sorted(nodes().items())
        if node.layer in PUBLIC
        for column, kind in (described.get(name) or shared).items()
    }


def promised_columns(path: Path = PROMISED) -> dict[tuple[str, str], str]:
    """The same of the version whose list was written last."""
    with path.open(encoding="utf-8", newline="") as file:
        return {
            (row["model"], row["column"]): row["type"] for row in csv.DictReader(file)
        }


def broken_promises(
    promised: dict[tuple[str, str], str],
    public: dict[tuple[str, str], str],
    notes: str,
) -> list[str]:
    """Columns that went away or changed their type, and that no note names.

    Args:
        promised: Of the last version.
        public: Of today.
        notes: docs/upgrading.md; a column stands in it as `model.column`, a model that
            went as a whole as `model`.
    """
    named = set(re.findall(r"`([\w.]+)`", notes))
    models = {model for model, _ in public}
    broken = []
    for (model, column), kind in promised.items():
        if f"{model}.{column}" in named or (model not in models and model in named):
            continue
        if (model, column) not in public:
            broken.append(f"{model}.{column} is gone")
        elif public[model, column] != kind:
            now = public[model, column]
            broken.append(f"{model}.{column} was {kind}, and is {now}")
    return broken


def write_promise(path: Path = PROMISED) -> int:
    """Write the list of today's public columns, at the release of a version.

    Returns:
        How many columns it has.
    """
    public = public_columns()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["model", "column", "type"])
        writer.writerows([*key, kind] for key, kind in public.items())
    return len(public)
