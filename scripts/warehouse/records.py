"""The careful CSV reader: slower than DuckDB's, but it answers for every line.

It finds the header, takes several tables out of one file, stops an open quote from
swallowing the rows after it, and says of every record that cannot be read where it
stands and why. What it can read it writes as a clean CSV file for DuckDB.
"""

import csv
import io
import re
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from warehouse.contract import Fit, Table, best_fit
from warehouse.errors import UserError
from warehouse.people import masked

DELIMITERS = (",", ";", "\t", "|")
DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
HEADER_WITHIN = 60
_COMMENT = re.compile(r"^\ufeff?#(?:\s|-|$)")
_TOTAL = re.compile(r"^\s*(?:grand )?totals?\b", re.IGNORECASE)
# A record longer than this is taken for an open quote, and a line longer than this is
# rejected. The limits shrink when a file has many open quotes, so that reading stays
# linear.
LONGEST = 8 << 20  # characters
_MOST_LINES = 20_000
_SHRINK = {20: (50, 1 << 16), 1000: (1, 1 << 16)}
_KEPT = 1 << 20  # characters of a rejected record
MOST_COLUMNS = 4_000
csv.field_size_limit(sys.maxsize)


class _TooLong(Exception):
    pass


class _Lines:
    """Physical lines with a way back, so that a swallowed line can be read again.

    Of a line longer than `LONGEST` only so much is kept.
    """

    def __init__(self, file: TextIO):
        self._file = file
        self._back: deque[str] = deque()
        self.taken: list[str] = []
        self.number = 0  # lines taken so far
        self.most_lines, self.most_characters = _MOST_LINES, LONGEST
        self._characters = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if len(self.taken) >= self.most_lines:
            raise _TooLong
        line = self._back.popleft() if self._back else self._read()
        if not line:
            raise StopIteration
        self._characters += len(line)
        self.taken.append(line)
        self.number += 1
        if len(line) >= LONGEST:
            raise _TooLong(f"a line of more than {LONGEST >> 20} MB")
        if self._characters > self.most_characters and len(self.taken) > 1:
            raise _TooLong
        return line

    def _read(self) -> str:
        line = part = self._file.readline(LONGEST)
        while len(part) == LONGEST and not part.endswith(("\r", "\n")):
            part = self._file.readline(LONGEST)
        return line

    def begin(self) -> None:
        self.taken = []
        self._characters = 0

    def give_back_all_but_first(self) -> None:
        rest = self.taken[1:]
        self._back.extendleft(reversed(rest))
        self.number -= len(rest)
        del self.taken[1:]


@dataclass
class Record:
    """One record: its first line's number, its text, and its fields or the trouble."""

    line: int
    raw: str
    fields: list[str] | None
    trouble: str = ""
    lines: int = 1

    @property
    def is_blank(self) -> bool:
        if self.fields is None:
            return False
        return not any(field.strip(" \ufeff\r\n") for field in self.fields)

    @property
    def is_comment(self) -> bool:
        return bool(_COMMENT.match(self.raw))


class Records:
    """The records of a text, one after another."""

    def __init__(self, file: TextIO, delimiter: str, skip_blanks: bool = False):
        self._lines = _Lines(file)
        self._delimiter = delimiter
        self._skip_blanks = skip_blanks
        self._swallowed = 0
        self._reader = self._new_reader()

    def _new_reader(self):
        return csv.reader(
            self._lines,
            delimiter=self._delimiter,
            strict=True,
            skipinitialspace=self._skip_blanks,
        )

    def __iter__(self) -> Iterator[Record]:
        while (record := self.next()) is not None:
            yield record

    def next(self) -> Record | None:
        """The next record, or None at the end."""
        lines = self._lines
        lines.begin()
        line = lines.number + 1
        try:
            fields = next(self._reader)
        except StopIteration:
            return None
        except (csv.Error, _TooLong) as error:
            return self._only_first_line(line, str(error))
        taken = lines.taken
        raw = taken[0] if len(taken) == 1 else "".join(taken)
        return Record(line, raw, fields, lines=len(taken))

    def _only_first_line(self, line: int, trouble: str) -> Record:
        lines = self._lines
        if len(lines.taken) > 1 or "unexpected end" in trouble or not trouble:
            trouble = "a quote that is opened on this line is not closed"
            self._swallowed += 1
            if self._swallowed in _SHRINK:
                lines.most_lines, lines.most_characters = _SHRINK[self._swallowed]
        lines.give_back_all_but_first()
        self._reader = self._new_reader()
        return Record(line, lines.taken[0], None, trouble)

    def split(self, record: Record) -> Record:
        """Take a record of several lines back, but for its first line."""
        return self._only_first_line(record.line, "")


@dataclass
class Head:
    """Where the first table of a text begins."""

    delimiter: str
    skip_blanks: bool
    header_line: int
    header: list[str]
    is_blocks: bool
    is_first: bool  # nothing stands before the header


