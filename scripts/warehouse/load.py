"""`warehouse load`: exports from landing/ into the lake, and nothing gets lost.

Every landed file ends in the ledger as loaded (with landed = loaded + rejected rows) or
as refused (nothing of it loaded, with the reason). A file is known by its content: the
same content is never loaded twice, a changed file replaces its earlier rows.
"""

import contextlib
import datetime as dt
import hashlib
import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from warehouse import readers
from warehouse.contract import Source, Table, is_data_file, read_contracts
from warehouse.errors import MachineError, UserError
from warehouse.ledger import LOADER_VERSION, Entry, Lake, reject_path, slug_of
from warehouse.paths import data_dir
from warehouse.people import masked
from warehouse.survey import Survey, chunks, is_printable, survey
from warehouse.terminal import progress
from warehouse.values import text as literal
from warehouse.work import work

if TYPE_CHECKING:
    from rich.console import Console

_SHOWN_REJECTS = 5
_AT_ONCE = 4  # files; a large one is read alone, by all threads
_LARGE = 16 << 20
# When a landed file can have been written: later than the first shops, and not more
# than a day (a time zone taken for another) after now.
_EARLIEST = dt.datetime(2000, 1, 1)
_AHEAD = dt.timedelta(days=1)


@dataclass
class Refusal:
    """A file of which nothing was loaded."""

    file: str  # with its source
    message: str
    hint: str | None = None


@dataclass
class TableCount:
    """What went into one table in one load."""

    source: str
    table: str
    files: int = 0
    loaded: int = 0


@dataclass
class SourceCount:
    """What came of one source's files in one load, in rows but for the two of files."""

    source: str
    files: int = 0
    landed: int = 0
    loaded: int = 0
    rejected: int = 0  # with the summary rows
    summary: int = 0
    skipped: int = 0  # files


@dataclass
class LoadResult:
    """What a load did.

    Attributes:
        sources: Counts by source, in the order of the contracts.
        tables: Counts by table.
        refused: Files of which nothing was loaded.
        notes: What the user should know: skipped files, encodings.
        pruned: Files whose rows left the lake with `prune`.
    """

    sources: dict[str, SourceCount] = field(default_factory=dict)
    tables: dict[tuple[str, str], TableCount] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    samples: list[str] = field(default_factory=list)
    pruned: list[str] = field(default_factory=list)

    def total(self, name: str) -> int:
        """The sum of one count over the sources, such as `total("landed")`."""
        return sum(getattr(count, name) for count in self.sources.values())

    @property
    def told(self) -> dict:
        """The counts for the log, and what was refused and why."""
        names = ("files", "landed", "loaded", "rejected", "skipped")
        return {
            **{name: self.total(name) for name in names},
            "pruned": len(self.pruned),
            "refused": [f"{one.file}: {one.message}" for one in self.refused],
        }

    @property
    def is_changed(self) -> bool:
        """Whether the lake is another than before."""
        return bool(self.total("files") or self.pruned)

    @property
    def exit_code(self) -> int:
        """1 if any file was refused, else 0."""
        return 1 if self.refused else 0

    def document(self) -> dict:
        """What machines get: sources with their tables, refusals, notes, rejects."""
        tables = defaultdict(dict)
        for count in self.tables.values():
            tables[count.source][count.table] = {
                "files": count.files,
                "loaded": count.loaded,
            }
        return {
            "sources": {
                name: {**asdict(count), "tables": tables[name]}
                for name, count in self.sources.items()
            },
            "refused": self.refused,
            "rejected": self.samples,
            "notes": self.notes,
            "pruned": self.pruned,
        }


@dataclass
class _Unit:
    """A file to decide on: a landed file, or one member of a landed archive."""

    source: Source
    tables: list[Table]
    file: str
    shop_id: str | None
    landed: Path
    landed_at: dt.datetime
    hash: str
    size: int
    stamp: tuple[int, ...]
    unpack: object = None

    @property
    def key(self) -> tuple[str, str]:
        return self.source.name, self.file

    @property
    def content(self) -> tuple[str, str | None, str]:
        return self.source.name, self.shop_id, self.hash


