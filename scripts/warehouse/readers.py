"""Readers: one landed file in, one Parquet file per table and the rejects out.

The quick way is one streaming COPY inside DuckDB that stops at the first thing that is
not as it should be. Then, and only then, the careful way reads record by record and
names every record that cannot be loaded.
"""

import csv
import datetime as dt
import json
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from warehouse import survey as bytes_
from warehouse import values
from warehouse.contract import Fit, Match, Table, best_fit
from warehouse.errors import UserError
from warehouse.machine import in_words
from warehouse.records import (
    DELIMITER_NAMES,
    HEADER_WITHIN,
    LONGEST,
    MOST_COLUMNS,
    Block,
    Reading,
    RejectWriter,
    clean_writer,
    constants,
    find_head,
    no_header,
    read_carefully,
    stop_many_columns,
)
from warehouse.survey import Survey

_HEAD_BYTES = 1 << 20
_JSON_AT_ONCE = 256 << 20
_SMALL = 4 << 20
_LONGEST_JSON = 64 << 20  # bytes of a line
_MOST_XLSX_PARTS = 128 << 20  # bytes of what is no sheet: it is read at once
_VALUE_KEYS = ("string_value", "int_value", "float_value", "double_value")


@dataclass
class Input:
    """One file to read: what it is called, where its bytes are, which tables it fits.

    Attributes:
        file: The name below `landing/<source>/`, for zip members with the member.
        path: Where the (unpacked) bytes lie.
        tables: The tables whose file patterns take it.
        survey: What its bytes tell.
        shop_id: The shop's folder, if it lies in one.
        landed_at: When the landed file was written, UTC: of two versions of a row, that
            of the later file counts, whichever was loaded first.
        loaded_at: When it is read, UTC.
    """

    file: str
    path: Path
    tables: Sequence[Table]
    survey: Survey
    shop_id: str | None
    landed_at: dt.datetime
    loaded_at: dt.datetime

    @property
    def source(self) -> str:
        return self.tables[0].source


@dataclass
class Output:
    """What came of a file: `landed = loaded + rejected`, or it was refused."""

    landed: int = 0
    loaded: int = 0
    rejected: int = 0
    summary: int = 0
    tables: dict[str, Path] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    rejects: Path | None = None
    notes: list[str] = field(default_factory=list)


@dataclass
class _Relation:
    """Rows as DuckDB sees them: columns c0, c1 … as text, and `_row`.

    An exact relation also has `_line` and `_raw`, so that rows of it can be rejected.
    """

    fit: Fit
    constants: dict[str, str]
    sql: str
    is_exact: bool
    delimiter: str | None = None
    trouble: str = "false"  # rows that are no records of data at all
    expected: str = ""

    def expression(self, match: Match) -> str:
        return f"c{match.position}"

    @property
    def columns(self) -> dict[str, tuple[str, str]]:
        """Expression and type of every column of the lake, absent ones as NULL."""
        found = {m.name: (self.expression(m), m.type) for m in self.fit.matches}
        types = {c.name: c.type for c in self.fit.table.columns}
        listed = {}
        for name in dict.fromkeys([*self.fit.table.lake_columns, *found]):
            if name in found:
                listed[name] = found[name]
            elif (constant := self.constants.get(name)) is not None:
                listed[name] = (values.text(constant), types.get(name, "text"))
            else:
                listed[name] = ("cast(null as varchar)", "text")
        return listed

    @property
    def typed(self) -> list[tuple[str, str, str]]:
        """Expression, name and type of the columns that are not kept verbatim."""
        return [(x, name, t) for name, (x, t) in self.columns.items() if t != "text"]

    @property
    def summary(self) -> str:
        """The condition that marks the platform's own total rows."""
        by_name = {match.name: self.expression(match) for match in self.fit.matches}
        tests = []
        for rule in self.fit.table.reader.get("summary_rows") or []:
            x = by_name.get(rule["column"])
            if x is None:
                continue
            low = f"lower(trim({x}))"
            if "starts_with" in rule:
                start = values.text(str(rule["starts_with"]).lower())
                tests.append(f"starts_with({low}, {start})")
            elif "equals" in rule:
                tests.append(f"{low} = {values.text(str(rule['equals']).lower())}")
            elif rule.get("is_empty"):
                tests.append(values.is_empty(x))
        return f"coalesce({' or '.join(tests)}, false)" if tests else "false"


class _Trouble(Exception):
    """The quick way met something that the careful way must look at."""


