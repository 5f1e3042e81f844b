"""`warehouse template`: empty files for systems that have no source of their own; and
the contracts as pages."""

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.contract import Column, Source, Table, read_contracts
from warehouse.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

BAR = "\\|"  # a bar inside a table's cell
_WORDS = {
    "text": "text",
    "number": "number",
    "integer": "whole number",
    "percent": "percentage",
    "boolean": "true or false",
    "date": "date (2026-09-23)",
    "timestamp": "moment (2026-09-23 10:15:00+02:00)",
    "epoch_s": "seconds since 1970",
    "epoch_ms": "milliseconds since 1970",
    "epoch_us": "microseconds since 1970",
}


def flat_tables(contracts: Path | None = None) -> dict[str, Table]:
    """The flat tables by name, in the order of their contract.

    Raises:
        UserError: The project has no flat source.
    """
    source = read_contracts(contracts).get("flat")
    if source is None:
        raise UserError(
            "There is no source named flat.", "Restore models/staging/flat/_flat.yml."
        )
    return {table.name: table for table in source.tables}


def template(
    console: "Console",
    table: str | None = None,
    out: Path | None = None,
    contracts: Path | None = None,
) -> dict:
    """Write the header of a flat table as a CSV file, or list the tables.

    Args:
        console: Where it is shown.
        table: The table; all are listed when left out.
        out: The file to write, which must not be there yet; else it is shown.

    Returns:
        The tables, or the one with its columns and the file that was written.

    Raises:
        UserError: There is no such table, or the file is there already.
    """
    tables = flat_tables(contracts)
    if table is None:
        from rich.markup import escape
        from rich.table import Table as Grid

        grid = Grid("table", "what it holds", "required columns")
        for name, found in tables.items():
            required = ", ".join(column.name for column in found.required)
            grid.add_row(
                f"[bold]{name}[/]", escape(found.description.strip()), required
            )
        console.print(grid)
        console.print("warehouse template TABLE --out FILE writes the empty file.")
        return {"tables": [_described(found) for found in tables.values()]}
    if table not in tables:
        raise UserError(
            f"There is no flat table {table!r}.", f"The tables: {', '.join(tables)}."
        )
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(
        c.name for c in tables[table].columns
    )
    if out is None:
        console.print(text.getvalue(), end="", soft_wrap=True, highlight=False)
        return {**_described(tables[table]), "file": None}
    try:
        with out.open("x", encoding="utf-8", newline="") as file:
            file.write(text.getvalue())
    except FileExistsError:
        raise UserError(f"{out} is there already.", "Choose another name.") from None
    except OSError as error:
        raise UserError(f"{out} cannot be written: {error.strerror}.") from None
    console.print(
        f"Wrote {out}. Fill it and put it into landing/flat/.", soft_wrap=True
    )
    return {**_described(tables[table]), "file": out}


def _described(table: Table) -> dict:
    """A table for machines."""
    columns = [
        {
            "name": column.name,
            "type": column.type,
            "unit": column.meta.get("unit"),
            "required": column.required,
            "description": _words(column),
        }
        for column in table.columns
    ]
    return {"table": table.name, "description": _words(table), "columns": columns}


def flat_tables_markdown(contracts: Path | None = None) -> str:
    """Every column of every flat table as Markdown, straight from the contract."""
    parts = []
    for table in flat_tables(contracts).values():
        parts += [f"## {table.name}", "", " ".join(table.description.split()), ""]
        parts += [
            "| column | type | unit | required | what it is |",
            "|---|---|---|---|---|",
        ]
        parts += [_row(column) for column in table.columns] + [""]
    return "\n".join(parts)


def platform_tables_markdown(contracts: Path | None = None) -> str:
    """Every file and column of every platform as Markdown, from the contracts."""
    parts = [
        "# Exports of platforms",
        "",
        "Written by `warehouse docs` from the contracts that the loader reads. Files "
        "go into `data/landing/<source>/<shop_id>/` as they were downloaded: in any "
        "order of columns, with whatever else they hold. Names of files and headers "
        "are compared without case, blanks and underscores.",
    ]
    for source in read_contracts(contracts).values():
        if source.name in ("flat", "loader"):
            continue
        parts += ["", f"## {source.label} (`{source.name}`)", "", _words(source)]
        for table in source.tables:
            files = ", ".join(f"`{pattern}`" for pattern in table.files)
            parts += ["", f"### {source.label}: {table.name}", "", _words(table)]
            parts += ["", f"Files named {files}.", ""]
            parts += ["| column | header in the file | type | required | what it is |"]
            parts += ["|---|---|---|---|---|"]
            parts += [_platform_row(column) for column in table.columns]
    return "\n".join(parts) + "\n"


def _platform_row(column: Column) -> str:
    headers = ", ".join(column.headers) or column.name
    required = "yes" if column.required else ""
    cells = (f"`{column.name}`", headers, _WORDS[column.type], required)
    words = (cell.replace("|", BAR) for cell in (*cells, _words(column)))
    return f"| {' | '.join(words)} |"


def _words(described: Column | Table | Source) -> str:
    return " ".join(described.description.split())


def _row(column: Column) -> str:
    words = _words(column).replace("|", BAR)
    required = "yes" if column.required else ""
    unit = column.meta.get("unit") or ""
    return (
        f"| `{column.name}` | {_WORDS[column.type]} | {unit} | {required} | {words} |"
    )