def load(
    sources: Sequence[str] | None = None,
    target: str | None = None,
    console: "Console | None" = None,
    *,
    prune: bool = False,
    data: Path | None = None,
    contracts: Path | None = None,
) -> LoadResult:
    """Load new and changed files from landing/ into the lake.

    Args:
        sources: Which platforms; all when left out.
        target: The dbt target whose data folder is meant.
        console: Where progress and the summary are shown; nothing is shown without.
        prune: Whether rows of files that are gone from landing/ leave the lake.
        data: The data folder; by default the target's.
        contracts: The folder with the contracts; by default the project's.

    Returns:
        Counts, refusals and notes.

    Raises:
        UserError: A contract is not valid, or a source is not known.
        BusyError: Another command is at work in the data folder.
        MachineError: No room, no permission, …; the lake is as it was, or the next load
            finishes what this one had decided.
    """
    known = read_contracts(contracts)
    unknown = [name for name in sources or () if name not in known]
    if unknown:
        raise UserError(
            f"There is no source named {', '.join(unknown)}.",
            f"The sources are: {', '.join(known) or 'none'}.",
        )
    chosen = {n: s for n, s in known.items() if not sources or n in sources}
    data = data or data_dir(target)
    with work("load", data) as told, Lake(data / "lake") as lake:
        result = _Load(lake, data / "landing", known, chosen, console, prune).run()
        told.update(result.told)
    if console:
        _show(result, console, data)
    return result


_Found = tuple[Survey, readers.Output] | UserError


