"""The lake on disk: its lock, its journal, its ledger.

A load is one transaction. Everything is written beside the lake first; then a journal
names what is to be renamed, and from there on a killed load is rolled forward by the
next one. Before the journal stands, nothing has happened. The ledger is renamed last.
"""

import contextlib
import datetime as dt
import hashlib
import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import duckdb

from warehouse.contract import Table
from warehouse.files import settle, write_whole
from warehouse.lock import only_writer
from warehouse.values import name as quoted
from warehouse.values import text as literal

LOADER_VERSION = "3"
SOURCE = "loader"
REJECT_COLUMNS = {
    "file": "varchar",
    "source": "varchar",
    "table_name": "varchar",
    "line": "bigint",
    "kind": "varchar",
    "column_name": "varchar",
    "expected": "varchar",
    "found": "varchar",
    "raw_row": "varchar",
    "loaded_at": "timestamp",
}


@dataclass
class Entry:
    """One row of the ledger: a landed file in the lake, or one that was refused."""

    file: str
    source: str
    shop_id: str | None
    content_hash: str
    contract_hash: str
    loader_version: str
    size: int
    rows_landed: int
    rows_loaded: int
    rows_rejected: int
    rows_summary: int
    status: str  # loaded or refused
    message: str | None
    tables: str
    loaded_at: dt.datetime
    landed_at: dt.datetime | None = None  # when the file was written; books of before

    @property
    def key(self) -> tuple[str, str]:
        return self.source, self.file

    @property
    def paths(self) -> list[str]:
        """The files in the lake that hold its rows, relative to the lake."""
        if self.status != "loaded":
            return []
        slug = slug_of(self.file)
        found = [
            f"{self.source}/{t}/{slug}.parquet" for t in self.tables.split(", ") if t
        ]
        if self.rows_rejected:
            found.append(reject_path(self.source, self.file))
        return found


_TYPES = {"int": "bigint", "datetime": "timestamp"}
LEDGER_COLUMNS = {
    f.name: next((t for k, t in _TYPES.items() if k in str(f.type)), "varchar")
    for f in fields(Entry)
}


def slug_of(file: str) -> str:
    """A landed file's name as a file name of the lake, different for each."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", file)[-80:].lstrip("_.")
    return f"{safe}-{hashlib.sha256(file.encode()).hexdigest()[:10]}"


def reject_path(source: str, file: str) -> str:
    """Where the rejected rows of a landed file lie, relative to the lake."""
    return f"{SOURCE}/rejects/{source}-{slug_of(file)}.parquet"


class Lake:
    """The folder `lake/`, with the data folder's lock in `with Lake(folder) as lake`.

    Raises:
        BusyError: Another command is at work in the data folder.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.work = folder / ".loading"
        self._lock: contextlib.ExitStack | None = None

    def __enter__(self) -> "Lake":
        self._lock = contextlib.ExitStack()
        self._lock.enter_context(only_writer(self.folder.parent, "load"))
        try:
            self.folder.mkdir(exist_ok=True)
            self.recover()
        except BaseException:
            self._lock.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        # What was staged and not committed is as if it had never been.
        if not self._journal.exists():
            shutil.rmtree(self.work, ignore_errors=True)
        self._lock.close()

    @property
    def _journal(self) -> Path:
        return self.work / "journal.json"

    @property
    def _ledger(self) -> Path:
        return self.folder / SOURCE / "files" / "ledger.parquet"

    def recover(self) -> bool:
        """Finish what a killed load had decided, drop what it had not.

        Returns:
            Whether there was something to finish.
        """
        finished = self._journal.exists()
        if finished:
            self._roll_forward()
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        return finished

    def entries(self, connection: duckdb.DuckDBPyConnection) -> list[Entry]:
        """The ledger's rows."""
        if not self._ledger.exists():
            return []
        books = connection.sql(f"from read_parquet({literal(self._ledger)})")
        columns = [name for name in LEDGER_COLUMNS if name in books.columns]
        rows = books.select(", ".join(columns)).fetchall()
        return [Entry(**dict(zip(columns, row, strict=True))) for row in rows]

    def empties(
        self, connection: duckdb.DuckDBPyConnection, tables: Sequence[Table]
    ) -> list[tuple[Path, str]]:
        """Stage a file without rows for every table that lacks one, or its columns."""
        staged = []
        wanted: dict[str, dict[str, str]] = {}
        for table in tables:
            columns = dict.fromkeys(table.lake_columns, "varchar")
            columns |= {"_file": "varchar", "_row": "bigint"}
            columns |= {"_landed_at": "timestamp", "_loaded_at": "timestamp"}
            columns |= {"_shop_id": "varchar"}
            wanted[f"{table.source}/{table.name}/_empty.parquet"] = columns
        wanted[f"{SOURCE}/rejects/_empty.parquet"] = REJECT_COLUMNS
        for number, (path, columns) in enumerate(wanted.items()):
            there = self.folder / path
            if there.exists():
                found = connection.sql(f"from read_parquet({literal(there)})").columns
                if found == list(columns):
                    continue
            made = self.work / f"empty_{number}.parquet"
            listed = ", ".join(
                f"cast(null as {kind}) as {quoted(column)}"
                for column, kind in columns.items()
            )
            connection.execute(
                f"copy (select {listed} where false) to {literal(made)} "
                "(format parquet)"
            )
            staged.append((made, path))
        return staged

    def commit(
        self,
        connection: duckdb.DuckDBPyConnection,
        moves: Sequence[tuple[Path, str]],
        removals: Sequence[str],
        entries: Sequence[Entry],
    ) -> None:
        """Make staged files part of the lake, all of them or none.

        Args:
            connection: Any.
            moves: Staged files and where they go, relative to the lake.
            removals: Files that leave the lake, relative to it.
            entries: All rows of the ledger as it shall be.
        """
        ledger = self._stage_ledger(connection, entries)
        moves = [*moves, (ledger, str(self._ledger.relative_to(self.folder)))]
        journal = {
            "moves": [[str(a.relative_to(self.folder)), b] for a, b in moves],
            "removals": list(removals),
        }
        # Not named in the journal before it would outlast a power cut.
        settle([*(staged for staged, _ in moves), self.work])
        write_whole(self._journal, json.dumps(journal))
        self._roll_forward()

    def _stage_ledger(self, connection, entries: Sequence[Entry]) -> Path:
        lines = self.work / "ledger.jsonl"
        with lines.open("w", encoding="utf-8") as file:
            for entry in entries:
                file.write(json.dumps(asdict(entry), default=str) + "\n")
        shape = ", ".join(f"{c}: {literal(t)}" for c, t in LEDGER_COLUMNS.items())
        made = self.work / "ledger.parquet"
        connection.execute(
            f"copy (select * from read_json({literal(lines)}, "
            f"format = 'newline_delimited', columns = {{{shape}}}) "
            f"order by source, loaded_at, file) to {literal(made)} (format parquet)"
        )
        return made

    def _roll_forward(self) -> None:
        journal = json.loads(self._journal.read_text(encoding="utf-8"))
        *moves, ledger = journal["moves"]
        for staged, path in moves:
            self._move(staged, path)
        for path in journal["removals"]:
            (self.folder / path).unlink(missing_ok=True)
        self._move(*ledger)
        changed = [self.folder / path for _, path in journal["moves"]]
        changed += [self.folder / path for path in journal["removals"]]
        settle({path.parent for path in changed if path.parent.exists()})
        self._journal.unlink()

    def _move(self, staged: str, path: str) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        # Not there any more: a killed load had already come this far.
        with contextlib.suppress(FileNotFoundError):
            (self.folder / staged).replace(target)
