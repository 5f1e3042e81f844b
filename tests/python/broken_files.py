"""Exports that somebody broke, or made to break us, with what must become of each.

The same mistakes for three kinds of tables: orders of a platform, its events, and a
flat file. `cases` makes the contents; nothing of it lies in the repository.
"""

import csv
import gzip
import io
import json
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import duckdb

# What would be seen if a statement out of a file were ever run.
SENTINEL = "executed_by_accident"
INJECTIONS = (
    f"'); copy (select 1) to '{SENTINEL}.csv'; --",
    f'"); copy (select 1) to "{SENTINEL}.csv"; --',
    "' || (select count(*) from read_csv('/etc/passwd')) || '",
    f"$$; attach '{SENTINEL}.db' as {SENTINEL}; --",
    "{{ env_var('HOME') }}{% do run_query('select 1') %}",
    "x\\'; drop table orders; --",
)


@dataclass(frozen=True)
class Shape:
    """A table of a contract and one good row of it."""

    source: str
    table: str
    stem: str
    row: dict[str, str]  # the first column is the key, the last a text
    number: str  # a typed column
    key: str  # what the lake calls the first column

    @property
    def header(self) -> list[str]:
        return list(self.row)

    def rows(self, name: str, count: int = 3) -> list[dict[str, str]]:
        """Good rows, whose keys tell the case."""
        first = self.header[0]
        return [self.row | {first: f"{name}-{i}"} for i in range(count)]


SHAPES = (
    Shape(
        "shopify",
        "orders",
        "orders_export",
        {
            "Name": "",
            "Financial Status": "paid",
            "Total": "12.50",
            "Created at": "2026-03-04 10:00:00 +0100",
            "Lineitem quantity": "1",
            "Lineitem price": "12.50",
            "Notes": "plain",
        },
        "Total",
        "name",
    ),
    Shape(
        "ga4",
        "events",
        "events",
        {
            "event_name": "",
            "event_timestamp": "1753956000000000",
            "user_pseudo_id": "1.2",
            "note": "plain",
        },
        "event_timestamp",
        "event_name",
    ),
    Shape(
        "flat",
        "orders",
        "orders",
        {
            "order_id": "",
            "ordered_at": "2026-03-04 10:00:00",
            "total_amount": "12.50",
            "currency": "EUR",
            "note": "plain",
        },
        "total_amount",
        "order_id",
    ),
)


@dataclass(frozen=True)
class Case:
    """A file and what must become of it.

    Attributes:
        name: Its name below the source's folder.
        content: Its bytes.
        keys: The keys of the rows that are loaded.
        rejects: Line and kind of the rows that are not.
        refused: Words of the message if nothing is loaded; empty if it is.
    """

    name: str
    content: bytes
    keys: tuple[str, ...] = ()
    rejects: tuple[tuple[int, str], ...] = ()
    refused: str = ""


def text_of(rows: Sequence[dict[str, str]], end: str = "\n", **options) -> str:
    """Rows as CSV with a header."""
    sink = io.StringIO(newline="")
    if end == "\r":  # the csv module would leave a line feed in a cell unquoted
        options["quoting"] = csv.QUOTE_ALL
    writer = csv.DictWriter(sink, list(rows[0]), lineterminator=end, **options)
    writer.writeheader()
    writer.writerows(rows)
    return sink.getvalue()


