"""Broken and hostile exports: no traceback, no lost row, no SQL out of data.

All of `broken_files` lies in one landing folder and is loaded once, by the command, as
a user would; then every file is looked up in the ledger and the rejects. The fuzzer at
the end breaks good exports at random; WAREHOUSE_TEST_FUZZ=5000 makes it look longer.
"""

import contextlib
import csv
import datetime as dt
import gzip
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest
from broken_files import (
    INJECTIONS,
    SENTINEL,
    SHAPES,
    Shape,
    archive,
    cases,
    json_lines,
    parquet,
    sheet_rows,
    text_of,
    workbook,
)
from conftest import Till
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shop import PROJECT, Shop

from warehouse.contract import read_contracts
from warehouse.errors import MachineError, UserError
from warehouse.readers import Input, connect, read
from warehouse.survey import survey
from warehouse.values import text as literal

FLAT = SHAPES[-1]
MEMORY = 900 << 20  # of the whole process; measured: 430 MB
SECONDS = 90  # of CPU; measured: 12
FUZZ = int(os.environ.get("WAREHOUSE_TEST_FUZZ", "80"))


# ------------------------------------------------------------------ one load of it all
@dataclass
class Loaded:
    """What a load of every broken file has left behind."""

    shop: Shop
    said: str = ""
    code: int = 0
    peak: int = 0  # bytes
    seconds: float = 0.0
    files: dict[tuple[str, str], dict] = field(default_factory=dict)
    rejects: dict[tuple[str, str], list[dict]] = field(default_factory=dict)
    keys: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    def lake(self, shape: Shape, query: str, *values: str) -> list[tuple]:
        """A query over what was loaded into a shape's table."""
        folder = self.shop.folder / "lake" / shape.source / shape.table
        with duckdb.connect() as connection:
            connection.execute(
                "create view lake as from read_parquet("
                f"{literal(folder / '*.parquet')}, union_by_name = true)"
            )
            return connection.execute(query, values).fetchall()


def rows_of(query: str) -> list[dict]:
    """A query's rows with their columns' names."""
    relation = duckdb.sql(query)
    return [dict(zip(relation.columns, r, strict=True)) for r in relation.fetchall()]


CASES = {
    f"{shape.source}/{case.name}": (shape, case)
    for shape in SHAPES
    for case in cases(shape)
}
ODD_NAMES = (
    "orders_'; drop table orders; --.csv",
    'orders_"quoted".csv',
    "orders_[*?]{x}.csv",
    "orders_*.csv",
    "orders_%s_$HOME_${x}_{{ x }}.csv",
    "orders -rf --help.csv",
    "orders....csv",
    "Orders.csv",
    "orders.csv",
    "orders_\u00e9.csv",
    "orders_e\u0301.csv",
    "orders_😀.csv",
    "orders" + "x" * 245 + ".csv",
    "sh'op'); drop table orders; --/orders.csv",
    "$(touch x)/orders.csv",
)
BAD_NAMES = {
    b"orders_\xff\xfe.csv": "\\udcff\\udcfe",
    b"orders_\nDone. 9 rows loaded.csv": "orders_\\nDone.",
    b"orders_\x1b[31mred.csv": "orders_\\x1b",
}


