"""Whoever is forgotten is nowhere, and nothing else has changed."""

import csv
import datetime as dt
import gzip
import json
import os
import re
import zipfile
from io import StringIO
from pathlib import Path

import duckdb
import jinja2
import openpyxl
import pytest
from broken_files import sheet_rows, workbook
from openpyxl.comments import Comment
from rich.console import Console
from shop import PROJECT

from warehouse import run as running
from warehouse.build import build
from warehouse.errors import UserError
from warehouse.forget import Person, forget, holding
from warehouse.people import DEMO_SALT, hashed, last_forgetting, salt, salt_note
from warehouse.publish import publish

EMAIL = "ann.lee+shop@mail.example"
HEADER = (
    "Sale ID,Remark,day,Amount (EUR),quantity,Email,Billing Name,Phone,City,Country"
)
# The person in three spellings, a stranger, a namesake whose e-mail is longer.
ROWS = [
    f"1,gift,2026-01-01,10.50,1,{EMAIL.upper()},Ann Léé,+49 30 1234567,Ulm,DE",
    "2,,2026-01-02,20.00,2,bob@mail.example,Bob,,Bonn,DE",
    f'3,"write to {EMAIL}, please",2026-01-03,30.25,1,,,,Ulm,DE',
    f"4,,2026-01-04,40.00,1,jo{EMAIL},Jo Lee,030 7654321,Kiel,DE",
    "5,called,2026-01-05,50.00,1,,,0049 30 1234567,,DE",
]


@pytest.fixture
def shop(till, monkeypatch):
    """The till's folder is the warehouse's."""
    monkeypatch.setenv("WAREHOUSE_DATA", str(till.data))
    monkeypatch.setenv("WAREHOUSE_TARGET", "dev")
    return till


def forget_in(till, *emails: str) -> str:
    """`warehouse forget --no-rebuild`; what it said."""
    console = Console(file=StringIO(), width=200)
    forget(console, emails or [EMAIL], rebuild=False, contracts=till.contracts)
    return console.file.getvalue()


def lines(*rows: str, end: str = "\n") -> str:
    return end.join([HEADER, *rows]) + end


@pytest.mark.parametrize(
    ("encoding", "end", "delimiter"),
    [
        ("utf-8", "\n", ","),
        ("utf-8-sig", "\r\n", ";"),
        ("utf-16", "\r\n", "\t"),
        ("cp1252", "\n", ","),
        ("cp1252", "\r", ","),
    ],
)
def test_the_person_leaves_and_the_sales_stay(shop, encoding, end, delimiter):
    """In every encoding; whoever else is in the file keeps every byte."""
    text = lines(*ROWS, end=end)
    if delimiter != ",":
        text = text.replace(", please", " please").replace(",", delimiter)
    path = shop.write("sales.csv", text.encode(encoding))
    os.utime(path, (1_700_000_000, 1_700_000_000))
    shop.load()
    columns = ("id", "day", "amount", "quantity", "country", "_landed_at")
    before = shop.sales(*columns)
    said = forget_in(shop)

    assert shop.sales(*columns) == before and len(before) == 5
    assert path.stat().st_mtime == 1_700_000_000
    old = re.split(r"\r\n|\r|\n", text)
    new = re.split(r"\r\n|\r|\n", path.read_bytes().decode(encoding))
    changed = {i for i, (a, b) in enumerate(zip(old, new, strict=True)) if a != b}
    assert changed == {1, 3, 5}  # the e-mail twice, and the phone beside it
    first, third, fifth = (shop.query("till/sales", "id")[i] for i in (0, 2, 4))
    assert re.fullmatch(r"forgotten-[0-9a-f]{16}@forgotten\.invalid", first["email"])
    assert third["note"] == f"write to {first['email']}" + (
        ", please" if delimiter == "," else " please"
    )
    assert not first["billing_name"] and not first["city"] and not first["note"]
    assert first["phone"] == fifth["phone"] and "1234567" not in fifth["phone"]
    assert EMAIL not in said.lower() and "3 rows in 1 landed files" in said
    assert shop.load().total("files") == 0  # the ledger knows the new content