def json_lines(rows: Sequence[dict[str, str]]) -> str:
    """Rows as JSON lines."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def parquet(rows: Sequence[dict[str, str]]) -> bytes:
    """Rows as a Parquet file of texts."""
    with tempfile.TemporaryDirectory() as folder:
        lines, made = Path(folder) / "rows.jsonl", Path(folder) / "rows.parquet"
        lines.write_text(json_lines(rows))
        duckdb.sql(
            f"copy (from read_json('{lines}', convert_strings_to_integers = false, "
            f"dateformat = 'none', timestampformat = 'none')) to '{made}'"
        )
        return made.read_bytes()


# ------------------------------------------------------------------- workbooks by hand
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"


def cell(at: str, text: str) -> str:
    """A cell with a text of its own."""
    return f'<c r="{at}" t="inlineStr"><is><t>{escape(text)}</t></is></c>'


def sheet_rows(rows: Sequence[Sequence[str]], first: int = 1) -> str:
    """The rows of a sheet."""
    return "".join(
        f'<row r="{number}">'
        + "".join(cell(f"{chr(65 + i)}{number}", text) for i, text in enumerate(row))
        + "</row>"
        for number, row in enumerate(rows, first)
    )


def workbook(*sheets: str, strings: str = "", before: str = "") -> bytes:
    """An .xlsx of the rows of its sheets.

    Args:
        sheets: What stands between <sheetData> and </sheetData>.
        strings: The document of the shared strings.
        before: What stands before <sheetData>, such as a dimension.
    """
    numbers = range(1, len(sheets) + 1)
    relations = "".join(
        f'<Relationship Id="s{i}" Type="{_OFFICE}/worksheet" '
        f'Target="worksheets/sheet{i}.xml"/>'
        for i in numbers
    )
    listed = "".join(
        f'<sheet name="Sheet{i}" sheetId="{i}" r:id="s{i}"/>' for i in numbers
    )
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_TYPES}"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" '
        f'ContentType="{kind}.sharedStrings+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        f"{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}">{relations}'
        f'<Relationship Id="t" Type="{_OFFICE}/sharedStrings" '
        'Target="sharedStrings.xml"/></Relationships>',
        "xl/sharedStrings.xml": strings or f'<sst xmlns="{_MAIN}"/>',
    }
    for number, rows in enumerate(sheets, 1):
        parts[f"xl/worksheets/sheet{number}.xml"] = (
            f'<worksheet xmlns="{_MAIN}">{before}<sheetData>{rows}</sheetData>'
            "</worksheet>"
        )
    return archive(**parts)


def archive(**members: str | bytes) -> bytes:
    """A .zip file of these members."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return sink.getvalue()


def swollen(content: bytes) -> bytes:
    """An archive whose member of 1 MB is one of 300 MB, says its directory."""
    size, said = ((n << 20).to_bytes(4, "little") for n in (1, 300))
    assert content.count(size) == 2
    return content.replace(size, said)


def _laughs() -> str:
    """Shared strings of which the second is a billion times the same word."""
    entities = "".join(
        f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' if i else '<!ENTITY l0 "lol">'
        for i in range(10)
    )
    return f'<!DOCTYPE sst [{entities}]><sst xmlns="{_MAIN}"><si><t>&l9;</t></si></sst>'


# ---------------------------------------------------------------------------- the cases
def cases(shape: Shape) -> Iterator[Case]:
    """Every broken file of a table."""
    yield from _texts(shape)
    yield from _json(shape)
    yield from _containers(shape)
    yield from _workbooks(shape)


def _parts(shape: Shape, label: str, count: int = 3):
    """What most cases begin with: name, rows, their lines as CSV, their keys."""
    rows = shape.rows(label, count)
    keys = tuple(row[shape.header[0]] for row in rows)
    lines = text_of(rows).splitlines(keepends=True)
    return f"{shape.stem}_{label}", rows, lines, keys