class _Load:
    def __init__(self, lake, landing, known, chosen, console, prune):
        self.lake: Lake = lake
        self.landing: Path = landing
        self.known: dict[str, Source] = known
        self.chosen: dict[str, Source] = chosen
        self.console = console
        self.prune = prune
        self.result = LoadResult()
        self.moves: list[tuple[Path, str]] = []
        self.removals: set[str] = set()

    def run(self) -> LoadResult:
        scratch = self.lake.work / "scratch"
        scratch.mkdir()
        connection = readers.connect(
            scratch,
            os.environ.get("WAREHOUSE_MEMORY", "1500MB"),
            os.cpu_count() or 1,
        )
        with contextlib.closing(connection):
            self._run(connection)
        return self.result

    def _run(self, connection: duckdb.DuckDBPyConnection) -> None:
        before = self.lake.entries(connection)
        self.loaded = {e.key: e for e in before if e.status == "loaded"}
        self.refused = {e.key: e for e in before if e.status == "refused"}
        for name in self.chosen:
            self.result.sources[name] = SourceCount(name)
        # A clock that was set back does not make this load older than the last.
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
        latest = max((e.loaded_at for e in before), default=dt.datetime.min)
        self.now = now = max(now, latest + dt.timedelta(microseconds=1))
        units = self._units()
        todo = self._plan(units)
        with self._progress(sum(unit.size for unit in todo)) as advance:
            for unit, moment, found in self._read_all(connection, todo, now):
                self._take(connection, unit, moment, found)
                advance(unit.size)
        tables = [table for source in self.known.values() for table in source.tables]
        self.moves += self.lake.empties(connection, tables)
        entries = [*self.loaded.values(), *self.refused.values()]
        if self.moves or self.removals or entries != before or not before:
            moved = {path for _, path in self.moves}
            gone = sorted(self.removals - moved)
            self.lake.commit(connection, self.moves, gone, entries)

    # ------------------------------------------------------------------ what is there
    def _units(self) -> list[_Unit]:
        """Every data file in landing/, in the order in which it is loaded."""
        units: list[_Unit] = []
        self.seen: set[tuple[str, str]] = set()
        for folder in sorted(p for p in self.landing.glob("*") if p.is_dir()):
            if folder.name not in self.known and not folder.name.startswith((".", "_")):
                self._note(
                    f"{shown(folder.name)}/: no contract describes this source; skipped"
                )
        for name, source in self.chosen.items():
            found = []
            for path, shop_id in self._files(source):
                with self._refusing(name, self._file(source, path)):
                    found += self._of_file(source, path, shop_id)
            found.sort(key=lambda unit: (unit.landed_at, unit.file))
            units += found
        return units

    def _file(self, source: Source, path: Path) -> str:
        return path.relative_to(self.landing / source.name).as_posix()

    def _files(self, source: Source) -> Iterator[tuple[Path, str | None]]:
        """Every file of a source with its shop; what cannot be one is refused."""
        root = self.landing / source.name
        if not root.is_dir() or not self._is_sound(root, source):
            return
        for path in self._within(root, source):
            if path.is_dir():
                if is_data_file(path.name):
                    self._refuse(
                        source,
                        path,
                        "is a folder, though its name is that of a file",
                        "Move its files up, or name the folder as the shop.",
                    )
                    continue
                for inner in self._within(path, source):
                    if inner.is_dir():
                        self._skip(source, inner, "is a folder within a shop's folder")
                    else:
                        yield inner, path.name
            else:
                yield path, None

    def _within(self, folder: Path, source: Source) -> list[Path]:
        """The files and folders of a folder that can be looked at, sorted."""
        try:
            paths = sorted(folder.iterdir())
        except OSError as error:
            why = f"cannot be read: {error.strerror}"
            self._refuse(source, folder, why, "Look at the folder's permissions.")
            return []
        return [
            path
            for path in paths
            if not path.name.startswith((".", "~$")) and self._is_sound(path, source)
        ]

    def _is_sound(self, path: Path, source: Source) -> bool:
        """Whether a path is a file or a folder in landing/ whose name can be kept.

        Links are followed as long as they stay in landing/ and lead to no folder that
        they lie in.
        """
        rename = "Rename it: letters, digits, blanks and signs that can be seen."
        again = "Put a copy of the file into the landing folder."
        if not is_printable(path.name):
            why = "has a name with control characters, or one that is no UTF-8"
            return self._refuse(source, path, why, rename)
        try:
            leads_to = path.resolve(strict=True)
            is_file_or_folder = path.is_file() or path.is_dir()
        except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
            if isinstance(error, PermissionError):
                why = f"cannot be read: {error.strerror}"
                again = "Look at the permissions."
            else:
                why = "is a link to nothing"
            return self._refuse(source, path, why, again)
        if not leads_to.is_relative_to(self.landing.resolve()):
            why = "is a link that leaves the landing folder"
            return self._refuse(source, path, why, again)
        if path.is_symlink() and path.parent.resolve().is_relative_to(leads_to):
            why = "is a link to a folder that it lies in"
            return self._refuse(source, path, why, "Delete the link.")
        if not is_file_or_folder:
            self._skip(source, path, "is neither a file nor a folder")
        return is_file_or_folder

    def _refuse(self, source: Source, path: Path, why: str, hint: str) -> bool:
        """Refuse what is no readable file.

        Returns:
            False, always.
        """
        if path == self.landing / source.name:  # none of its files has left, then
            self.seen.update(key for key in self.loaded if key[0] == source.name)
            self.result.refused.append(Refusal(path.name, f"The folder {why}.", hint))
            return False
        with self._refusing(source.name, shown(self._file(source, path))):
            raise UserError(f"{shown(path.name)} {why}.", hint)
        return False

    def _skip(self, source: Source, path: Path, why: str) -> None:
        self.result.sources[source.name].skipped += 1
        where = path.relative_to(self.landing).as_posix()
        self._note(f"{shown(where)} {why}; skipped")

    def _note(self, note: str) -> None:
        self.result.notes.append(note)

    def _of_file(self, source: Source, path: Path, shop_id: str | None) -> list[_Unit]:
        file = self._file(source, path)
        stat = path.stat()
        stamp = stamp_of(stat)
        tables = [table for table in source.tables if table.takes(path.name)]
        units = []
        members = list(readers.unpacked(path, file))
        if not members:
            if not tables:
                self._skip(source, path, "is of no table of this source")
                return []
            digest = content_hash(path)
            unit = _Unit(
                source,
                tables,
                file,
                shop_id,
                path,
                self._landed_at(stat.st_mtime, (source.name, file), digest),
                digest,
                stat.st_size,
                stamp,
            )
            units.append(unit)
        for name, unpack in members:
            member = name.rsplit("/", 1)[-1]
            fitting = [t for t in source.tables if t.takes(member)] or tables
            if not fitting:
                self._skip(source, path, f"holds {member}, which is of no table")
                continue
            work = self.lake.work / "scratch" / "unpacked"
            unpack(work)
            digest = content_hash(work)
            units.append(
                _Unit(
                    source,
                    fitting,
                    name,
                    shop_id,
                    path,
                    self._landed_at(stat.st_mtime, (source.name, name), digest),
                    digest,
                    work.stat().st_size,
                    stamp,
                    unpack,
                )
            )
            work.unlink()
        for unit in units:
            self.seen.add(unit.key)
        # A member that a changed archive no longer holds has left with the change.
        for key, entry in list(self.loaded.items()):
            is_member = key[0] == source.name and key[1].startswith(f"{file}/")
            if is_member and members and key not in self.seen:
                self._drop(entry)
        return units

    def _landed_at(
        self, mtime: float, key: tuple[str, str], digest: str
    ) -> dt.datetime:
        """When a file was written, UTC; if its time cannot be, when it was first seen.

        The newest file's version of a row counts: a file of 1970 would never count, and
        one of 2099 for ever.
        """
        try:
            told = dt.datetime.fromtimestamp(mtime, dt.UTC).replace(tzinfo=None)
        except (OverflowError, ValueError, OSError):
            told = dt.datetime.max
        if _EARLIEST <= told <= self.now + _AHEAD:
            return told
        known = self.loaded.get(key)
        if known and known.content_hash == digest and known.landed_at:
            return known.landed_at
        self._note(
            f"{'/'.join(key)} says that it was written in {told.year}; it counts as "
            "written now"
        )
        return self.now

    @contextlib.contextmanager
    def _refusing(self, source: str, file: str) -> Iterator[None]:
        """Turn an error about one file into a refusal; the others go on."""
        try:
            yield
        except UserError as error:
            self._see(source, file)
            self.result.refused.append(
                Refusal(f"{source}/{file}", error.message, error.hint)
            )
            self._refuse_entry(source, file, None, error.message)
        except OSError as error:
            if not str(error.filename or "").startswith(str(self.landing)):
                raise
            self._see(source, file)
            message, hint = _unreadable(file, error)
            self.result.refused.append(Refusal(f"{source}/{file}", message, hint))
            self._refuse_entry(source, file, None, message)

    def _see(self, source: str, file: str) -> None:
        """Note that a file is there, though its members cannot be told."""
        self.seen.add((source, file))
        members = (k for k in self.loaded if k[0] == source)
        self.seen.update(k for k in members if k[1].startswith(f"{file}/"))

    def _refuse_entry(
        self,
        source: str,
        file: str,
        unit: _Unit | None,
        message: str,
        moment: dt.datetime | None = None,
    ) -> None:
        old = self.refused.get((source, file))
        digest = unit.hash if unit else ""
        contract = self.known[source].hash
        if old and (old.content_hash, old.contract_hash, old.message) == (
            digest,
            contract,
            message,
        ):
            return
        self.refused[source, file] = Entry(
            file=file,
            source=source,
            shop_id=unit.shop_id if unit else None,
            content_hash=digest,
            contract_hash=contract,
            loader_version=LOADER_VERSION,
            size=unit.size if unit else 0,
            rows_landed=0,
            rows_loaded=0,
            rows_rejected=0,
            rows_summary=0,
            status="refused",
            message=message,
            tables="",
            loaded_at=moment or dt.datetime.now(dt.UTC).replace(tzinfo=None),
            landed_at=unit.landed_at if unit else None,
        )

    # ------------------------------------------------------------ what is to be done
    def _plan(self, units: list[_Unit]) -> list[_Unit]:
        """The files whose rows must be read; drops and skips the others."""
        present = {unit.key: unit for unit in units}
        for key, entry in list(self.loaded.items()):
            if key[0] in self.chosen and key not in self.seen and self.prune:
                self._drop(entry)
                self.result.pruned.append("/".join(key))
        for key in list(self.refused):
            if key[0] in self.chosen and key not in self.seen:
                del self.refused[key]
        owners = self._owners(present)
        todo = []
        for unit in units:
            count = self.result.sources[unit.source.name]
            entry = self.loaded.get(unit.key)
            owner = owners[unit.content]
            if owner != unit.file:
                count.skipped += 1
                self._note(
                    f"{unit.source.name}/{unit.file} has the same content as {owner}; "
                    "skipped"
                )
                if entry:
                    self._drop(entry)
                self.refused.pop(unit.key, None)
                continue
            is_known = (
                entry is not None
                and entry.content_hash == unit.hash
                and entry.contract_hash == unit.source.hash
                and entry.loader_version == LOADER_VERSION
            )
            if is_known:
                count.skipped += 1
                self.refused.pop(unit.key, None)
            else:
                todo.append(unit)
        return todo

    def _owners(self, present: dict[tuple[str, str], _Unit]) -> dict[tuple, str]:
        """The file that stands for each content: the first that was written with it,
        so that the order of loading does not matter."""
        told = []
        for key, entry in self.loaded.items():
            unit = present.get(key)
            if unit is None or unit.hash == entry.content_hash:
                content = entry.source, entry.shop_id, entry.content_hash
                told.append((entry.landed_at or dt.datetime.min, entry.file, content))
        told += [(u.landed_at, u.file, u.content) for u in present.values()]
        return {content: file for _, file, content in sorted(told, reverse=True)}

    def _drop(self, entry: Entry) -> None:
        self.removals.update(entry.paths)
        self.loaded.pop(entry.key, None)

    # ------------------------------------------------------------------------ one file
    def _read_all(
        self,
        connection: duckdb.DuckDBPyConnection,
        units: list[_Unit],
        now: dt.datetime,
    ) -> Iterator[tuple[_Unit, dt.datetime, _Found]]:
        """Read the files, several small ones at a time, and yield them in order."""
        pairs = [(u, now + dt.timedelta(microseconds=i)) for i, u in enumerate(units)]
        for is_large, group in groupby(pairs, lambda pair: pair[0].size > _LARGE):
            together = list(group)
            cores = os.cpu_count() or 1
            workers = 1 if is_large else min(_AT_ONCE, cores)
            # A second thread finds nothing to do in a small file, and spins.
            connection.execute(f"set threads = {cores if is_large else 1}")
            cursors = [connection.cursor() for _ in together]
            with ThreadPoolExecutor(workers) as pool:
                try:
                    found = pool.map(self._read, cursors, *zip(*together, strict=True))
                    for pair, one in zip(together, found, strict=True):
                        yield *pair, one
                finally:
                    for cursor in cursors:
                        cursor.interrupt()

    def _read(
        self, connection: duckdb.DuckDBPyConnection, unit: _Unit, moment: dt.datetime
    ) -> _Found:
        name = hashlib.sha256("/".join(unit.key).encode()).hexdigest()
        folder = self.lake.work / name
        scratch = self.lake.work / "scratch" / name
        for path in (folder, scratch):
            path.mkdir(parents=True)
        try:
            path = unit.landed
            if unit.unpack:
                path = scratch / "unpacked"
                unit.unpack(path)
            look = survey(path)
            if look.hash != unit.hash:
                raise _changed(unit.file)
            item = readers.Input(
                *(unit.file, path, unit.tables, look, unit.shop_id),
                landed_at=unit.landed_at,
                loaded_at=moment,
            )
            output = readers.read(connection, item, folder, scratch)
            if stamp_of(unit.landed.stat()) != unit.stamp:
                raise _changed(unit.file)
            return look, output
        except MachineError:
            raise
        except (UserError, OSError) as error:
            shutil.rmtree(folder, ignore_errors=True)
            return self._refusal(unit, error)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _refusal(self, unit: _Unit, error: UserError | OSError) -> UserError:
        """Why a file is refused: a file that changed may look like a broken one."""
        try:
            if stamp_of(unit.landed.stat()) != unit.stamp:
                return _changed(unit.file)
        except OSError as trouble:
            return UserError(*_unreadable(unit.file, trouble))
        if isinstance(error, UserError):
            return error
        if str(error.filename) != str(unit.landed):
            raise error
        return UserError(*_unreadable(unit.file, error))

    def _take(
        self, connection, unit: _Unit, moment: dt.datetime, found: _Found
    ) -> None:
        if isinstance(found, UserError):
            source, file = unit.key
            self.result.refused.append(
                Refusal(f"{source}/{file}", found.message, found.hint)
            )
            self._refuse_entry(source, file, unit, found.message, moment)
        else:
            self._accept(connection, unit, *found, moment)

    def _accept(self, connection, unit, look, output, moment) -> None:
        source, file = unit.source.name, unit.file
        if old := self.loaded.get(unit.key):
            self.removals.update(old.paths)
        for table, path in output.tables.items():
            self.moves.append((path, f"{source}/{table}/{slug_of(file)}.parquet"))
            key = (source, table)
            count = self.result.tables.setdefault(key, TableCount(source, table))
            count.files += 1
            count.loaded += output.rows[table]
        if output.rejects:
            self.moves.append((output.rejects, reject_path(source, file)))
            self._sample(connection, output, f"{source}/{file}")
        self.loaded[unit.key] = Entry(
            file=file,
            source=source,
            shop_id=unit.shop_id,
            content_hash=look.hash,
            contract_hash=unit.source.hash,
            loader_version=LOADER_VERSION,
            size=unit.size,
            rows_landed=output.landed,
            rows_loaded=output.loaded,
            rows_rejected=output.rejected,
            rows_summary=output.summary,
            status="loaded",
            message="; ".join(output.notes) or None,
            tables=", ".join(output.tables),
            loaded_at=moment,
            landed_at=unit.landed_at,
        )
        self.refused.pop(unit.key, None)
        count = self.result.sources[source]
        count.files += 1
        for name in ("landed", "loaded", "rejected", "summary"):
            setattr(count, name, getattr(count, name) + getattr(output, name))
        for note in output.notes:
            if "CP1252" in note:
                self._note(f"{source}/{file}: {note}; look at its umlauts and accents")

    def _sample(self, connection, output, file: str) -> None:
        if len(self.result.samples) >= _SHOWN_REJECTS:
            return
        rows = connection.execute(
            "select min(line), column_name, expected, found, count(*) "
            f"from read_parquet({literal(output.rejects)}) "
            "where kind <> 'summary' group by all order by 1 "
            f"limit {_SHOWN_REJECTS - len(self.result.samples)}"
        ).fetchall()
        for line, column, expected, found, times in rows:
            where = f"{file}, line {line}" + (f", column {column}" if column else "")
            shown = found if column is None else repr(found)
            more = f" ({times:,} times)" if times > 1 else ""
            self.result.samples.append(
                f"{where}: expected {expected}, found {masked(shown)}{more}"
            )

    @contextlib.contextmanager
    def _progress(self, total: int):
        if not total:
            yield lambda size: None
            return
        with progress(self.console, "bytes") as bar:
            task = bar.add_task("loading", total=total)
            yield lambda size: bar.advance(task, size)