def test_every_kind_of_file(shop):
    """JSON lines, a JSON document, Parquet, archives; rejects and refusals, too."""
    clean = lines(ROWS[1])
    shop.write("sales_1.csv.gz", gzip.compress(lines(ROWS[0]).encode()))
    with zipfile.ZipFile(shop.landing / "sales_2.zip", "w") as archive:
        archive.writestr("sales_a.csv", lines(ROWS[2]))
        archive.writestr("sales_b.csv", clean)
    shop.write("sales_3.csv", lines(f"9,{EMAIL},no day,1,1,{EMAIL},,,,DE"))
    shop.write("sales_4.csv", f"7,no header,{EMAIL}\n")
    shop.write("notes.txt", f"{EMAIL} wants to be forgotten\n")
    record = {
        "id": "30", "day": "2026-02-01", "amount": 12.5, "quantity": 1,
        "customer": {"name": "Ann", "email": EMAIL, "phone": 491234567},
        "page": "https://shop.example/?e=" + EMAIL.replace("@", "%40"),
    }  # fmt: skip
    other = {"id": "31", "day": "2026-02-01", "amount": 1.10, "customer": "Bob"}
    escaped = json.dumps(record).replace("@", "\\u0040")
    shop.write("sales_5.jsonl", f"{escaped}\n{json.dumps(other)}\n")
    whole = [record | {"id": "32"}, other | {"id": "33"}]
    shop.write("sales_6.json", json.dumps(whole, indent=1))
    duckdb.execute(
        f"""copy (
            select '40' as id, 7.25::decimal(9, 2) as amount, '{EMAIL}' as email,
                'Ann' as first_name, ['a', 'b'] as tags
            union all select '41', 1, 'bob@mail.example', 'Bob', null
        ) to '{shop.landing}/sales_7.parquet'"""
    )
    contract = shop.contracts / "till" / "_till.yml"
    text = contract.read_text().replace('["sales*.csv"]', '["sales*"]')
    contract.write_text(text)
    shop.load()
    person = Person(EMAIL)
    assert len(holding(shop.data / "landing", person)) == 8
    assert len(holding(shop.data / "lake", person)) >= 6
    keys = ("id", "amount", "quantity")
    before = sorted(shop.sales(*keys), key=str)
    gz = (shop.landing / "sales_1.csv.gz").read_bytes()

    forget_in(shop)
    assert holding(shop.data, person) == []
    assert sorted(shop.sales(*keys), key=str) == before and len(before) >= 9
    assert (shop.landing / "sales_1.csv.gz").read_bytes() != gz
    rows = {row["id"]: row for row in shop.query("till/sales")}
    assert "Ann" not in str(rows) and rows["41"]["first_name"] == "Bob"
    assert json.loads((shop.landing / "sales_6.json").read_text())[1] == whole[1]
    with zipfile.ZipFile(shop.landing / "sales_2.zip") as archive:
        assert archive.read("sales_b.csv").decode() == clean
    kinds = duckdb.sql(f"from '{shop.landing}/sales_7.parquet'").types
    assert list(map(str, kinds))[1::3] == ["DECIMAL(12,2)", "VARCHAR[]"]
    assert shop.load().total("files") == 0