def land(shop: Shop) -> None:
    """Every broken file, every odd name, and what is no file at all."""
    for path, (_, case) in CASES.items():
        target = shop.landing / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(case.content)
    folder = shop.landing / "flat"
    for number, name in enumerate(ODD_NAMES):
        (folder / name).parent.mkdir(exist_ok=True)
        rows = FLAT.rows(f"name{number}", 1)
        (folder / name).write_text(text_of(rows), encoding="utf-8")
    for number, name in enumerate(BAD_NAMES):
        rows = FLAT.rows(f"bad_name{number}", 1)
        (folder / os.fsdecode(name)).write_text(text_of(rows), encoding="utf-8")
    outside = shop.folder / "outside.csv"
    outside.write_text(text_of(FLAT.rows("outside", 1)))
    (folder / "orders_passwd.csv").symlink_to("/etc/passwd")
    (folder / "orders_outside.csv").symlink_to(outside)
    (folder / "orders_circle.csv").symlink_to(folder / "orders_circle.csv")
    (folder / "orders_zero.csv").symlink_to("/dev/zero")
    (folder / "loop").symlink_to(folder)
    (folder / "orders_latest.csv").symlink_to(folder / "orders.csv")
    os.mkfifo(folder / "orders_pipe.csv")
    with contextlib.chdir(folder), socket.socket(socket.AF_UNIX) as listener:
        listener.bind("orders_socket.csv")
    (folder / "orders_folder.csv").mkdir()
    (folder / "orders_folder.csv" / "orders.csv").write_text("order_id\n1\n")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory) -> Loaded:
    shop = Shop(tmp_path_factory.mktemp("hostile"))
    land(shop)
    done = Loaded(shop)
    shop.enter()
    with (shop.folder / "load.log").open("w+", encoding="utf-8") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "warehouse", "load"],
            cwd=shop.folder,
            env=shop.environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        log.seek(0)
        done.said = log.read()
    done.code = process.returncode = os.waitstatus_to_exitcode(status)
    done.peak = usage.ru_maxrss * 1024
    done.seconds = usage.ru_utime + usage.ru_stime
    lake = shop.folder / "lake" / "loader"
    for row in rows_of(f"from read_parquet({literal(lake / 'files' / '*.parquet')})"):
        done.files[row["source"], row["file"]] = row
    rejects = literal(lake / "rejects" / "*.parquet")
    for row in rows_of(f"from read_parquet({rejects}) order by line"):
        done.rejects.setdefault((row["source"], row["file"]), []).append(row)
    for shape in SHAPES:
        query = f"select _file, {shape.key} from lake order by _file, _row"
        for file, key in done.lake(shape, query):
            where = (shape.source, file)
            done.keys[where] = (*done.keys.get(where, ()), key)
    return done


def test_the_load_ends_well_in_bounds(loaded):
    """A sentence a file, exit code 1, and memory as for any other load."""
    assert loaded.code == 1, loaded.said
    assert "Traceback" not in loaded.said
    assert "Warning" not in loaded.said
    assert "\x1b" not in loaded.said
    assert loaded.peak < MEMORY
    assert loaded.seconds < SECONDS
    assert re.search(r"^\d+ files refused; .* rows loaded", loaded.said, re.MULTILINE)


@pytest.mark.parametrize("path", CASES)
def test_every_file_comes_to_its_end(loaded, path):
    shape, case = CASES[path]
    where = (shape.source, case.name)
    entry = loaded.files[where]
    found = tuple((r["line"], r["kind"]) for r in loaded.rejects.get(where, []))
    assert entry["rows_landed"] == entry["rows_loaded"] + entry["rows_rejected"]
    assert entry["rows_rejected"] == len(found)
    assert loaded.keys.get(where, ()) == case.keys
    assert entry["rows_loaded"] == len(case.keys)
    assert found == case.rejects
    for reject in loaded.rejects.get(where, []):
        assert reject["expected"] and reject["found"] and reject["raw_row"]
    if not case.refused:
        assert (entry["status"], f"refused {path}\n" in loaded.said) == (
            "loaded",
            False,
        )
        return
    assert entry["status"] == "refused"
    assert case.refused in entry["message"]
    _, said = loaded.said.split(f"refused {path}\n")
    message, hint = said.splitlines()[:2]
    assert case.name.removesuffix(".zip") in message
    assert hint.startswith("  What to do: ") and len(hint) >= 30


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_strange_name_is_but_a_name(loaded, name):
    assert loaded.files["flat", name]["status"] == "loaded"
    (key,) = loaded.keys["flat", name]
    assert key == f"name{ODD_NAMES.index(name)}-0"
    shops = loaded.lake(FLAT, "select _shop_id from lake where _file = ?", name)
    assert shops == [(name.split("/")[0] if "/" in name else None,)]


@pytest.mark.parametrize("shown", BAD_NAMES.values())
def test_a_name_that_cannot_be_shown_is_refused(loaded, shown):
    """It could not be told from others, or would say what we did not say."""
    assert f"refused flat/orders_{shown.removeprefix('orders_')}" in loaded.said
    assert "has a name with control characters" in loaded.said
    assert not loaded.lake(FLAT, "from lake where order_id like 'bad_name%'")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("orders_passwd.csv", "is a link that leaves the landing folder"),
        ("orders_outside.csv", "is a link that leaves the landing folder"),
        ("orders_zero.csv", "is a link that leaves the landing folder"),
        ("orders_circle.csv", "is a link to nothing"),
        ("loop", "is a link to a folder that it lies in"),
        ("orders_folder.csv", "is a folder, though its name is that of a file"),
    ],
)
def test_what_is_no_file_of_the_folder_is_refused(loaded, name, words):
    assert words in loaded.files["flat", name]["message"]
    assert f"{name} {words}" in loaded.said
    assert not loaded.lake(FLAT, "from lake where order_id = 'outside-0'")