def connect(scratch: Path, memory: str, threads: int) -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory that spills to the scratch folder.

    Args:
        scratch: A private folder on a disk with room.
        memory: The limit in DuckDB's words, e.g. `1500MB`.
        threads: How many.

    Raises:
        UserError: The memory limit cannot be read.
    """
    try:
        connection = duckdb.connect(
            config={
                "memory_limit": memory,
                "threads": threads,
                "temp_directory": str(scratch / "spill"),
                "preserve_insertion_order": True,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )
    except duckdb.Error as error:
        raise UserError(
            f"WAREHOUSE_MEMORY={memory} is no amount of memory ({_first_line(error)}).",
            "Write for example WAREHOUSE_MEMORY=1500MB.",
        ) from None
    connection.execute("set global TimeZone = 'UTC'")
    return connection


def kind_of(path: Path, name: str) -> str:
    """What a file is, by its first bytes, then by its name: csv, json, parquet, …"""
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(b"PK\x03\x04"):
        members = bytes_.zip_members(path)
        return "xlsx" if "xl/workbook.xml" in members else "zip"
    if head.startswith(b"PK\x05\x06"):
        return "zip"
    if head.startswith(b"\x1f\x8b"):
        return "gz"
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return "xls"
    suffix = name.lower().removesuffix(".gz").rsplit(".", 1)[-1]
    if suffix in ("json", "jsonl", "ndjson"):
        return "json"
    return suffix if suffix in ("parquet", "xlsx", "zip") else "csv"


def read(
    connection: duckdb.DuckDBPyConnection, item: Input, out: Path, scratch: Path
) -> Output:
    """Read one file into Parquet files.

    Args:
        connection: From `connect`.
        item: The file.
        out: An empty folder on the lake's file system for the results.
        scratch: An empty folder for what is needed in between.

    Returns:
        The paths and counts.

    Raises:
        UserError: The file is refused; nothing of it may be used.
        MachineError: There is no room, no permission, …; no file can be read.
    """
    if item.survey.size == 0:
        raise UserError(f"{item.file} is empty.", "Export it again.")
    kind = kind_of(item.path, item.file.rsplit("/", 1)[-1])
    reader = {"csv": _csv, "json": _json, "parquet": _parquet, "xlsx": _xlsx}.get(kind)
    if reader is None:
        raise UserError(
            f"{item.file} is not a file the loader reads ({kind}).",
            "Save it as .csv or .xlsx." if kind == "xls" else "Unpack it first.",
        )
    try:
        output = reader(connection, item, out, scratch)
    except (duckdb.Error, OSError, MemoryError) as error:
        raise _refusal(item, error, out) from None
    except UnicodeError:  # names of columns in Parquet
        raise UserError(
            f"{item.file} cannot be read: it holds names that are no UTF-8.",
            "The file is damaged: export it again.",
        ) from None
    if output.landed != output.loaded + output.rejected:
        raise UserError(
            f"{item.file}: {output.landed:,} rows landed, but {output.loaded:,} were "
            f"loaded and {output.rejected:,} rejected. Nothing of it was loaded.",
            "Please report this file's shape; saving it anew as UTF-8 CSV may help.",
        )
    return output


def _refusal(item: Input, error: Exception, out: Path) -> UserError:
    """Why a file is not read: a `MachineError` if no other file would be, either."""
    machine = in_words(error, out)
    is_memory = isinstance(error, duckdb.OutOfMemoryException | MemoryError)
    if is_memory and "max_temp_directory_size" not in str(error):
        return UserError(
            f"{item.file} needs more memory than the loader may use.",
            "Give it more, for example WAREHOUSE_MEMORY=4GB, or split the file.",
        )
    if machine and str(item.path) not in str(error):
        return machine
    if machine:
        return UserError(f"{item.file}: {machine.message}", machine.hint)
    if isinstance(error, duckdb.Error):
        return UserError(
            f"{item.file} cannot be read: {_first_line(error)}",
            "The file is damaged or not of the kind its name says: export it again.",
        )
    return UserError(
        f"{item.file} cannot be read: {error.strerror or error}.",
        "Look at the file's permissions and at the room on the disk.",
    )


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__


# ------------------------------------------------------------------------------- CSV
def _csv(connection, item: Input, out: Path, scratch: Path) -> Output:
    output = Output()
    path, look = item.path, item.survey
    only_returns = look.lone_returns > 0 and look.line_feeds == 0
    if look.encoding != "utf-8" or only_returns:
        if look.encoding == "cp1252" and look.has_nul:
            raise UserError(
                f"{item.file} is not text (it holds NUL bytes and no Unicode).",
                "Export it as CSV, JSON lines, Parquet or Excel workbook.",
            )
        path = scratch / "text.csv"
        bytes_.transcode(item.path, path, look.encoding, only_returns)
        if look.encoding != "utf-8":
            output.notes.append(f"read as {look.encoding.upper()}")
        look = bytes_.survey(path)
        if look.lone_returns and not look.line_feeds:
            again = scratch / "text_lf.csv"
            bytes_.transcode(path, again, "utf-8", True)
            path, look = again, bytes_.survey(again)
    with path.open("rb") as file:
        start = file.read(_HEAD_BYTES)
    if len(start) == _HEAD_BYTES:
        start = start[: start.rfind(b"\n") + 1] or start
    head = find_head(start.decode("utf-8", "replace"), item.tables, item.file)
    stop_many_columns(item.file, head.header, "Export fewer columns.")
    if head.delimiter != ",":
        output.notes.append(f"{DELIMITER_NAMES[head.delimiter]} as delimiter")
    has_totals = any(table.reader.get("summary_rows") for table in item.tables)
    is_quick = (
        head.is_first
        and not head.is_blocks
        and not look.has_nul
        and not look.has_blocks
        and not look.is_open
        and not look.has_bad_bytes
        and not (has_totals and look.size < _SMALL)  # it would stop at them
        and look.longest < LONGEST
    )
    if is_quick:
        fit = best_fit(item.tables, head.header)
        relation = _Relation(
            fit,
            constants(fit, []),
            _quick_csv(path, head.delimiter, len(head.header), look.longest),
            is_exact=False,
            delimiter=head.delimiter,
        )
        try:
            loaded = _quick(connection, item, relation, out)
            if loaded != look.records - 1:
                raise _Trouble("the record count differs")
            output.landed = look.records - 1
            return _finish(output, relation.fit.table, out, loaded)
        except _Trouble:
            pass
    reader = item.tables[0].reader
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        reading = read_carefully(
            file,
            head,
            item.tables,
            scratch,
            item.file,
            bool(reader.get("pad_short_rows")),
        )
    with path.open("rb") as file:
        file.seek(-1, 2)
        is_ended = file.read(1) in b"\r\n"
    lines = look.line_feeds + look.lone_returns + (not is_ended)
    if reading.lines != lines:
        raise UserError(
            f"{item.file} has {lines:,} lines, but only {reading.lines:,} could be "
            "accounted for. Nothing of it was loaded.",
            "Please report this file's shape; saving it anew as UTF-8 CSV may help.",
        )
    return _careful(
        connection,
        item,
        _clean(reading.blocks, head.delimiter),
        reading,
        output,
        out,
        scratch,
    )


def _quick_csv(path: Path, delimiter: str, width: int, longest: int) -> str:
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(width))
    return (
        # Without the numbering, several threads would mix the rows up.
        f"(select *, row_number() over () as _row from read_csv("
        f"{values.text(path)}, auto_detect = false, header = true, "
        f"delim = {_delimiter(delimiter)}, quote = '\"', escape = '\"', "
        f"strict_mode = true, null_padding = false, {_line_size(longest)}"
        f"columns = {{{columns}}}))"
    )


def _delimiter(delimiter: str) -> str:
    return "'\\t'" if delimiter == "\t" else values.text(delimiter)


def _line_size(longest: int) -> str:
    if longest < 1 << 20:
        return ""
    size = longest * 2 + 4096
    return f"max_line_size = {size}, buffer_size = {max(32 << 20, size * 2)}, "


def _clean(blocks: Sequence[Block], delimiter: str | None) -> list[_Relation]:
    relations = []
    for block in blocks:
        columns = [f"'c{i}': 'VARCHAR'" for i in range(block.columns)]
        columns += ["'_row': 'BIGINT'", "'_line': 'BIGINT'", "'_raw': 'VARCHAR'"]
        sql = (
            f"read_csv({values.text(block.path)}, auto_detect = false, header = false, "
            f"delim = ',', quote = '\"', escape = '\"', strict_mode = true, "
            f"new_line = '\\n', {_line_size(block.longest)}"
            f"columns = {{{', '.join(columns)}}})"
        )
        relations.append(_Relation(block.fit, block.constants, sql, True, delimiter))
    return relations


# ------------------------------------------------------------------------ JSON lines
def _json(connection, item: Input, out: Path, scratch: Path) -> Output:
    output = Output()
    path, look = item.path, item.survey
    if look.encoding == "cp1252" and look.has_nul:
        raise UserError(f"{item.file} is not text.", "Export it again.")
    if look.has_bad_bytes:
        raise UserError(
            f"{item.file} holds bytes that are no UTF-8.",
            "JSON is UTF-8 by its standard: export it again.",
        )
    if look.encoding != "utf-8":
        path = scratch / "text.json"
        bytes_.transcode(item.path, path, look.encoding, False)
        output.notes.append(f"read as {look.encoding.upper()}")
        look = bytes_.survey(path)
    is_lines = _is_json_lines(path, item.file)
    if is_lines and look.longest_line > _LONGEST_JSON:
        raise UserError(
            f"{item.file} has a line of {look.longest_line >> 20:,} MB; at most "
            f"{_LONGEST_JSON >> 20} MB are read.",
            "Convert it to JSON lines (one object a line), e.g. with jq -c '.[]'.",
        )
    landed = look.lines
    if not is_lines:
        landed = _split_json(path, scratch / "lines.csv", item.file)
    elif look.blanks or look.lone_returns or look.has_nul or look.lines != look.records:
        is_lines = False
        landed = _number_lines(path, scratch / "lines.csv")
    if is_lines:
        text = (
            f"(select l, row_number() over () as _row, _row as _line from "
            f"{_one_column(path, look.longest, 'l')})"
        )
    else:
        longest = (scratch / "lines.csv").stat().st_size
        text = (
            f"read_csv({values.text(scratch / 'lines.csv')}, auto_detect = false, "
            f"header = false, delim = ',', quote = '\"', escape = '\"', "
            f"{_line_size(min(longest, 64 << 20))}"
            "columns = {'l': 'VARCHAR', '_row': 'BIGINT', '_line': 'BIGINT'})"
        )
    # A line is parsed once for its keys and once for its values: what is no JSON object
    # has none of them.
    is_object = "starts_with(ltrim(l, ' ' || chr(9) || chr(13)), '{')"
    objects = (
        f"(select case when {is_object} then l end as j, l as _raw, _row, _line "
        f"from {text})"
    )
    keys = connection.execute(
        f"select distinct unnest(try(json_keys(j))) as k from {objects} order by k"
    ).fetchall()
    names = [key for (key,) in keys]
    stop_many_columns(
        item.file, names, "Keys that are ids belong into a list of keys and values."
    )
    header, virtual = list(names), set()
    paths: list[tuple[str, ...]] = []  # from the object down to the value
    for key in names:
        paths.append((key,))
    for parts in _dotted(item.tables):
        root = next((n for n in names if n.casefold() == parts[0].casefold()), None)
        if root is None:
            continue
        virtual.add(len(header))
        header.append(".".join(parts))
        paths.append((root, *parts[1:]))
    fit = best_fit(item.tables, header, frozenset(virtual))
    if fit is None:
        if not names and landed:
            raise UserError(
                f"{item.file} holds no JSON objects.",
                "It must hold one JSON object a line.",
            )
        raise no_header(item.file, item.tables, names)
    # Every path of a line is read at once; lists of keys and values are made once.
    wanted: list[str] = []

    def position(*keys: str) -> str:
        path = "".join(map(_json_key, keys))
        if path not in wanted:
            wanted.append(path)
        return f"v[{wanted.index(path) + 1}]"

    lists: dict[str, tuple[str, str]] = {}
    columns = []
    for match in fit.matches:
        root, *parts = paths[match.position]
        made = position(root, *parts)
        if parts:
            if root not in lists:
                lists[root] = _json_keys_and_values(position(root))
            number = list(lists).index(root)
            made = f"coalesce({_value_of(number, '.'.join(parts))}, {made})"
        columns.append(f"nullif({made}, '') as c{match.position}")
    listed = ", ".join(values.text(path) for path in wanted)
    sql = (
        f"(select {', '.join(columns)}, v, _row, _line, _raw "
        f"from (select *{_listed(lists.values())} from (select *, "
        f"try(json_extract_string(j, [{listed}])) as v from {objects})))"
    )
    relation = _Relation(
        fit,
        dict(fit.currencies),
        sql,
        True,
        trouble="v is null",
        expected="JSON object",
    )
    return _direct(connection, item, relation, landed, output, out, scratch)


def _json_key(key: str) -> str:
    """A step of a JSON pointer, which takes keys of any kind."""
    return "/" + key.replace("~", "~0").replace("/", "~1")


def _json_keys_and_values(x: str) -> tuple[str, str]:
    shape = ", ".join(f'"{k}":"VARCHAR"' for k in _VALUE_KEYS)
    shape = values.text(f'[{{"key":"VARCHAR","value":{{{shape}}}}}]')
    parsed = f"case when starts_with({x}, '[') then from_json({x}, {shape}) end"
    found = ", ".join(f"p.value.{k}" for k in _VALUE_KEYS)
    return (
        f"list_transform({parsed}, lambda p: p.key)",
        f"list_transform({parsed}, lambda p: coalesce({found}))",
    )


def _dotted(tables: Sequence[Table]) -> list[list[str]]:
    """The nested fields that the contracts ask for, such as `device.category`."""
    found = {}
    for table in tables:
        for column in table.columns:
            for header in (column.name, *column.headers):
                if "." in header.strip("."):
                    found.setdefault(header.casefold(), header.split("."))
    return list(found.values())


def _one_column(path: Path, longest: int, name: str) -> str:
    return (
        f"read_csv({values.text(path)}, auto_detect = false, header = false, "
        f"delim = '\x01', quote = '', escape = '', {_line_size(longest)}"
        f"columns = {{'{name}': 'VARCHAR'}})"
    )


def _is_json_lines(path: Path, name: str) -> bool:
    """Whether every line is an object of its own, by the name or by the first line."""
    if not re.search(r"[.]json([.]gz)?$", name.lower()):
        return True
    with path.open("rb") as file:
        lines = iter(lambda: file.readline(_LONGEST_JSON), b"")
        stripped = (line.strip(b" \r\n\t\xef\xbb\xbf") for line in lines)
        first = next(filter(None, stripped), b"")
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return not first.startswith((b"[", b"{"))


def _split_json(path: Path, to: Path, name: str) -> int:
    """Write the elements of a JSON array (or objects in a row) one a line."""
    if path.stat().st_size > _JSON_AT_ONCE:
        raise UserError(
            f"{name} is one large JSON document.",
            "Convert it to JSON lines (one object a line), e.g. with jq -c '.[]'.",
        )
    text = path.read_text(encoding="utf-8-sig")
    decoder, at, count = json.JSONDecoder(parse_int=str, parse_float=str), 0, 0
    blank = re.compile(r"[\s,]*")
    at = blank.match(text).end()
    is_array = text[at : at + 1] == "["
    at += is_array
    with to.open("w", encoding="utf-8", newline="") as sink:
        writer = csv.writer(sink, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
        while True:
            at = blank.match(text, at).end()
            if at >= len(text) or (is_array and text[at] == "]"):
                break
            try:
                _, end = decoder.raw_decode(text, at)
            except (ValueError, RecursionError) as error:
                line = text.count("\n", 0, at) + 1
                raise UserError(
                    f"{name} is not valid JSON (line {line}: {error}).",
                    "The file is damaged or cut off: export it again.",
                ) from None
            count += 1
            writer.writerow((text[at:end], count, text.count("\n", 0, at) + 1))
            at = end
        if is_array and at >= len(text):
            raise UserError(
                f"{name} is cut off: its JSON array does not end.", "Export it again."
            )
    return count


def _number_lines(path: Path, to: Path) -> int:
    count = 0
    with (
        path.open(encoding="utf-8-sig", newline="\n") as source,
        to.open("w", encoding="utf-8", newline="") as sink,
    ):
        writer = csv.writer(sink, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
        for number, line in enumerate(source, 1):
            if line := line.strip():
                count += 1
                writer.writerow((line.replace("\0", "\ufffd"), count, number))
    return count


# --------------------------------------------------------------------------- Parquet
def _parquet(connection, item: Input, out: Path, scratch: Path) -> Output:
    file = values.text(item.path)
    landed = connection.execute(
        f"select sum(num_rows) from parquet_file_metadata({file})"
    ).fetchone()[0]
    relation = connection.sql(f"from read_parquet({file})")
    schema = list(zip(relation.columns, relation.types, strict=True))
    stop_many_columns(item.file, relation.columns, "Export fewer columns.")
    header: list[str] = []
    virtual: set[int] = set()
    expressions: list[str] = []
    lists: dict[str, tuple[str, str]] = {}  # keys and values of a list of both
    for name, kind in schema:
        if pair := _keys_and_values(values.name(name), kind):
            lists[name] = pair
        header.append(name)
        expressions.append(_as_text(values.name(name), kind))
    for parts in _dotted(item.tables):
        for name, kind in schema:
            if name.casefold() != parts[0].casefold():
                continue
            if name in lists:
                made = _value_of(list(lists).index(name), ".".join(parts[1:]))
            else:
                made = _nested(values.name(name), kind, parts[1:])
            if made:
                virtual.add(len(header))
                header.append(".".join(parts))
                expressions.append(made)
                break
    fit = best_fit(item.tables, header, frozenset(virtual))
    if fit is None:
        raise no_header(item.file, item.tables, header)
    columns = ", ".join(
        f"nullif({expressions[m.position]}, '') as c{m.position}" for m in fit.matches
    )
    whole = ", ".join(f"{values.name(n)} := {values.name(n)}" for n, _ in schema)
    sql = (
        f"(select {columns}, file_row_number + 1 as _row, "
        "file_row_number + 1 as _line, "
        f"cast(to_json(struct_pack({whole})) as varchar) as _raw "
        f"from (select *{_listed(lists.values())} "
        f"from read_parquet({file}, file_row_number = true)))"
    )
    relation = _Relation(fit, dict(fit.currencies), sql, True)
    return _direct(connection, item, relation, landed, Output(), out, scratch)


def _as_text(x: str, kind) -> str:
    if kind.id in ("list", "struct", "map", "array", "union"):
        return f"cast(to_json({x}) as varchar)"
    return f"cast({x} as varchar)"


def _nested(x: str, kind, parts: Sequence[str]) -> str | None:
    """A field of a struct, or the value of a key in a list of keys and values."""
    if not parts:
        return _as_text(x, kind)
    if kind.id == "struct":
        for child, child_kind in kind.children:
            if child.casefold() == parts[0].casefold():
                return _nested(f"{x}.{values.name(child)}", child_kind, parts[1:])
    return None


def _keys_and_values(x: str, kind) -> tuple[str, str] | None:
    """The keys and the values of a list such as `event_params`, as two lists."""
    if kind.id != "list" or kind.children[0][1].id != "struct":
        return None
    element = dict(kind.children[0][1].children)
    if not {"key", "value"} <= element.keys():
        return None
    value = "p.value"
    if element["value"].id == "struct":
        inner = {child for child, _ in element["value"].children}
        found = [f"cast(p.value.{k} as varchar)" for k in _VALUE_KEYS if k in inner]
        if not found:
            return None
        value = f"coalesce({', '.join(found)})"
    return (
        f"list_transform({x}, lambda p: p.key)",
        f"list_transform({x}, lambda p: cast({value} as varchar))",
    )


def _listed(pairs) -> str:
    """Columns for lists of keys and values, made once for all the keys asked for."""
    return "".join(
        f", {keys} as _keys_{i}, {found} as _values_{i}"
        for i, (keys, found) in enumerate(pairs)
    )


def _value_of(number: int, key: str) -> str:
    return f"_values_{number}[list_position(_keys_{number}, {values.text(key)})]"


# ----------------------------------------------------------------------------- Excel
def _xlsx(connection, item: Input, out: Path, scratch: Path) -> Output:
    import openpyxl

    warnings.filterwarnings("ignore", module="openpyxl")  # we say it ourselves
    hint = "Open it in Excel and save it again as .xlsx or as CSV UTF-8."
    try:
        with zipfile.ZipFile(item.path) as archive:
            parts = [i for i in archive.infolist() if "/worksheets/" not in i.filename]
        if sum(part.file_size for part in parts) > _MOST_XLSX_PARTS:
            raise UserError(
                f"{item.file} holds more than {_MOST_XLSX_PARTS >> 20} MB beside its "
                "sheets.",
                "Save it as CSV UTF-8.",
            )
        with item.path.open("rb") as file:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            reading, output = _book(item, scratch, book)
    except UserError:
        raise
    except Exception as error:  # openpyxl lets through whatever its parsers raise
        if getattr(error, "errno", None) or isinstance(error, MemoryError):
            raise
        raise UserError(
            f"{item.file} cannot be read as an Excel workbook: {_first_line(error)}.",
            hint,
        ) from None
    blocks = _clean(reading.blocks, None)
    return _careful(connection, item, blocks, reading, output, out, scratch)


def _book(item: Input, scratch: Path, book) -> tuple[Reading, Output]:
    """Write the rows of every sheet whose header fits a table; a table has one."""
    reading, output = Reading(), Output()
    nearest: list[str] = []
    titles: dict[str, str] = {}
    with (scratch / "rejects.csv").open("w", encoding="utf-8", newline="") as bad:
        rejects = RejectWriter(bad)
        for sheet in book.worksheets:
            above: list[str] = []
            rows = _sheet_rows(item, sheet)
            for _, header in rows:
                if fit := best_fit(item.tables, header):
                    break
                above.append(",".join(header))
                nearest = max(nearest, header, key=len)
                if len(above) == HEADER_WITHIN:
                    break
            else:
                continue
            if fit is None:
                continue
            table = fit.table.name
            if table in titles:
                raise UserError(
                    f"{item.file}: two of its sheets hold {table}: "
                    f"{titles[table]!r} and {sheet.title!r}.",
                    "Save the sheet that counts as a file of its own; or each, if both "
                    "count.",
                )
            titles[table] = sheet.title
            path = scratch / f"block_{len(reading.blocks)}.csv"
            block = Block(fit, constants(fit, above), path, columns=len(header))
            reading.blocks.append(block)
            _sheet(reading, block, rows, rejects)
            output.notes.append(f"sheet {sheet.title}")
    if not reading.blocks:
        raise no_header(item.file, item.tables, nearest)
    return reading, output


def _sheet(reading: Reading, block: Block, rows, rejects: RejectWriter) -> None:
    """Write the rows of one sheet, as `read_carefully` writes those of a text."""
    with block.path.open("w", encoding="utf-8", newline="") as sink:
        writer = clean_writer(sink)
        for number, texts in rows:
            if not any(text.strip() for text in texts):
                continue
            reading.landed += 1
            raw = json.dumps(texts, ensure_ascii=False)
            more = texts[block.columns :]
            if more:
                reading.rejected += 1
                rejects.write(
                    block.fit.table.name,
                    number,
                    "columns",
                    f"{block.columns} columns",
                    f"one more, {next(filter(None, more))}",
                    raw,
                )
                continue
            texts += [""] * (block.columns - len(texts))
            block.records += 1
            block.longest = max(block.longest, 10 * len(raw) + 100)
            writer.writerow((*texts, reading.landed, number, raw))


def _sheet_rows(item: Input, sheet) -> Iterator[tuple[int, list[str]]]:
    """Every row as the sheet's file has it, up to its last cell that is not empty.

    What openpyxl itself yields is cut to the dimensions that the file claims, lacks
    rows that are out of order, and has a row of all columns for each that is missing.
    """
    from openpyxl.worksheet._reader import FORMULA_TAG, WorkSheetParser

    class Parser(WorkSheetParser):
        def parse_cell(self, element):
            cell = super().parse_cell(element)
            if cell["value"] is None and (formula := element.findtext(FORMULA_TAG)):
                cell["value"] = f"={formula}"  # never calculated
            return cell

    book = sheet.parent
    with sheet._get_source() as source:
        parser = Parser(
            source,
            sheet._shared_strings,
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        for number, cells in parser.parse():
            texts = {c["column"]: cell_text(c["value"]) for c in cells}
            width = max((column for column, text in texts.items() if text), default=0)
            if width > MOST_COLUMNS:
                raise UserError(
                    f"{item.file}, sheet {sheet.title!r}, row {number}: there is a "
                    f"cell in column {width:,}; at most {MOST_COLUMNS:,} are read.",
                    "Delete what stands beside the table.",
                )
            yield number, [texts.get(column, "") for column in range(1, width + 1)]


def cell_text(value) -> str:
    """What stands in a cell of a workbook, as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        is_day = value.time() == dt.time()
        return value.date().isoformat() if is_day else value.isoformat(" ", "seconds")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