def test_a_workbook_keeps_all_but_the_person(shop):
    """Texts in parts, notes, links and the author; types stay, formulas are values."""
    book = openpyxl.Workbook()
    book.properties.creator = EMAIL
    book.active.append(["Sales of January"])
    book.active.append(HEADER.split(","))
    for row in ROWS:
        (cells,) = csv.reader([row])
        day = dt.date.fromisoformat(cells[2])
        book.active.append([*cells[:2], day, float(cells[3]), *cells[4:]])
    book.active["B3"].comment = Comment(f"ask {EMAIL}", "us")
    book.active["F3"].hyperlink = f"mailto:{EMAIL}"
    book.save(shop.landing / "sales_1.xlsx")
    parts = EMAIL.replace("@", "</t></r><r><t>@")
    rich = f'<c r="F2" t="inlineStr"><is><r><t>{parts}</t></r></is></c>'
    formula = '<c r="D2"><f>6*7</f><v>42</v></c>'
    made = sheet_rows([HEADER.split(","), ["6", "", "2026-01-06"]])
    made = made.removesuffix("</row>") + f"{formula}{rich}</row>"
    (shop.landing / "sales_2.xlsx").write_bytes(workbook(made))
    with zipfile.ZipFile(shop.landing / "sales_3.zip", "w") as archive:
        other = sheet_rows(
            [HEADER.split(","), ["7", "", "", "", "1", "", "", "1234567"]]
        )
        archive.writestr("sales_3.xlsx", workbook(other))
    os.utime(shop.landing / "sales_1.xlsx", (1_700_000_000, 1_700_000_000))
    shop.load()
    columns = ("id", "day", "amount", "quantity", "country", "_landed_at")
    before = sorted(shop.sales(*columns))
    assert len(before) == 7
    assert "4 rows in 2 landed files" in forget_in(shop)

    assert sorted(shop.sales(*columns)) == before
    assert holding(shop.data, Person(EMAIL)) == []
    rows = {row["id"]: row for row in shop.query("till/sales")}
    assert rows["6"]["amount"] == "42" and rows["6"]["email"].startswith("forgotten-")
    assert rows["1"]["email"] in rows["3"]["note"] and not rows["1"]["billing_name"]
    assert rows["1"]["phone"] == rows["5"]["phone"] != rows["7"]["phone"] == "1234567"
    assert (rows["2"]["billing_name"], rows["4"]["phone"]) == ("Bob", "030 7654321")
    kept = openpyxl.load_workbook(shop.landing / "sales_1.xlsx").active
    assert kept["A1"].value == "Sales of January" and kept["D4"].value == 20.0
    assert kept["C3"].is_date and not kept["B3"].comment and not kept["F3"].hyperlink
    assert shop.load().total("files") == 0


def test_a_phone_beside_the_email_is_looked_for_in_all_files(shop):
    """Also in those before; a row with somebody else's e-mail is that person's."""
    shop.write("sales_1.csv", lines("1,,2026-01-01,1,1,,Ann,030 1234567,,"))
    shop.write("sales_2.csv", lines("2,,2026-01-01,1,1,b@c.de,Bob,030 1234567,,"))
    shop.write("sales_3.csv", lines(f"3,,2026-01-01,1,1,{EMAIL},,+49 30 1234567,,"))
    shop.load()
    assert "2 rows in 2 landed files" in forget_in(shop)
    rows = {row["id"]: row for row in shop.query("till/sales")}
    assert rows["1"]["phone"] == rows["3"]["phone"] != rows["2"]["phone"]
    assert (rows["1"]["billing_name"], rows["2"]["billing_name"]) == (None, "Bob")


def test_rows_of_files_that_are_gone_are_cleaned_in_the_lake(shop):
    """Landing no longer holds them, so no load can."""
    shop.write("sales.csv", lines(*ROWS)).rename(shop.data / "sales.csv")
    (shop.data / "sales.csv").rename(shop.landing / "sales.csv")
    shop.load()
    (shop.landing / "sales.csv").unlink()
    assert "1 more files of the lake" in forget_in(shop)
    assert holding(shop.data / "lake", Person(EMAIL)) == []
    assert len(shop.sales("id")) == 5