def _texts(shape: Shape) -> Iterator[Case]:
    last = shape.header[-1]

    def good(label, encoding="utf-8", end="\n", **options):
        name, rows, _, keys = _parts(shape, label)
        return Case(f"{name}.csv", text_of(rows, end, **options).encode(encoding), keys)

    yield good("sound")
    yield good("utf-16", "utf-16")
    yield good("semicolon_bom_crlf", "utf-8-sig", "\r\n", delimiter=";")
    yield good("returns_only", end="\r")

    name, rows, lines, keys = _parts(shape, "cut_in_a_row")
    cut = "".join(lines).rstrip().rsplit(",", 2)[0]
    yield Case(f"{name}.csv", cut.encode(), keys[:2], ((4, "columns"),))

    name, rows, lines, keys = _parts(shape, "cut_in_a_quote")
    rows[2] |= {last: 'a "word" is'}
    cut = text_of(rows).rstrip()[:-4]
    yield Case(f"{name}.csv", cut.encode(), keys[:2], ((4, "open_quote"),))

    name, rows, lines, keys = _parts(shape, "cut_utf16")
    cut = "".join(lines).encode("utf-16")[:-1]
    yield Case(f"{name}.csv", cut, refused="UTF-16")

    name, rows, lines, keys = _parts(shape, "nul")
    rows[1] |= {last: "a\0b"}
    yield Case(
        f"{name}.csv", text_of(rows).encode(), (keys[0], keys[2]), ((3, "nul_byte"),)
    )

    name, rows, lines, keys = _parts(shape, "stray_byte", 30)
    rows = [row | {last: "Käse für Jörg"} for row in rows]
    content = text_of(rows).encode().replace(b"K\xc3\xa4se", b"K\xe4se", 1)
    yield Case(f"{name}.csv", content, keys[1:], ((2, "encoding"),))

    name, rows, lines, keys = _parts(shape, "latin")
    rows[0] |= {last: "Käse"}
    yield Case(f"{name}.csv", text_of(rows).encode("cp1252"), keys)

    name, rows, lines, keys = _parts(shape, "ragged")
    lines[1] = lines[1].replace("\n", ",more\n")
    lines[2] = lines[2].rsplit(",", 1)[0] + "\n"
    rejects = ((2, "columns"), (3, "columns"))
    yield Case(f"{name}.csv", "".join(lines).encode(), keys[2:], rejects)

    name, rows, lines, keys = _parts(shape, "mixed_ends")
    content = lines[0] + lines[1].replace("\n", "\r\n") + lines[2].replace("\n", "\r")
    yield Case(f"{name}.csv", (content + lines[3]).encode(), keys)

    name, rows, lines, keys = _parts(shape, "double_headers")
    lines = [line.rstrip() + "," + line for line in lines]
    yield Case(f"{name}.csv", "".join(lines).encode(), keys)

    name, rows, lines, keys = _parts(shape, "formulas")
    rows[0] |= {last: "=cmd|' /C calc'!A0"}
    rows[1] |= {last: "@SUM(1+1)*cmd|' /C calc'!A0"}
    yield Case(f"{name}.csv", text_of(rows).encode(), keys)

    name, rows, lines, keys = _parts(shape, "sql", len(INJECTIONS))
    rows = [
        row | {last: evil} | dict.fromkeys(INJECTIONS, evil)
        for row, evil in zip(rows, INJECTIONS, strict=True)
    ]
    yield Case(f"{name}.csv", text_of(rows).encode(), keys)
    yield Case(
        f"{name}.jsonl",
        json_lines(rows).replace("sql-", "sqljson-").encode(),
        tuple(key.replace("sql-", "sqljson-") for key in keys),
    )

    name, rows, lines, keys = _parts(shape, "bad_numbers", 6)
    for row, value in zip(
        rows, ["1,2,3", "9" * 40, "1e400", "soon", "=1+1", "0x1F"], strict=True
    ):
        row |= {shape.number: value}
    rows += shape.rows("bad_numbers_good", 1)
    rejects = tuple((line, "value") for line in range(2, 8))
    yield Case(f"{name}.csv", text_of(rows).encode(), ("bad_numbers_good-0",), rejects)

    size = 50 if shape.source == "flat" else 9
    name, rows, lines, keys = _parts(shape, "long_cell")
    rows[0] |= {last: "x" * (size << 20)}
    quoted = text_of(rows, quoting=csv.QUOTE_ALL).encode()
    yield Case(f"{name}.csv", quoted, keys[1:], ((2, "too_long"),))

    name, rows, lines, keys = _parts(shape, "columns")
    wide = rows[0] | {f"c {i}": "v" for i in range(10_000)}
    yield Case(f"{name}.csv", text_of([wide]).encode(), refused="at most 4,000")

    name, rows, lines, keys = _parts(shape, "other_table")
    yield Case(f"{name}.csv", b"colour,weight\nred,1\n", refused="Missing: ")
    yield Case(
        f"{shape.stem}_page.csv",
        b"<!DOCTYPE html><html><body>Log in, please</body></html>\n",
        refused="Found: '<!DOCTYPE html>",
    )
    yield Case(f"{shape.stem}_header.csv", lines[0].encode())
    yield Case(f"{shape.stem}_empty.csv", b"", refused="empty")
    yield Case(f"{shape.stem}_bom.csv", b"\xef\xbb\xbf", refused="no header row")
    yield Case(f"{shape.stem}_blank.csv", b"\n\r\n \r", refused="no header row")
    yield Case(f"{shape.stem}_zeros.csv", bytes(1 << 20), refused="no header row")
    yield Case(f"{shape.stem}_bytes.csv", bytes(range(256)) * 64, refused="is not text")
    if shape.source == "ga4":
        return  # its moments are numbers

    when = next(c for c, v in shape.row.items() if v.startswith("2026-"))
    name, rows, lines, keys = _parts(shape, "no_days", 5)
    for row, value in zip(
        rows,
        ["1900-01-00", "9999-12-31", "2026-02-30", "1899-12-30", "2026-03-04 25:00"],
        strict=True,
    ):
        row |= {when: value}
    rows += shape.rows("no_days_good", 1)
    rejects = tuple((line, "value") for line in range(2, 7))
    yield Case(f"{name}.csv", text_of(rows).encode(), ("no_days_good-0",), rejects)
    for label, values, words in (
        ("ambiguous", ["03/04/2026", "05/06/2026"], "line 2 has '03/04/2026'"),
        ("swapped", ["13/02/2026", "02/13/2026"], "line 2 has '13/02/2026'"),
        ("mixed", ["2026-02-13", "02/13/2026"], "line 3 has '02/13/2026'"),
        ("day_numbers", ["45321", "45322"], "count from 1900 or from 1904"),
    ):
        name, rows, lines, keys = _parts(shape, label, 2)
        for row, value in zip(rows, values, strict=True):
            row |= {when: value}
        yield Case(f"{name}.csv", text_of(rows).encode(), refused=words)