def test_pipes_and_sockets_are_passed_by(loaded):
    for name in ("orders_pipe.csv", "orders_socket.csv"):
        assert f"flat/{name} is neither a file nor a folder; skipped" in loaded.said
    assert "orders_latest.csv has the same content as" in loaded.said.replace("\n", " ")


def test_nothing_out_of_a_file_was_executed(loaded):
    """Headers, keys and values in SQL, Jinja and spreadsheet formulas stay texts."""
    for shape in SHAPES:
        file = f"{shape.stem}_sql.csv"
        last = shape.header[-1].lower()
        query = f"select {last} from lake where _file = ? order by _row"
        rows = loaded.lake(shape, query, file)
        assert [text for (text,) in rows] == list(INJECTIONS)
        query = f"select {last} from lake where _file = ? order by _row limit 1"
        rows = loaded.lake(shape, query, f"{shape.stem}_formulas.csv")
        assert rows == [("=cmd|' /C calc'!A0",)]
    for folder in (loaded.shop.folder, PROJECT, Path.cwd()):
        assert not list(folder.glob(f"{SENTINEL}*"))


def test_staging_builds_on_what_was_loaded(loaded):
    """What the loader lets through, staging can hold."""
    models = ["stg_flat__orders", "stg_shopify__orders", "stg_ga4__events"]
    loaded.shop.build(*(f"+{model}" for model in models), "stg_loader__files")
    ask = loaded.shop.ask
    for model in models:
        assert ask(f"from {model}")
    shops = {shop for (shop,) in ask("select distinct shop_id from stg_flat__orders")}
    assert "sh'op'); drop table orders; --" in shops
    ids = {i for (i,) in ask("select order_id from stg_flat__orders")}
    assert {f"sql-{i}" for i in range(len(INJECTIONS))} <= {
        i.rsplit(":", 1)[-1] for i in ids
    }
    (count,) = ask("select count(*) from stg_loader__files")[0]
    assert count == len(loaded.files)
    for folder in (loaded.shop.folder, PROJECT):
        assert not list(folder.glob(f"{SENTINEL}*"))


UNREADABLE = """
import os, sys
from pathlib import Path
import rich.markup, rich.progress, rich.table  # before nobody may read them
from rich.console import Console
from warehouse import load, terminal, work
data, contracts = map(Path, sys.argv[1:])
if os.geteuid() == 0:  # root reads everything
    for path in [data.parent, *data.parent.rglob("*")]:
        os.chown(path, 65534, 65534)
    os.setegid(65534)
    os.seteuid(65534)
result = load.load(data=data, contracts=contracts, console=Console(width=200))
assert result.exit_code == 1
"""


def test_files_and_folders_without_permission(till):
    """Each is refused, the others are loaded; nothing of them leaves the lake."""
    till.write("sales_1.csv", "id\n1\n").chmod(0)
    till.write("north/sales_2.csv", "id\n2\n").parent.chmod(0)
    till.write("sales_3.csv", "id\n3\n")
    with tempfile.TemporaryDirectory() as open_to_all:
        folder = Path(open_to_all) / "till"
        shutil.move(till.data, folder / "data")
        shutil.copytree(till.contracts, folder / "staging")
        Path(open_to_all).chmod(0o755)
        done = subprocess.run(
            [sys.executable, "-c", UNREADABLE, folder / "data", folder / "staging"],
            env={**os.environ, "PYTHONPATH": str(PROJECT / "scripts")},
            capture_output=True,
            text=True,
            timeout=60,
        )
        (folder / "data" / "landing" / "till" / "north").chmod(0o755)
    assert done.returncode == 0, done.stderr
    for name in ("sales_1.csv", "north"):
        assert f"refused till/{name}" in done.stdout
        assert f"{name} cannot be read: Permission denied." in done.stdout
    assert "1 row loaded from 1 file" in done.stdout


# ----------------------------------------------------------------------------- fuzzing
TOKENS = ['"', '""', "'", ",", ";", "\t", "|", "\n", "\r", "\r\n", "\0", "\ufeff", "#"]
TOKENS += [" ", "{", "}", "[", "]", "\\", "\\u", "=", "é", "\u2028", "\x1a", "--", "<"]
MARK = re.compile(r"<\d{4}>")