@pytest.mark.parametrize("kind", ["sales.xlsx", "scan.pdf", "sales.parquet"])
def test_what_cannot_be_rewritten_is_named_and_nothing_is_changed(shop, kind):
    """A workbook whose sheet is named so, a file of no known kind, a nested column."""
    path = shop.landing / kind
    if kind.endswith("xlsx"):
        book = openpyxl.Workbook()
        book.active.append(["Sale ID", EMAIL])
        book.active.title = EMAIL
        book.save(path)
    elif kind.endswith("pdf"):
        path.write_bytes(b"\xd0\xcf\x11\xe0" + EMAIL.encode())
    else:
        duckdb.execute(f"copy (select ['{EMAIL}'] as seen) to '{path}'")
    good = shop.write("sales_good.csv", lines(*ROWS))
    content = good.read_bytes()
    with pytest.raises(UserError, match=f"till/{kind}.*\n.*Nothing was changed"):
        forget_in(shop)
    assert good.read_bytes() == content
    assert last_forgetting(shop.data) == ""


def test_a_forgetting_that_is_killed_makes_no_second_person(shop, monkeypatch):
    """Dead after the first of two files: the next one finishes it."""
    rows = [f"{n},,2026-01-01,1,1,{EMAIL},Ann,,," for n in (1, 2)]
    paths = [shop.write(f"sales_{row[0]}.csv", lines(row)) for row in rows]
    shop.load()
    replace = Path.replace

    def dying(path, target):
        if target == paths[1]:
            raise KeyboardInterrupt
        return replace(path, target)

    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr(Path, "replace", dying)
        # The dead do not tidy up.
        killed.setattr("warehouse.forget.shutil.rmtree", lambda *_, **__: None)
        forget_in(shop)
    forget_in(shop)
    (email,) = set(shop.sales("email"))
    assert email.endswith("@forgotten.invalid")
    assert [path.name for path in shop.landing.parent.iterdir()] == ["till"]


def test_the_log_of_forgetting_names_nobody(shop):
    """A salted hash and counts; only its owner can read it."""
    shop.write("sales.csv", lines(*ROWS))
    (shop.data / "warehouse.duckdb").write_bytes(b"old")
    forget_in(shop)
    path = shop.data / "forgotten.jsonl"
    (row,) = map(json.loads, path.read_text().splitlines())
    assert row.pop("at") == last_forgetting(shop.data)
    assert row == {
        "person": hashed(EMAIL, DEMO_SALT), "files": 1, "rows": 3, "lake_files": 0,
    }  # fmt: skip
    assert path.stat().st_mode & 0o077 == 0
    assert not (shop.data / "warehouse.duckdb").exists()


def test_publishing_after_a_forgetting_deletes_what_was_published_before(
    tmp_path, monkeypatch
):
    """Three versions stay otherwise."""
    from test_cli import make_warehouse

    monkeypatch.setenv("WAREHOUSE_DATA", str(tmp_path))
    make_warehouse(tmp_path)
    console = Console(file=StringIO())
    for _ in range(2):
        newest = publish(console)["build_id"]
    (tmp_path / "forgotten.jsonl").write_text(json.dumps({"at": newest}) + "\n")
    last = publish(console)["build_id"]
    kept = [p.name for p in (tmp_path / "published").iterdir() if not p.is_symlink()]
    assert kept == [last]
    publish(console)
    assert len(list((tmp_path / "published").glob("2*"))) == 2
    # A clock that went back deletes nothing that readers see.
    (tmp_path / "forgotten.jsonl").write_text('{"at": "29990101T000000.000000Z"}\n')
    assert (tmp_path / "published" / publish(console)["build_id"]).exists()


@pytest.mark.parametrize("email", ["ann", "ann@", "a b@c.de", "a@b.c d"])
def test_what_is_no_email_is_a_sentence(shop, email):
    """It is not taken for a pattern."""
    with pytest.raises(UserError, match="no e-mail"):
        forget_in(shop, email)


def test_a_load_says_no_email(shop):
    """Neither of a row that is rejected nor of a file without a header."""
    shop.write("sales_1.csv", lines(f"1,,{EMAIL},1,1,,,,,"))
    shop.write("sales_2.csv", f"7,{EMAIL},1\n")
    console = Console(file=StringIO(), width=200)
    shop.load(console=console)
    said = console.file.getvalue()
    assert said.count("(an e-mail)") == 2
    assert "@" not in said