def find_head(text: str, tables: Sequence[Table], name: str) -> Head:
    """Find the header row and the delimiter by the contract.

    Args:
        text: The beginning of the file, decoded.
        tables: The tables that the file may fill.
        name: The file's name for messages.

    Raises:
        UserError: No row among the first ones holds the required columns of a table.
    """
    text = text.removeprefix("\ufeff")
    first = next((line for line in text.splitlines() if line.strip()), "")
    is_blocks = bool(_COMMENT.match(first))
    best: tuple[int, int, list[str], Table] | None = None
    for delimiter in DELIMITERS:
        skip_blanks = bool(re.search(re.escape(delimiter) + ' +"', text))
        records = Records(io.StringIO(text, newline=""), delimiter, skip_blanks)
        count, is_header = 0, is_blocks
        for record in records:
            if not is_blocks:
                if (count := count + 1) > HEADER_WITHIN:
                    break
            elif record.is_comment:
                is_header = True
                continue
            elif record.is_blank or not is_header:
                continue
            else:
                is_header = False
            if record.fields is None:
                continue
            if best_fit(tables, record.fields):
                return Head(
                    delimiter,
                    skip_blanks,
                    record.line,
                    record.fields,
                    is_blocks,
                    record.line == 1,
                )
            for table in tables:
                missing = table.missing_required(record.fields)
                near = (len(table.required) - len(missing), len(record.fields))
                if best is None or near > best[:2]:
                    best = (*near, record.fields, table)
    raise no_header(name, tables, best[2] if best else [], best[3] if best else None)


def no_header(
    name: str,
    tables: Sequence[Table],
    header: Sequence[str],
    table: Table | None = None,
) -> UserError:
    """The error for a file in which no header fits, with what comes closest."""
    table = table or tables[0]
    missing = table.missing_required(header) or list(table.required)
    shown = ", ".join(repr(h[:60]) for h in header[:12])
    shown += " …" if len(header) > 12 else ""
    return UserError(
        f"{name}: no header row has all required columns of {table.source}."
        f"{table.name}. Expected: {', '.join(_wanted(c) for c in table.required)}. "
        f"Missing: {', '.join(_wanted(c) for c in missing)}. "
        f"Found: {masked(shown) or 'nothing that looks like a header'}.",
        "Export the file again with these columns, or, if the platform names them "
        "differently, add the name to `headers` of the column in "
        f"models/staging/{table.source}/_{table.source}.yml.",
    )


def stop_many_columns(name: str, columns: Sequence[str], hint: str) -> None:
    """Refuse what no export has, before memory is spent on it.

    Raises:
        UserError: There are more columns than `MOST_COLUMNS`.
    """
    if len(columns) > MOST_COLUMNS:
        raise UserError(
            f"{name} has {len(columns):,} columns; at most {MOST_COLUMNS:,} are "
            f"read. The first of them: {', '.join(repr(c[:60]) for c in columns[:5])}.",
            hint,
        )


def _wanted(column) -> str:
    return column.headers[0] if column.headers else column.name


@dataclass
class Block:
    """The clean rows of one table found in a file."""

    fit: Fit
    constants: dict[str, str]
    path: Path
    records: int = 0
    longest: int = 0
    columns: int = 0


def clean_writer(file: TextIO):
    """The writer of a block's file; quoted, as a cell may hold a lone return."""
    return csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)


@dataclass
class Reading:
    """What the careful reader made of a file."""

    blocks: list[Block] = field(default_factory=list)
    landed: int = 0
    rejected: int = 0
    summary: int = 0
    lines: int = 0


class RejectWriter:
    """Rejected records in a CSV file, as the lake's table of rejects wants them."""

    columns = ("table_name", "line", "kind", "column_name", "expected", "found", "raw")

    def __init__(self, file: TextIO):
        self._writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        self.longest = 0

    def write(
        self, table: str, line: int, kind: str, expected: str, found: str, raw: str
    ) -> None:
        raw = raw[:_KEPT].rstrip("\r\n").replace("\0", "\ufffd")
        raw = raw.encode("utf-8", "replace").decode()
        found = found.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
        self.longest = max(self.longest, 4 * (2 * len(raw) + len(found) + 500))
        self._writer.writerow((table, line, kind, "", expected, found, raw))


def read_carefully(
    file: TextIO,
    head: Head,
    tables: Sequence[Table],
    folder: Path,
    name: str,
    pad_short_rows: bool = False,
) -> Reading:
    """Read a text record by record.

    Args:
        file: The text, opened with `newline=""`, its BOM removed.
        head: What `find_head` found.
        tables: The tables that the file may fill.
        folder: Where the clean files are written: `block_<n>.csv` with the fields and
            then row, line and raw text, and `rejects.csv`.
        name: The file's name for messages.
        pad_short_rows: Whether a row with too few fields is filled up.

    Returns:
        What was found; `landed = clean records + rejected`, always.
    """
    reading = Reading()
    with (folder / "rejects.csv").open("w", encoding="utf-8", newline="") as sink:
        _Careful(file, head, tables, folder, sink, reading, pad_short_rows, name).run()
    if not reading.blocks:
        raise no_header(name, tables, head.header)
    return reading


