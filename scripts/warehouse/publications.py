"""What lies in `published/`: whole builds, and live ones between two of them.

A whole publication is one build. A live one (`warehouse watch`) is a whole one in which
some tables are newer; its manifest says which, and what waits for the next whole one.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

# A DuckDB table of one row group has nothing to skip: larger ones are sorted.
ROW_GROUP = 122_880
SORTED_BY = ("kpi_id", "dimension", "grain", "period_start", "member")


def manifest_of(publication: Path) -> dict:
    """The manifest of a publication; empty where there is none."""
    path = publication / "manifest.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def is_live(publication: Path) -> bool:
    """Whether a publication is a whole one in which some tables are newer."""
    return bool(manifest_of(publication).get("live"))


def live_words(manifest: Mapping) -> str:
    """What a reader of a live publication must know; nothing for a whole one."""
    if not (live := manifest.get("live")):
        return ""
    return (
        f"live: {len(live['kpis'])} KPIs' values are newer than comparisons, charts "
        f"and other marts, which are of build {live['base']} until the next whole one"
    )


def whole(publication: Path) -> Path | None:
    """The whole publication that one is, or is based on.

    Args:
        publication: A folder of `published/`, or the link `current`.

    Returns:
        Its folder; None if nothing is published there.
    """
    if not publication.exists():
        return None
    folder = publication.resolve()
    live = manifest_of(folder).get("live")
    based_on = folder.with_name(live["base"]) if live else folder
    return based_on if based_on.exists() else folder


def sort_order(columns: Mapping[str, str], rows: int) -> str:
    """The clause that sorts a published table, so that readers skip what they do not
    ask for: KPIs by KPI, dimension, grain and time, facts by their date and shop.

    Args:
        columns: The columns' types by name, in the table's order.
        rows: How many rows it has; a small table is not sorted.

    Returns:
        `order by …`, or nothing.
    """
    if rows <= ROW_GROUP:
        return ""
    names = [name for name in SORTED_BY if name in columns]
    if "period_start" not in names:
        dates = [name for name, kind in columns.items() if kind == "DATE"]
        names = [*dates[:1], *(name for name in ("shop_id",) if name in columns)]
    return f"order by {', '.join(names)}" if names else ""


def hashes(publication: Path, known: Mapping[str, str] | None = None) -> dict[str, str]:
    """SHA-256 of each data file of a publication, by its path in the folder.

    Args:
        publication: The folder.
        known: Hashes of files that are not to be read again.
    """
    files = sorted([*publication.glob("*.duckdb"), *publication.glob("parquet/*")])
    found = {}
    for path in files:
        name = path.relative_to(publication).as_posix()
        found[name] = (known or {}).get(name) or _hash(path)
    return found


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