def _json(shape: Shape) -> Iterator[Case]:
    first = shape.header[0]
    name, rows, _, keys = _parts(shape, "json")
    yield Case(f"{name}.jsonl", json_lines(rows).encode(), keys)

    name, rows, _, keys = _parts(shape, "json_lines_broken", 4)
    lines = json_lines(rows).splitlines(keepends=True)
    lines[1] = lines[1].replace("}", "")
    lines[2] = lines[2][:9] + "\n"
    content = "".join([*lines, "[1, 2]\n", "null\n", '{"a": "\\ud800"}\n'])
    rejects = tuple((line, "malformed") for line in (2, 3, 5, 6, 7))
    yield Case(f"{name}.jsonl", content.encode(), (keys[0], keys[3]), rejects)

    name, rows, _, keys = _parts(shape, "json_keys")
    odd = {"": 1, 'a"b': 2, "a\0b": 3, "$.a": 4, "a/b~c": 5, "'; drop": 6, "\\": 7}
    rows = [row | odd for row in rows]
    yield Case(f"{name}.jsonl", json_lines(rows).encode(), keys)

    name, rows, _, keys = _parts(shape, "json_deep", 2)
    lines = json_lines(rows).splitlines()
    deep = "[" * 50_000 + "]" * 50_000
    content = "\n".join([lines[0][:-1] + f', "deep": {deep}}}', lines[1]]) + "\n"
    yield Case(f"{name}.jsonl", content.encode(), keys)
    yield Case(
        f"{name}.json", f"[{deep},{lines[1]}]".encode(), refused="not valid JSON"
    )

    name, rows, _, keys = _parts(shape, "json_document")
    document = json.dumps(rows, indent=1).replace(keys[0], "9" * 5000)
    yield Case(
        f"{name}.json",
        document.replace('"' + "9" * 5000 + '"', "9" * 5000).encode(),
        ("9" * 5000, *keys[1:]),
    )
    yield Case(f"{name}_cut.json", document[:-2].encode(), refused="cut off")
    accents = json.dumps([row | {"accents": "é" * 99} for row in rows])
    content = accents.replace("\\u00e9", "é").encode()[:-9] + b"\xff]"
    yield Case(f"{name}_bytes.json", content, refused="no UTF-8")
    yield Case(f"{shape.stem}_json_ids.jsonl", json_lines(
        [{first: str(i), f"k{i}": i} for i in range(4_500)]
    ).encode(), refused="at most 4,000")  # fmt: skip
    yield Case(f"{shape.stem}_json_number.json", b"5\n", refused="no JSON objects")