# ------------------------------------------------------------- the two ways to load
def _direct(
    connection, item, relation: _Relation, landed: int, output: Output, out, scratch
) -> Output:
    """Load an exact relation: quickly, and row by row only when that fails."""
    try:
        loaded = _quick(connection, item, relation, out)
    except _Trouble:
        (scratch / "rejects.csv").write_text("", encoding="utf-8")
        reading = Reading(landed=landed)
        return _careful(connection, item, [relation], reading, output, out, scratch)
    output.landed = landed
    return _finish(output, relation.fit.table, out, loaded)


def _finish(output: Output, table: Table, out: Path, loaded: int) -> Output:
    output.loaded = loaded
    output.tables[table.name] = out / f"{table.name}.parquet"
    output.rows[table.name] = loaded
    return output


def _quick(connection, item: Input, relation: _Relation, out: Path) -> int:
    """One streaming COPY; stops at the first row that is not as it should be.

    Returns:
        The number of rows loaded.

    Raises:
        _Trouble: Something needs the careful way.
    """
    reader = relation.fit.table.reader
    plan = values.base_plan(reader)
    if relation.delimiter == ";" and relation.typed:
        plan = _plan(connection, item, relation)
    for attempt in (1, 2):
        try:
            return _copy_or_stop(connection, item, relation, plan, out)
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            is_value = values.TROUBLE in str(error)
            if attempt == 2 or not is_value or not relation.typed:
                raise _Trouble(_first_line(error)) from None
        try:
            evident = _plan(connection, item, relation)
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            raise _Trouble(_first_line(error)) from None
        except UserError:
            if relation.is_exact:
                raise
            raise _Trouble("ask the careful reader for the lines") from None
        if evident == plan:
            raise _Trouble("a value")
        plan = evident
    raise AssertionError  # not reached: the second attempt returns or raises


