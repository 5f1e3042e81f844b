"""The dashboard of analyses/superset as a file that Apache Superset imports."""

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.errors import UserError
from warehouse.paths import PROJECT, data_dir, target_name

if TYPE_CHECKING:
    from rich.console import Console

FOLDER = PROJECT / "analyses" / "superset"
DATABASE = "databases/warehouse.yaml"


def superset(
    console: "Console",
    target: str | None = None,
    out: Path | None = None,
    uri: str | None = None,
) -> dict:
    """Write the database, datasets, charts and dashboard as one importable ZIP.

    Args:
        console: Where to say what was written.
        target: A dbt target; the one in force when left out.
        out: The file; `superset.zip` in the data folder when left out.
        uri: Where Superset finds the marts; the published DuckDB file, read only, when
            left out. Of PostgreSQL without the password: Superset asks for it.

    Returns:
        file and uri.

    Raises:
        UserError: If the file cannot be written.
    """
    data = data_dir(target or target_name())
    uri = uri or file_uri(data / "published" / "current" / "warehouse.duckdb")
    out = out or data / "superset.zip"
    try:
        out.write_bytes(bundle(uri))
    except OSError as error:
        raise UserError(
            f"{out} cannot be written: {error.strerror}.",
            "Say another file with --out.",
        ) from None
    console.print(
        f"written {out}\nIn Superset: Dashboards, Import dashboards, this file.",
        highlight=False,
        soft_wrap=True,
    )
    return {"file": out, "uri": uri}


def file_uri(file: Path) -> str:
    """The SQLAlchemy address of a DuckDB file that is only read."""
    return f"duckdb:///{file.absolute()}?access_mode=read_only"


def bundle(uri: str) -> bytes:
    """The ZIP of analyses/superset over another database.

    Args:
        uri: The SQLAlchemy address of the marts.
    """
    import yaml

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(FOLDER.rglob("*.yaml")):
            name = path.relative_to(FOLDER).as_posix()
            text = path.read_text(encoding="utf-8")
            if name == DATABASE:
                content = yaml.safe_load(text) | {"sqlalchemy_uri": uri}
                text = yaml.safe_dump(content, sort_keys=False)
            archive.writestr(f"superset/{name}", text)
    return packed.getvalue()