def _containers(shape: Shape) -> Iterator[Case]:
    name, rows, lines, keys = _parts(shape, "parquet")
    rows = [row | dict.fromkeys(INJECTIONS[:3], "x") for row in rows]
    content = parquet(rows)
    yield Case(f"{name}.parquet", content, keys)
    yield Case(f"{name}_cut.parquet", content[:-30], refused="cannot be read")
    middle = len(content) // 2
    broken = content[:middle] + bytes(60) + content[middle + 60 :]
    yield Case(f"{name}_zeros.parquet", broken, refused="cannot be read")

    named = content.replace(shape.header[0].encode(), b"\xff" * len(shape.header[0]))
    yield Case(f"{name}_names.parquet", named, refused="no UTF-8")

    name, rows, lines, keys = _parts(shape, "gz")
    packed = gzip.compress("".join(lines).encode(), mtime=0)
    yield Case(f"{name}.csv.gz", packed, keys)
    yield Case(f"{name}_cut.csv.gz", packed[:-9], refused="cannot be unpacked")
    yield Case(
        f"{name}_bomb.csv.gz",
        gzip.compress(bytes(1 << 20), mtime=0) * 300,
        refused="more than 200 times",
    )

    def packed_text(label):
        name, _, lines, keys = _parts(shape, label)
        return name, "".join(lines), keys

    name, text, keys = packed_text("zip")
    whole = archive(**{f"{shape.stem}_a.csv": text})
    yield Case(f"{name}_cut.zip", whole[:-30], refused="cannot be unpacked")
    locked = bytearray(whole)
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    yield Case(f"{name}_locked.zip", bytes(locked), refused="encrypted")
    lying = whole.replace(len(text).to_bytes(4, "little"), (99).to_bytes(4, "little"))
    yield Case(f"{name}_lying.zip", lying, refused="cannot be unpacked")
    utf8 = archive(**{f"{shape.stem}_ä.csv": text})
    utf8 = utf8.replace("ä".encode(), b"\xff\xfe")
    yield Case(f"{name}_names.zip", utf8, refused="cannot be unpacked")
    for label, member, words in (
        ("up", f"../{shape.stem}_up.csv", "leaves the archive"),
        ("root", f"/{shape.stem}_root.csv", "leaves the archive"),
        ("drive", f"c:\\{shape.stem}.csv", "leaves the archive"),
        ("line", f"{shape.stem}_\n.csv", "cannot be shown"),
    ):
        yield Case(f"{name}_{label}.zip", archive(**{member: text}), refused=words)
    twice = archive(**{f"{shape.stem}_a.csv": text, f"{shape.stem}_b.csv": "x"})
    twice = twice.replace(b"_b.csv", b"_a.csv")
    yield Case(f"{name}_twice.zip", twice, refused="twice")
    for label, content, words in (
        ("not.parquet", b"PAR1" + bytes(90), "cannot be read"),
        ("not.xlsx", b"PK\x03\x04" + bytes(50), "cannot be unpacked"),
        ("old.xls", b"\xd0\xcf\x11\xe0" + bytes(90), "is not a file the loader reads"),
    ):
        yield Case(f"{shape.stem}_{label}", content, refused=words)
    if shape.source != "flat":
        return  # it tells nothing of the table
    bomb = swollen(archive(**{f"{shape.stem}_a.csv": bytes(1 << 20)}))
    yield Case(f"{name}_bomb.zip", bomb, refused="more than 200 times")


def _workbooks(shape: Shape) -> Iterator[Case]:
    def table(label, count=3):
        rows = shape.rows(label, count)
        keys = tuple(row[shape.header[0]] for row in rows)
        listed = [shape.header, *(list(row.values()) for row in rows)]
        return f"{shape.stem}_{label}.xlsx", listed, keys

    name, rows, keys = table("book")
    sound = workbook(sheet_rows([["nothing"]]), sheet_rows(rows))
    yield Case(name, sound, keys)
    yield Case(f"{shape.stem}_book_cut.xlsx", sound[:-40], refused="cannot be unpacked")

    name, rows, keys = table("dimension")
    claimed = '<dimension ref="A1"/>'
    yield Case(name, workbook(sheet_rows(rows), before=claimed), keys)

    name, rows, keys = table("order")
    parts = sheet_rows(rows[:1]) + sheet_rows(rows[2:], 3) + sheet_rows(rows[1:2], 2)
    yield Case(name, workbook(parts), (keys[1], keys[2], keys[0]))

    name, rows, keys = table("two_sheets")
    parts = sheet_rows(rows[:2]), sheet_rows([rows[0], rows[2]])
    yield Case(name, workbook(*parts), refused="two of its sheets")

    name, rows, keys = table("far_cell")
    far = f'<row r="1048576">{cell("XFD1048576", "far")}</row>'
    yield Case(name, workbook(sheet_rows(rows) + far), refused="column 16,384")

    name, rows, keys = table("ragged_book")
    rows[1].append("outside")
    yield Case(name, workbook(sheet_rows(rows)), keys[1:], ((2, "columns"),))

    name, rows, keys = table("formula")
    at = f"{chr(65 + shape.header.index(shape.number))}2"
    parts = sheet_rows(rows).replace(
        cell(at, shape.row[shape.number]), f'<c r="{at}"><f>1+1</f></c>'
    )
    yield Case(name, workbook(parts), keys[1:], ((2, "value"),))

    name, rows, keys = table("laughs")
    shared = '<row r="5"><c r="A5" t="s"><v>0</v></c></row>'
    content = workbook(sheet_rows(rows) + shared, strings=_laughs())
    yield Case(name, content, refused="cannot be read as an Excel workbook")

    if shape.source != "flat":
        return
    name, rows, keys = table("book_bomb")
    content = swollen(workbook(sheet_rows(rows), strings=" " * (1 << 20)))
    yield Case(name, content, refused="more than 200 times")