def _plan(connection, item: Input, relation: _Relation) -> values.Plan:
    sql = relation.sql
    if not relation.is_exact:
        sql = f"(select *, null as _line from {sql})"
    return values.make_plan(
        connection,
        sql,
        relation.typed,
        relation.fit.table.reader,
        relation.delimiter,
        f"not {relation.summary} and not {relation.trouble}",
        item.file,
    )


def _careful(
    connection,
    item: Input,
    relations: list[_Relation],
    reading: Reading,
    output: Output,
    out: Path,
    scratch: Path,
) -> Output:
    """Load exact relations: good rows into the tables, all others into the rejects."""
    by_table: dict[str, list[str]] = {}
    rejected = []
    for number, relation in enumerate(relations):
        judged = scratch / f"judged_{number}.parquet"
        plan = _plan(connection, item, relation)
        reasons = _judge(connection, relation, plan, judged)
        columns = ", ".join(map(values.name, relation.columns))
        rows = f"from read_parquet({values.text(judged)}) where _trouble is"
        by_table.setdefault(relation.fit.table.name, []).append(
            f"select {columns}, {_lake_columns(item, '_row')} {rows} null"
        )
        said = ", ".join(
            f"case _trouble {' '.join(f'when {i} then {w}' for i, w in words)} end"
            for words in (
                [(i, values.text(reason[part])) for i, reason in enumerate(reasons)]
                for part in range(3)
            )
        )
        rejected.append(
            f"select {values.text(relation.fit.table.name)}, _line, {said}, _found, "
            f"_raw {rows} not null"
        )
    for name, selects in by_table.items():
        count = _write(connection, selects, out / f"{name}.parquet")
        output.rows[name] = count
        output.tables[name] = out / f"{name}.parquet"
        output.loaded += count
    file = scratch / "rejects.csv"
    structural = (
        f"select * from read_csv({values.text(file)}, auto_detect = false, "
        f"header = false, delim = ',', quote = '\"', escape = '\"', "
        f"{_line_size(16 << 20) if file.stat().st_size > 1 << 20 else ''}"
        "columns = {'table_name': 'VARCHAR', 'line': 'BIGINT', 'kind': 'VARCHAR', "
        "'column_name': 'VARCHAR', 'expected': 'VARCHAR', 'found': 'VARCHAR', "
        "'raw_row': 'VARCHAR'})"
    )
    path = out / "rejects.parquet"
    union = " union all ".join([structural, *rejected])
    total = connection.execute(
        f"copy (select {values.text(item.file)} as file, "
        f"{values.text(item.source)} as source, nullif(table_name, '') as table_name, "
        "line, kind, nullif(column_name, '') as column_name, expected, found, raw_row, "
        f"{_moment(item.loaded_at)} as loaded_at from ({union})) "
        f"to {values.text(path)} (format parquet, compression zstd)"
    ).fetchone()[0]
    output.landed = reading.landed
    output.rejected = total
    output.summary = connection.execute(
        f"select count(*) from read_parquet({values.text(path)}) where kind = 'summary'"
    ).fetchone()[0]
    output.rejects = path if total else None
    return output