def marked(shape: Shape, count: int, words: str) -> list[dict[str, str]]:
    """Good rows that can be told from each other, with a text each."""
    first, last = shape.header[0], shape.header[-1]
    return [
        shape.row | {first: f"<{i:04}>", last: words if i % 2 else "plain"}
        for i in range(count)
    ]


def export(shape: Shape, kind: str, rows: list[dict[str, str]], dialect: dict) -> bytes:
    """A good file of a kind."""
    if kind == "csv":
        return text_of(rows, **dialect).encode()
    if kind == "jsonl":
        return json_lines(rows).encode()
    if kind == "json":
        return json.dumps(rows, indent=1, ensure_ascii=False).encode()
    if kind == "parquet":
        return parquet(rows)
    return workbook(sheet_rows([shape.header, *(list(row.values()) for row in rows)]))


def broken(content: bytes, edits: list[tuple]) -> tuple[bytes, int]:
    """The bytes after these edits, and where the first of them was."""
    first = len(content)
    for what, where, token in edits:
        at = where % (len(content) + 1)
        first = min(first, at)
        if what == "insert":
            content = content[:at] + token.encode() + content[at:]
        elif what == "flip":
            content = content[:at] + bytes([where % 256]) + content[at + 1 :]
        elif what == "delete":
            content = content[:at] + content[at + len(token) :]
        elif what == "repeat":
            content = content[: at + 40] + content[at:]
        else:
            content = content[:at]
    return content, first


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["insert", "insert", "flip", "delete", "repeat", "cut"]),
        st.integers(0, 5_000),
        st.sampled_from(TOKENS),
    ),
    max_size=5,
)
DIALECTS = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from([",", ";", "\t", "|"]),
        "end": st.sampled_from(["\n", "\r\n", "\r"]),
        "quoting": st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    }
)
WORDS = st.sampled_from(["plain", 'a "b", c', "two\nlines", "é😀", "=1+1", " x "])
SLOW = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@pytest.fixture(scope="module")
def reading(tmp_path_factory):
    """Reads one file under the project's contracts, without a load around it."""
    folder = tmp_path_factory.mktemp("reading")
    contracts = read_contracts()
    connection = connect(folder, "500MB", 1)
    connection.execute("set enable_external_file_cache = false")

    def read_one(shape: Shape, kind: str, content: bytes):
        """Counts, the loaded rows, and the texts of the rejected."""
        for name in ("out", "scratch"):
            shutil.rmtree(folder / name, ignore_errors=True)
            (folder / name).mkdir()
        path = folder / f"{shape.stem}.{kind}"
        path.write_bytes(content)
        tables = [t for t in contracts[shape.source].tables if t.takes(path.name)]
        item = Input(
            *(path.name, path, tables, survey(path), None),
            landed_at=dt.datetime(2026, 1, 1),
            loaded_at=dt.datetime(2026, 1, 1),
        )
        output = read(connection, item, folder / "out", folder / "scratch")
        assert output.landed == output.loaded + output.rejected
        loaded, rejected = [], []
        for name, made in output.tables.items():
            found = connection.sql(f"from read_parquet({literal(made)}) order by _row")
            rows = [dict(zip(found.columns, r, strict=True)) for r in found.fetchall()]
            assert len(rows) == output.rows[name]
            loaded += rows
        if output.rejects:
            query = f"select raw_row from read_parquet({literal(output.rejects)})"
            rejected = [raw for (raw,) in connection.sql(query).fetchall()]
        assert (len(loaded), len(rejected)) == (output.loaded, output.rejected)
        return output, loaded, rejected

    yield read_one
    connection.close()


@settings(max_examples=FUZZ, **SLOW)
@given(
    shape=st.sampled_from(SHAPES),
    kind=st.sampled_from(["csv", "csv", "csv", "jsonl", "json", "parquet", "xlsx"]),
    count=st.integers(1, 9),
    words=WORDS,
    dialect=DIALECTS,
    encoding=st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    edits=EDITS,
)
def test_whatever_is_broken_is_loaded_rejected_or_refused(
    reading, shape, kind, count, words, dialect, encoding, edits
):
    """In every kind of file. Where the header is whole, every row that can be told is
    in the lake or in the rejects; where the file is, all are as they were written."""
    rows = marked(shape, count, words)
    content, first = broken(export(shape, kind, rows, dialect), edits)
    text = content.decode("utf-8", "replace")
    if kind == "csv" and encoding != "utf-8":
        content = text.encode(encoding, "ignore" if encoding == "cp1252" else "strict")
        text = content.decode(encoding)
    try:
        output, loaded, rejected = reading(shape, kind, content)
    except MachineError:
        raise
    except UserError as error:
        assert error.message and error.hint
        assert edits, error.message
        return
    header = len(text_of(rows[:1], **dialect)) if kind == "csv" else 0
    if kind in ("csv", "jsonl") and first >= header:
        kept = str(loaded) + str(rejected)
        assert all(mark in kept for mark in MARK.findall(text))
    if not edits:
        assert (output.landed, output.rejected) == (count, 0)
        for i, row in enumerate(loaded):
            assert row[shape.key] == f"<{i:04}>"
            if i % 2 and not (kind == "csv" and encoding == "cp1252"):
                assert row[shape.header[-1].lower()] == words


