"""Writes files below a folder. DuckDB makes the text; numpy tables go in.

Names, addresses and formats are looked up in SQL, so that even millions of rows never
become Python objects.
"""

import csv
import io
import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import duckdb

from warehouse.demo.table import Table

# Columns whose cells may hold a comma, a quotation mark or a line break.
FREE_TEXT = {
    "Notes",
    "Note Attributes",
    "Vendor",
    "Tags",
    "Body (HTML)",
    "Lineitem name",
    "Title",
    "Product title",
    "Discount Code",
}


def text_list(values) -> str:
    """A DuckDB list literal of texts."""
    return "[" + ", ".join("'" + str(v).replace("'", "''") + "'" for v in values) + "]"


class Writer:
    """Writes files below a folder, each in one go or part after part.

    Args:
        folder: Where the files go; sub-folders are made.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.con = duckdb.connect()
        # One thread: the same rows always become the same bytes.
        self.con.execute("set threads = 1")
        self.con.execute("set TimeZone = 'UTC'")
        # Joins run as they are written: rows keep the order of the first table.
        self.con.execute("set disabled_optimizers = 'join_order,build_side_probe_side'")
        self.con.execute(
            "create macro plain(cell) as coalesce(cast(cell as varchar), '')"
        )
        self.con.execute(
            """
            create macro quoted(cell) as case
                when contains(cell, ',') or contains(cell, '"')
                    or contains(cell, chr(10))
                    then '"' || replace(cell, '"', '""') || '"'
                else coalesce(cell, '')
            end
            """
        )
        self._part = folder / ".part"
        self._aside = self.con.cursor()
        self._thread = ThreadPoolExecutor(1)
        self._running: Future | None = None
        self.rows: dict[str, int] = {}

    def path(self, name: str) -> Path:
        """The file of that name; its folder exists."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def table(self, name: str, table: Table) -> None:
        """Make a numpy table readable as a DuckDB view."""
        self.con.register(name, table)

    def keep(self, name: str, columns: dict[str, list]) -> None:
        """A small lookup table that stays."""
        lists = ", ".join(
            f"unnest({_list(v)}) as {column}" for column, v in columns.items()
        )
        self.con.execute(f"create or replace table {name} as select {lists}")

    def append_csv(self, name: str, header: list[str], query: str) -> int:
        """Append the rows of a query to a CSV file; the first time, its header, too.

        Only what needs quotes gets them, as in the platforms' own files: DuckDB would
        quote every order name, because of its #.
        """
        path = self.path(name)
        names = [f"c{i}" for i in range(len(header))]
        cells = ", ".join(
            f"{'quoted' if column in FREE_TEXT else 'plain'}({name})"
            for name, column in zip(names, header, strict=True)
        )
        rows = self.con.execute(
            f"copy (select concat_ws(',', {cells}) "
            f"from ({query}) as q({', '.join(names)})) to '{self._part}' "
            "(format csv, header false, delim '\x01', quote '', escape '')"
        ).fetchone()[0]
        with path.open("ab") as out:
            if name not in self.rows:
                out.write(csv_line(header))
            with self._part.open("rb") as part:
                shutil.copyfileobj(part, out)
        self._part.unlink()
        self.rows[name] = self.rows.get(name, 0) + rows
        return rows

    def copy(self, name: str, query: str, options: str) -> int:
        """Write a query to a file of its own."""
        path = self.path(name)
        rows = self.con.execute(f"copy ({query}) to '{path}' ({options})").fetchone()[0]
        self.rows[name] = rows
        return rows

    def copy_aside(self, name: str, tables: dict[str, Table], query: str, options: str):
        """Write a query over numpy tables while the caller goes on; one at a time."""
        self.wait()
        path = self.path(name)

        def work() -> None:
            for table, columns in tables.items():
                self._aside.register(table, columns)
            copied = self._aside.execute(f"copy ({query}) to '{path}' ({options})")
            self.rows[name] = copied.fetchone()[0]

        self.rows[name] = 0
        self._running = self._thread.submit(work)

    def wait(self) -> None:
        """Return when nothing is being written aside; raise what went wrong there."""
        if self._running:
            self._running.result()
            self._running = None

    def close(self) -> None:
        """Finish what is being written and let go of DuckDB; may be called twice."""
        try:
            self.wait()
        finally:
            self._thread.shutdown()
            self._aside.close()
            self.con.close()

    def write(self, name: str, text: str, rows: int, encoding: str = "utf-8") -> None:
        """Write a text as it is."""
        self.path(name).write_bytes(text.encode(encoding))
        self.rows[name] = rows

    def csv(self, name: str, header: list[str], lines: list) -> None:
        """Write a header and lines of cells as a CSV file."""
        text = b"".join(csv_line(line) for line in [header, *lines]).decode()
        self.write(name, text, len(lines))


def _list(values: list) -> str:
    """A DuckDB list literal of texts, numbers or booleans, None among them."""
    return (
        "["
        + ", ".join(
            "null"
            if v is None
            else "'" + v.replace("'", "''") + "'"
            if isinstance(v, str)
            else str(v).lower()
            for v in values
        )
        + "]"
    )


def csv_line(values) -> bytes:
    """One CSV record with LF at its end."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(values)
    return out.getvalue().encode()