# ---------------------------------------------------------------------------- the salt


def test_prod_needs_a_salt_of_its_own(tmp_path, monkeypatch):
    """Before anything is loaded or built; an empty salt is none."""
    monkeypatch.setenv("WAREHOUSE_DATA", str(tmp_path / "data"))
    for value in (None, ""):
        if value is None:
            monkeypatch.delenv("WAREHOUSE_SALT", raising=False)
        else:
            monkeypatch.setenv("WAREHOUSE_SALT", value)
        for verb in (running.run, build):
            with pytest.raises(UserError, match="WAREHOUSE_SALT is not set"):
                verb(Console(file=StringIO()), "prod")
    assert not (tmp_path / "data").exists()
    monkeypatch.setenv("WAREHOUSE_SALT", "own")
    assert salt("prod") == "own"


def test_a_cluster_needs_a_salt_of_its_own(monkeypatch):
    """Others reach it; the Spark in this process is nobody else's."""
    monkeypatch.delenv("WAREHOUSE_SALT", raising=False)
    monkeypatch.setenv("WAREHOUSE_SPARK_MASTER", "local[4]")
    assert salt("spark") == DEMO_SALT
    monkeypatch.setenv("WAREHOUSE_SPARK_MASTER", "spark://cluster:7077")
    assert salt("dev") == DEMO_SALT
    with pytest.raises(UserError, match="WAREHOUSE_SALT is not set, and spark"):
        salt("spark")
    monkeypatch.setenv("WAREHOUSE_SALT", "own")
    assert salt("spark") == "own"


@pytest.mark.parametrize(
    ("name", "master", "needs_own"),
    [
        ("demo", "local[2]", False),
        ("dev", "spark://cluster:7077", False),
        ("prod", "local[2]", True),
        ("spark", "local-cluster[2,1,2048]", False),
        ("spark", "spark://cluster:7077", True),
    ],
)
def test_dbt_alone_needs_the_salt_as_well(name, master, needs_own):
    """The macro refuses when it runs, not when the project is read."""

    class Refused(Exception):
        """dbt's compiler error."""

    def refuse(message):
        raise Refused(message)

    def compiled(execute: bool, **environment: str) -> str:
        text = (PROJECT / "macros" / "people.sql").read_text(encoding="utf-8")
        template = jinja2.Environment(extensions=["jinja2.ext.do"]).from_string(text)
        told = {"WAREHOUSE_SPARK_MASTER": master, **environment}
        return template.make_module(
            {
                "env_var": lambda key, default: told.get(key, default),
                "target": {
                    "name": name,
                    "type": "spark" if name == "spark" else "duckdb",
                },
                "execute": execute,
                "exceptions": {"raise_compiler_error": refuse},
                "sha256": lambda x: f"sha256({x})",
            }
        ).hash_email("email")

    assert "sha256('it''s own' || " in compiled(True, WAREHOUSE_SALT="it's own")
    assert compiled(False)
    for environment in ({}, {"WAREHOUSE_SALT": ""}):
        if needs_own:
            with pytest.raises(Refused, match="WAREHOUSE_SALT is not set"):
                compiled(True, **environment)
        else:
            assert f"sha256('{DEMO_SALT}' || " in compiled(True, **environment)


def test_dev_says_that_the_salt_is_everybodys(tmp_path, monkeypatch):
    """Not for the demo, and not where there is one."""
    monkeypatch.setenv("WAREHOUSE_DATA", str(tmp_path))
    monkeypatch.delenv("WAREHOUSE_SALT", raising=False)
    console = Console(file=StringIO(), width=200)
    monkeypatch.setattr(running, "_step", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        running.run(console, "dev")
    assert "hashed with the demo's salt" in console.file.getvalue()
    assert salt_note("demo") is None
    (tmp_path / "demo_files.json").touch()
    assert salt_note("dev") is None
    (tmp_path / "demo_files.json").unlink()
    monkeypatch.setenv("WAREHOUSE_SALT", "own")
    assert salt_note("dev") is None