@settings(max_examples=FUZZ, **SLOW)
@given(
    rows=st.lists(
        st.tuples(*[st.text(st.sampled_from('ab ",;\n\r1é'), max_size=6)] * 2),
        min_size=1,
        max_size=8,
    ),
    order=st.permutations(range(5)),
    dialect=DIALECTS,
    edits=EDITS,
)
def test_a_csv_that_python_can_read_is_read_alike(reading, rows, order, dialect, edits):
    """Columns in any order, cells of any text: what is loaded is what the csv module
    has, where the header is whole and every row as long as it."""
    header = [FLAT.header[i] for i in order]
    listed = [
        FLAT.row | {"order_id": f"<{i:04}>", "currency": one, "note": other}
        for i, (one, other) in enumerate(rows)
    ]
    whole = text_of([{c: row[c] for c in header} for row in listed], **dialect)
    content, first = broken(whole.encode(), edits)
    text = content.decode("utf-8", "replace")
    if first <= len(",".join(header)) + 20 or "\0" in text or "\ufffd" in text:
        return
    if re.search(re.escape(dialect["delimiter"]) + ' +"', text):
        return  # blanks before quotes are taken for padding
    try:
        parsed = list(
            csv.reader(
                io.StringIO(text, newline=""),
                delimiter=dialect["delimiter"],
                strict=True,
            )
        )
    except csv.Error:
        return
    parsed = [row for row in parsed[1:] if any(c.strip(" \ufeff\r\n") for c in row)]
    if any(len(row) != len(header) for row in parsed):
        return
    try:
        output, loaded, _ = reading(FLAT, "csv", content)
    except UserError:
        assert edits
        return
    assert output.landed == len(parsed)

    def ended(cell: str) -> str:  # a file that knows only CR is read as one with LF
        return cell if "\n" in text else cell.replace("\r", "\n")

    for row in loaded:
        there = dict(zip(header, parsed[row["_row"] - 1], strict=True))
        for column in ("order_id", "currency", "note"):
            assert row[column] == (ended(there[column]) or None)


@settings(max_examples=max(4, FUZZ // 30), **SLOW)
@given(
    files=st.lists(
        st.tuples(
            st.sampled_from(["csv", "jsonl", "parquet", "xlsx", "csv.gz", "zip"]),
            DIALECTS,
            EDITS,
        ),
        min_size=1,
        max_size=5,
    )
)
def test_a_folder_of_broken_files_loads_the_good_ones(tmp_path_factory, files):
    """Through a whole load; landed = loaded + rejected is looked at in `Till.load`."""
    till = Till(tmp_path_factory.mktemp("till"))
    till.contract(**{'["sales*.csv"]': '["sales*"]'})
    rows = [{"id": f"<{i:04}>", "amount": "1.5", "note": "x"} for i in range(5)]
    shape = Shape("till", "sales", "sales", rows[0], "amount", "id")
    for number, (kind, dialect, edits) in enumerate(files):
        inner = kind.removesuffix(".gz") if kind != "zip" else "csv"
        content = export(shape, inner, rows, dialect)
        if kind == "csv.gz":
            content = gzip.compress(content)
        elif kind == "zip":
            content = archive(**{"sales_a.csv": content, "sales_b.csv": "id\n1\n"})
        till.write(f"sales_{number}.{kind}", broken(content, edits)[0])
    till.write("sales_good.csv", "id\nsound\n")
    result = till.load()
    assert "sound" in till.sales("id")
    assert {r.file for r in result.refused} == {
        f"till/{entry['file']}"
        for entry in till.query("loader/files")
        if entry["status"] == "refused"
    }