def _judge(
    connection, relation: _Relation, plan: values.Plan, to: Path
) -> list[tuple[str, str, str]]:
    """Write every row with its canonical values, and with the number of its trouble.

    Returns:
        For every trouble its kind, the column, and what was expected.
    """
    tests = [(relation.trouble, "_raw[:200]"), (relation.summary, "'a total'")]
    reasons = [("malformed", "", relation.expected), ("summary", "", "a row of data")]
    made, listed = [], []
    for number, (column, (x, kind)) in enumerate(relation.columns.items()):
        if kind == "text":
            listed.append(f"{x} as {values.name(column)}")
            continue
        made.append(f"{values.canonical(x, kind, plan, column)} as k{number}")
        listed.append(f"k{number} as {values.name(column)}")
        tests.append((f"k{number} is null and not {values.is_empty(x)}", f"{x}[:200]"))
        reasons.append(("value", column, plan.expected(column, kind)))
    trouble = " ".join(f"when {test} then {i}" for i, (test, _) in enumerate(tests))
    found = " ".join(f"when {i} then {said}" for i, (_, said) in enumerate(tests))
    read = f"select {', '.join(['*', *made])} from {relation.sql}"
    judged = f"select *, case {trouble} end as _trouble from ({read})"
    connection.execute(
        f"copy (select {', '.join(listed)}, _row, _line, _trouble, "
        f"case _trouble {found} end as _found, "
        f"case when _trouble is not null then _raw end as _raw from ({judged})) "
        f"to {values.text(to)} (format parquet)"
    )
    return reasons