def stamp_of(stat: os.stat_result) -> tuple[int, ...]:
    """What changes when somebody writes to a file, or puts another in its place."""
    return stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def _changed(file: str) -> UserError:
    return UserError(
        f"{file} changed while it was read; nothing of it was loaded.",
        "Load again when it is all there. A copy that takes long is best written under "
        "a name that begins with a dot, and renamed.",
    )


def _unreadable(file: str, error: OSError) -> tuple[str, str]:
    """Message and hint for a landed file that the system does not hand out."""
    if isinstance(error, FileNotFoundError):
        return (
            f"{file} left the landing folder while it was read; what was loaded of it "
            "before stays.",
            "If it shall be forgotten: `warehouse load --prune`.",
        )
    return f"{file} cannot be read: {error.strerror}.", "Look at its permissions."


def shown(name: str) -> str:
    """A name with escapes for what a terminal would not show as it is."""
    return "".join(
        c if is_printable(c) else c.encode("unicode_escape").decode() for c in name
    )


def content_hash(path: Path, opened=Path.open) -> str:
    """SHA-256 of a file's bytes: what a landed file is known by.

    Args:
        path: The file.
        opened: What opens it, such as `gzip.open` for the bytes that are packed in it.
    """
    digest = hashlib.sha256()
    with opened(path, "rb") as file:
        for chunk in chunks(file):
            digest.update(chunk)
    return digest.hexdigest()