class _Careful:
    def __init__(self, file, head, tables, folder, sink, reading, pad, name):
        self.records = Records(file, head.delimiter, head.skip_blanks)
        self.head = head
        self.tables = tables
        self.folder = folder
        self.rejects = RejectWriter(sink)
        self.reading = reading
        self.pad = pad
        self.name = name
        self.preamble: list[str] = []
        self.block: Block | None = None
        self.table_name = ""
        self.header: list[str] = []
        self.writer = None
        self.file: TextIO | None = None

    def run(self) -> None:
        is_header_next = self.head.is_blocks
        in_data = False
        was_blank = False
        try:
            for record in self.records:
                if not in_data:
                    if record.line == self.head.header_line or (
                        is_header_next and not record.is_comment and not record.is_blank
                    ):
                        self.begin(record)
                        in_data = True
                    else:
                        self.preamble.append(record.raw.rstrip("\r\n"))
                        self.reading.lines += record.lines
                    continue
                is_alone = was_blank or len(record.fields or "") == 1
                if self.head.is_blocks and record.is_comment and is_alone:
                    # The comment above the next table, of a file that begins with one.
                    self.preamble = [record.raw.rstrip("\r\n")]
                    self.reading.lines += record.lines
                    in_data, is_header_next, was_blank = False, True, False
                    continue
                was_blank = record.is_blank
                if was_blank:
                    self.reading.lines += record.lines
                else:
                    self.take(record)
        finally:
            if self.file:
                self.file.close()

    def begin(self, record: Record) -> None:
        self.reading.lines += record.lines
        self.header = record.fields or [record.raw]
        stop_many_columns(self.name, self.header, "Export fewer columns.")
        fit = best_fit(self.tables, self.header)
        if self.file:
            self.file.close()
        if fit is None:
            self.block, self.table_name = None, ""
            return
        number = len(self.reading.blocks)
        path = self.folder / f"block_{number}.csv"
        self.block = Block(fit, constants(fit, self.preamble), path)
        self.block.columns = len(self.header)
        self.table_name = fit.table.name
        self.reading.blocks.append(self.block)
        self.file = path.open("w", encoding="utf-8", newline="")
        self.writer = clean_writer(self.file).writerow

    def take(self, record: Record) -> None:
        width = len(self.header)
        fields = record.fields
        if fields is not None and len(fields) != width and self.block:
            if len(fields) > width and not any(fields[width:]):
                fields = fields[:width]  # delimiters that pad the row
            elif len(fields) < width and self.pad:
                fields = fields + [""] * (width - len(fields))
            elif record.lines > 1:
                # More likely an open quote than a cell with line breaks in a row
                # that is ragged as well: look at every line by itself.
                record = self.records.split(record)
                fields = None
        reading = self.reading
        reading.lines += record.lines
        reading.landed += 1
        if self.block is None:
            self.reject(
                record,
                "unknown_block",
                "a table that the contract knows",
                "under the header " + ", ".join(self.header),
            )
        elif fields is None:
            if len(record.raw) >= LONGEST:
                kind, expected = "too_long", "a shorter line"
            elif "not closed" in record.trouble:
                kind, expected = "open_quote", "quotes in pairs"
            else:
                kind, expected = "malformed", "quotes in pairs"
            self.reject(record, kind, expected, record.trouble)
        elif len(fields) != width:
            if len(fields) == width + 1 and _TOTAL.match(fields[-1]):
                reading.summary += 1
                self.reject(record, "summary", "a row of data", fields[-1])
            else:
                found = f"{len(fields)} columns"
                self.reject(record, "columns", f"{width} columns", found)
        elif "\0" in record.raw:
            self.reject(record, "nul_byte", "text", "a NUL byte")
        else:
            block = self.block
            raw = record.raw.rstrip("\r\n")
            block.records += 1
            block.longest = max(block.longest, 10 * len(raw) + 100)
            try:
                self.writer((*fields, reading.landed, record.line, raw))
            except UnicodeEncodeError:
                block.records -= 1
                self.reject(record, "encoding", "UTF-8 text", "bytes that are none")

    def reject(self, record: Record, kind: str, expected: str, found: str) -> None:
        self.reading.rejected += 1
        self.rejects.write(
            self.table_name, record.line, kind, expected, found[:500], record.raw
        )


def constants(fit: Fit, preamble: Sequence[str]) -> dict[str, str]:
    """The values that hold for every row: currency in a header, lines above it."""
    found = dict(fit.currencies)
    for name, pattern in (fit.table.reader.get("preamble") or {}).items():
        for line in reversed(preamble):
            if hit := re.search(pattern, line):
                found[name] = hit[1]
                break
    return found