def _moment(moment: dt.datetime) -> str:
    return f"timestamp '{moment.strftime('%Y-%m-%d %H:%M:%S.%f')}'"


def _lake_columns(item: Input, row: str) -> str:
    shop = values.text(item.shop_id) if item.shop_id else "cast(null as varchar)"
    return (
        f"{values.text(item.file)} as _file, cast({row} as bigint) as _row, "
        f"{_moment(item.landed_at)} as _landed_at, "
        f"{_moment(item.loaded_at)} as _loaded_at, {shop} as _shop_id"
    )


def _copy_or_stop(
    connection, item: Input, relation: _Relation, plan: values.Plan, out: Path
) -> int:
    """Write the rows of one table in one go; raise at the first bad one."""
    stop = f"error({values.text(values.TROUBLE)})"
    listed = []
    for name, (x, kind) in relation.columns.items():
        made = x
        if kind != "text":
            made = (
                f"case when {x} is null then null "
                f"else coalesce({values.canonical(x, kind, plan, name)}, "
                f"case when {values.is_empty(x)} then null else {stop} end) end"
            )
        listed.append(f"{made} as {values.name(name)}")
    bad = [relation.summary, relation.trouble]
    if not relation.is_exact:  # a row of delimiters only is a blank row
        cells = [f"c{match.position}" for match in relation.fit.matches]
        key = next(f"c{m.position}" for m in relation.fit.matches if m.required)
        bad.append(f"({key} is null and coalesce({', '.join(cells)}) is null)")
    bad = [test for test in bad if test != "false"]
    row = f"case when {' or '.join(bad)} then {stop} else _row end" if bad else "_row"
    select = (
        f"select {', '.join(listed)}, {_lake_columns(item, row)} from {relation.sql}"
    )
    return _write(connection, [select], out / f"{relation.fit.table.name}.parquet")


def _write(connection, selects: list[str], path: Path) -> int:
    union = " union all by name ".join(f"({select})" for select in selects)
    return connection.execute(
        f"copy ({union}) to {values.text(path)} (format parquet, compression zstd)"
    ).fetchone()[0]


def unpacked(path: Path, name: str) -> Iterator[tuple[str, Callable[[Path], None]]]:
    """The data files that a landed file holds.

    Yields:
        The name of each below its folder and a function that writes its bytes; for a
        plain file just that file, with a function that is never called.

    Raises:
        UserError: An archive is damaged.
    """
    kind = kind_of(path, name)
    if kind == "gz":
        yield name, lambda to: bytes_.unpack_gz(path, to)
    elif kind == "zip":
        for member in bytes_.zip_members(path):
            yield (
                f"{name}/{member}",
                lambda to, member=member: bytes_.unpack_member(path, member, to),
            )