def _show(result: LoadResult, console: "Console", data: Path) -> None:
    """The summary, for people."""
    from rich.markup import escape
    from rich.table import Table as Grid

    if result.total("files") or result.total("skipped"):
        grid = Grid(title="Loaded", title_justify="left")
        grid.add_column("source / table")
        for heading in ("files", "landed", "loaded", "rejected", "totals", "skipped"):
            grid.add_column(heading, justify="right")
        tables = defaultdict(list)
        for count in result.tables.values():
            tables[count.source].append(count)
        for count in result.sources.values():
            if not (count.files or count.skipped):
                continue
            bad = count.rejected - count.summary
            grid.add_row(
                f"[bold]{escape(count.source)}[/]",
                f"{count.files:,}",
                f"{count.landed:,}",
                f"{count.loaded:,}",
                f"[yellow]{bad:,}[/]" if bad else "0",
                f"{count.summary:,}",
                f"{count.skipped:,}",
            )
            for table in tables[count.source]:
                name = f"  {escape(table.table)}"
                grid.add_row(name, f"{table.files:,}", "", f"{table.loaded:,}")
        console.print(grid)
    for note, times in Counter(result.notes).items():
        console.print(
            f"[dim]note[/] {escape(shown(note))}"
            + (f" (×{times})" if times > 1 else "")
        )
    for name in result.pruned:
        console.print(f"[dim]pruned[/] {escape(name)}")
    bad = result.total("rejected") - result.total("summary")
    if bad:
        console.print(
            f"[bold yellow]{_count(bad, 'row')} rejected[/], the first of them:"
        )
        for sample in result.samples:
            console.print("  " + escape(shown(sample)), soft_wrap=True)
        console.print("  all of them with their text: stg_loader__rejects")
    for refusal in result.refused:
        console.print(f"[bold red]refused[/] {escape(refusal.file)}", soft_wrap=True)
        console.print("  " + escape(shown(refusal.message)), soft_wrap=True)
        if refusal.hint:
            console.print(
                "  [bold]What to do:[/] " + escape(refusal.hint), soft_wrap=True
            )
    console.print(_last_line(result, data), soft_wrap=True)


def _last_line(result: LoadResult, data: Path) -> str:
    files, skipped = result.total("files"), result.total("skipped")
    if not (files or skipped or result.refused):
        return f"Nothing to load: there is no export in {data / 'landing'}."
    bad = result.total("rejected") - result.total("summary")
    words = (
        f"{_count(result.total('loaded'), 'row')} loaded from {_count(files, 'file')}"
    )
    if bad:
        words += f", {bad:,} rejected"
    if skipped:
        words += f", {_count(skipped, 'file')} skipped"
    if result.refused:
        return f"[bold red]{_count(len(result.refused), 'file')} refused[/]; {words}."
    return f"[bold green]Done.[/] {words}."


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
