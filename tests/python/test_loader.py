"""The loader: every way an export can be written, broken, or landed again."""

import csv
import datetime as dt
import gzip
import io
import json
import os
import re
import signal
import subprocess
import sys
import zipfile

import duckdb
import pytest
from conftest import Till
from hypothesis import example, given, settings
from hypothesis import strategies as st

from warehouse.contract import read_contracts, snake, stem
from warehouse.errors import UserError
from warehouse.paths import PROJECT
from warehouse.survey import survey

ROWS = "id,note,amount\n1,one,10.50\n2,two,20\n"


def only_refusal(result) -> str:
    """The message and hint of the one refused file."""
    (refusal,) = result.refused
    assert result.exit_code == 1
    return f"{refusal.message} {refusal.hint}"


# ------------------------------------------------------------------- how it is written
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("comma", ROWS),
        ("semicolon", ROWS.replace(",", ";")),
        ("tab", ROWS.replace(",", "\t")),
        ("bar", ROWS.replace(",", "|")),
        ("crlf", ROWS.replace("\n", "\r\n")),
        ("cr", ROWS.replace("\n", "\r")),
        ("mixed line ends", "id,note,amount\r\n1,one,10.50\n2,two,20\r\n"),
        ("no last line end", ROWS.rstrip()),
        ("blank lines", "id,note,amount\n\n1,one,10.50\n\n\n2,two,20\n\n"),
        ("rows of delimiters", "id,note,amount\n,,\n1,one,10.50\n2,two,20\n,,\n"),
        ("bom", "\ufeff" + ROWS),
        ("bom and quotes", '\ufeff"id",note,amount\n1,one,10.50\n2,two,20\n'),
        ("utf-16", ROWS.encode("utf-16")),
        ("utf-16le", ROWS.encode("utf-16-le")),
        ("utf-16be", ROWS.encode("utf-16-be")),
        ("utf-16be bom", ("\ufeff" + ROWS).encode("utf-16-be")),
        (
            "utf-16 tab crlf",
            ROWS.replace(",", "\t").replace("\n", "\r\n").encode("utf-16"),
        ),
        ("preamble", 'Sales report\n"1, 2 and 3"\n\n' + ROWS),
        ("preamble with padding", "Sales;;\nJuly;;\n;;\n" + ROWS.replace(",", ";")),
        ("preamble with an open quote", '"Sales\nJuly\n' + ROWS),
        ("comment preamble", "# ----\n# Sales\n# ----\n\n" + ROWS),
        ("order of columns", "amount,id,note\n10.50,1,one\n20,2,two\n"),
        ("other header", "SALE_id,remark, Amount\n1,one,10.50\n2,two,20\n"),
        ("padded rows", "id,note,amount\n1,one,10.50,,\n2,two,20,\n"),
        ("all quoted", '"id","note","amount"\n"1","one","10.50"\n"2","two","20"\n'),
        ("blank before quote", 'id, note, amount\n1, "one", 10.50\n2, "two", 20\n'),
    ],
)
def test_the_same_rows_however_they_are_written(till, name, content):
    till.write("sales.csv", content)
    result = till.load()
    assert not result.refused, name
    assert till.sales("id", "note", "amount") == [
        ("1", "one", "10.50"),
        ("2", "two", "20"),
    ]
    assert till.sales("_row") == [1, 2]
    assert till.rejects("raw_row") == []
    assert result.total("landed") == 2


def test_lake_columns(till):
    till.write("north/sales.csv", ROWS)
    till.write("sales.csv", ROWS.replace("one", "uno"))
    till.load()
    rows = till.query("till/sales", "_file, _row")
    assert [(r["_file"], r["_row"], r["_shop_id"]) for r in rows] == [
        ("north/sales.csv", 1, "north"),
        ("north/sales.csv", 2, "north"),
        ("sales.csv", 1, None),
        ("sales.csv", 2, None),
    ]
    assert len({row["_loaded_at"] for row in rows}) == 2
    assert rows[0]["sold_at"] is None  # an optional column that the file lacks
    assert till.query("till/clerks") == []  # a table without files can be read


def test_files_are_loaded_in_the_order_they_were_written(till):
    for number, name in enumerate(["sales_c.csv", "sales_a.csv", "sales_b.csv"]):
        path = till.write(name, f"id\n{number}\n")
        os.utime(path, (1_000_000_000 + number, 1_000_000_000 + number))
    till.load()
    assert till.sales("id") == ["0", "1", "2"]


def test_cp1252_is_noted(till):
    till.write("sales.csv", "id,note\n1,Käse für 5 €\n".encode("cp1252"))
    result = till.load()
    assert till.sales("note") == ["Käse für 5 €"]
    assert any("CP1252" in note for note in result.notes)


def test_a_broken_byte_in_utf8_rejects_its_row_only(till):
    good = "".join(f"{i},Käse und Brötchen für Jörg\n" for i in range(20)).encode()
    till.write("sales.csv", b"id,note\n" + good + b"20,K\xe4se\n")
    till.load()
    assert len(till.sales("id")) == 20
    assert till.rejects("kind", "line") == [("encoding", 22)]


def test_quotes_line_breaks_and_delimiters_inside_quotes(till):
    notes = ['a "quoted" word', "two\nlines", "two\r\nlines", "a,b;c\td|e", '"', ""]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["id", "note"])
    writer.writerows(enumerate(notes))
    till.write("sales.csv", text.getvalue())
    till.load()
    assert till.sales("note") == [*notes[:-1], None]


def test_duplicate_empty_and_unknown_headers(till):
    till.write("sales.csv", "id,Extra Col,extra col,,Note,note\n1,a,b,c,d,e\n")
    till.load()
    (row,) = till.query("till/sales")
    assert (row["extra_col"], row["extra_col_2"], row["column_4"]) == ("a", "b", "c")
    assert (row["note"], row["note_2"]) == ("d", "e")


def test_currency_in_the_header(till):
    till.write("sales.csv", "id,Amount (egp)\n1,5\n")
    till.load()
    assert till.sales("amount", "amount_currency") == [("5", "EGP")]


def test_preamble_values_stand_on_every_row(till):
    till.contract('{preamble: {period: "^Period: (.+)$"}}')
    till.write("sales.csv", "Till 7\nPeriod: July 2026\n" + ROWS)
    till.load()
    assert till.sales("period") == ["July 2026", "July 2026"]


def test_summary_rows_are_left_out_and_kept_in_the_books(till):
    till.contract(
        '{summary_rows: [{column: id, starts_with: "Total:"}, '
        "{column: note, is_empty: true}]}"
    )
    till.write("sales.csv", ROWS + "Total: all,x, --\nTotal: shop,,30.5\n3,,9\n")
    result = till.load()
    assert till.sales("id") == ["1", "2"]
    assert till.rejects("kind", "line", "raw_row") == [
        ("summary", 4, "Total: all,x, --"),
        ("summary", 5, "Total: shop,,30.5"),
        ("summary", 6, "3,,9"),
    ]
    assert (result.total("rejected"), result.total("summary")) == (3, 3)
    assert result.samples == []


def test_grand_total_in_a_column_too_many(till):
    till.write("sales.csv", "# Exploration\n\nid,amount\n,30,Grand total\n1,10\n2,20\n")
    result = till.load()
    assert till.sales("id", "_row") == [("1", 2), ("2", 3)]
    assert till.rejects("kind") == ["summary"]
    assert result.total("summary") == 1


def test_several_tables_in_one_file(till):
    till.write(
        "sales_and_clerks.csv",
        "# Till\n#\nclerk,hours\nann,8\nbob,7.5\n\n# Other\nshelf,height\na,1\nb,2\n\n"
        "# Sales\nnote,id\nx,1\n\n# No rows\nid,amount\n\n# Clerks again\n"
        "clerk,hours\ncat,1\n",
    )
    result = till.load()
    assert [r["clerk"] for r in till.query("till/clerks")] == ["ann", "bob", "cat"]
    assert till.sales("id", "note", "_row") == [("1", "x", 5)]
    assert till.rejects("kind", "line", "raw_row") == [
        ("unknown_block", 9, "a,1"),
        ("unknown_block", 10, "b,2"),
    ]
    assert result.total("landed") == 6


def test_one_row_goes_to_one_table_only(till):
    """Where headers fit two tables, the one that asks for more columns takes them."""
    till.write("sales_and_clerks.csv", "id,clerk,hours\n1,ann,8\n")
    till.load()
    assert len(till.query("till/clerks")) == 1
    assert till.sales("id") == []


# ----------------------------------------------------------------------------- values
@pytest.mark.parametrize(
    ("column", "written", "read"),
    [
        ("amount", "-1234.5", "-1234.5"),
        ("amount", '"1,234.50"', "1234.50"),
        ("amount", '"12,34,567.00"', "1234567.00"),
        ("amount", "US$135.81", "135.81"),
        ("amount", "135.81 €", "135.81"),
        ("amount", '"$ -1,000.00"', "-1000.00"),
        ("amount", "-$5.10", "-5.10"),
        ("amount", "(5.00)", "-5.00"),
        ("amount", "+7", "7"),
        ("amount", ".5", "0.5"),
        ("amount", "1'234.50", "1234.50"),
        ("amount", "1\u00a0234.50", "1234.50"),
        ("amount", "1.5e3", "1500"),
        ("amount", " --", None),
        ("amount", "-", None),
        ("amount", "", None),
        ("amount", '"\t-5.00"', "-5.00"),
        ("amount", "EUR 12.00", "12.00"),
        ("quantity", '"25,881"', "25881"),
        ("quantity", "64517.0", "64517"),
        ("share", "77.77%", "0.7777"),
        ("share", "100.00%", "1"),
        ("share", "0%", "0"),
        ("share", "0.25", "0.25"),
        ("is_gift", "Yes", "true"),
        ("is_gift", "0", "false"),
        ("moment", "1753956000000000", "2025-07-31 10:00:00Z"),
        ("moment", "1753956000123456", "2025-07-31 10:00:00.123456Z"),
        ("day", "2026-09-23", "2026-09-23"),
        ("day", "20260923", "2026-09-23"),
        ("day", "2026/9/3", "2026-09-03"),
        ("day", "23.09.2026", "2026-09-23"),
        ("day", "9/23/2026", "2026-09-23"),
        ("day", "23-09-26", "2026-09-23"),
        ("day", '"Jul 8, 2025"', "2025-07-08"),
        ("day", '"July 8, 2025"', "2025-07-08"),
        ("day", "8 Jul 2025", "2025-07-08"),
        ("day", "2026-09-23T10:00:00", "2026-09-23"),
        ("sold_at", "2021-05-13 11:01:12 +0200", "2021-05-13 09:01:12Z"),
        ("sold_at", "2021-05-13T11:01:12-04:00", "2021-05-13 15:01:12Z"),
        ("sold_at", "2025-07-31T10:00:00Z", "2025-07-31 10:00:00Z"),
        ("sold_at", "2025-07-31T10:00:00.25Z", "2025-07-31 10:00:00.25Z"),
        ("sold_at", "2025-07-31 10:00:00 UTC", "2025-07-31 10:00:00Z"),
        ("sold_at", "2025-07-31T10:00:00", "2025-07-31 10:00:00"),
        ("sold_at", "2025-07-31 10:00", "2025-07-31 10:00:00"),
        ("sold_at", "2025-07-31", "2025-07-31 00:00:00"),
        ("sold_at", '"Apr 09, 2025 09:38 am"', "2025-04-09 09:38:00"),
        ("sold_at", '"Apr 09, 2025 12:38 pm"', "2025-04-09 12:38:00"),
        ("sold_at", "31/07/2025 22:10", "2025-07-31 22:10:00"),
        ("sold_at", "1753956000", "2025-07-31 10:00:00Z"),
    ],
)
def test_values(till, column, written, read):
    till.write("sales.csv", f"id,{column}\n1,{written}\n")
    result = till.load()
    assert not result.refused
    assert till.sales(column) == [read]


@pytest.mark.parametrize(
    ("column", "written", "expected"),
    [
        ("amount", "about 5", "a number"),
        ("amount", "5K", "a number"),
        ("amount", '"1,23,4"', "a number"),
        ("amount", "1.2.3", "a number"),
        ("quantity", "1.5", "a whole number"),
        ("share", "half", "a percentage"),
        ("is_gift", "maybe", "true or false"),
        ("moment", "soon", "microseconds"),
        ("day", "2026-02-30", "yyyy-mm-dd"),
        ("day", "next Tuesday", "yyyy-mm-dd"),
        ("sold_at", "2026-01-01 25:00:00", "yyyy-mm-dd"),
    ],
)
def test_values_that_cannot_be_read_reject_their_row(till, column, written, expected):
    till.write("sales.csv", f"id,{column}\n1,\n2,{written}\n3,\n")
    result = till.load()
    assert till.sales("id") == ["1", "3"]
    assert till.sales("_row") == [1, 3]
    ((kind, line, where, said, found, raw),) = till.rejects(
        "kind", "line", "column_name", "expected", "found", "raw_row"
    )
    assert (kind, line, where) == ("value", 3, column)
    assert expected in said
    assert found == written.strip('"')
    assert raw == f"2,{written}"
    assert result.exit_code == 0
    assert f"line 3, column {column}" in result.samples[0]


@pytest.mark.parametrize(
    ("content", "amounts"),
    [
        ("id;amount\n1;7307,37\n2;16300,2\n", ["7307.37", "16300.2"]),
        ("id;amount\n1;1.234,50\n2;1.000\n", ["1234.50", "1000"]),
        ("id;amount\n1;1 234,56 €\n2;5\n", ["1234.56", "5"]),
        ('id,amount\n1,"7307,37"\n2,"1.000"\n', ["7307.37", "1000"]),
        ("id;amount\n1;1.5\n2;2.25\n", ["1.5", "2.25"]),
        ("id;amount\n1;15\n2;22\n", ["15", "22"]),
        ('id,amount\n1,"1,234"\n2,5\n', ["1234", "5"]),
    ],
)
def test_decimal_mark_from_evidence(till, content, amounts):
    till.write("sales.csv", content)
    assert not till.load().refused
    assert till.sales("amount") == amounts


def test_decimal_mark_by_contract(till):
    till.contract('{decimal: ","}')
    till.write("sales.csv", "id;amount\n1;1.234\n2;1,5\n")
    till.load()
    assert till.sales("amount") == ["1234", "1.5"]


def test_numbers_that_can_be_read_in_two_ways_refuse_the_file(till):
    till.write("sales.csv", "id;amount\n1;1.234\n2;5.678\n")
    assert "`decimal" in only_refusal(till.load())


def test_numbers_written_in_two_ways_refuse_the_file(till):
    till.write("sales.csv", 'id,amount\n1,"1,5"\n2,2.5\n')
    message = only_refusal(till.load())
    assert "line 2" in message and "line 3" in message


def test_ambiguous_dates_refuse_the_file_until_the_contract_says(till):
    till.write("sales.csv", "id,day\n1,1/2/2021\n2,3/4/2021\n")
    assert "date_format" in only_refusal(till.load())
    assert till.sales("id") == []
    till.contract("{date_format: dmy}")
    assert till.load().exit_code == 0
    assert till.sales("day") == ["2021-02-01", "2021-04-03"]
    till.contract("{date_format: mdy}")
    till.load()
    assert till.sales("day") == ["2021-01-02", "2021-03-04"]


def test_day_numbers_of_a_spreadsheet_refuse_the_file_until_the_contract_says(till):
    """They count from 1900 or, on old Macs, from 1904."""
    till.write("sales.csv", "id,day,sold_at\n1,41760,41760.5\n")
    assert "`date_format: excel`" in only_refusal(till.load())
    till.contract("{date_format: excel}")
    assert till.load().exit_code == 0
    assert till.sales("day", "sold_at") == [("2014-05-01", "2014-05-01 12:00:00")]


def test_evidence_counts_over_the_whole_column_and_for_its_neighbours(till):
    rows = "".join(f"{i},1/2/2021,1/2/2021 10:00\n" for i in range(3000))
    till.write("sales.csv", f"id,day,sold_at\n{rows}x,13/2/2021,1/2/2021 11:00\n")
    assert not till.load().refused
    assert set(till.sales("day")) == {"2021-02-01", "2021-02-13"}
    assert till.sales("sold_at")[0] == "2021-02-01 10:00:00"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("13/1/2019", "1/13/2019"),
        ("2019-01-01", "1/13/2019"),
        ("01-01-2015", "1/13/2015"),
    ],
)
def test_dates_in_two_formats_refuse_the_file(till, one, other):
    till.write("sales.csv", f"id,day\n1,{one}\n2,{other}\n")
    message = only_refusal(till.load())
    assert one in message and other in message
    assert "line 2" in message and "line 3" in message


def test_time_zone_of_the_platform(till):
    till.contract("{time_zone: Europe/Berlin}")
    till.write(
        "sales.csv",
        "id,sold_at\n1,2026-07-01 12:00:00\n2,2026-01-01 12:00:00\n"
        "3,2026-01-01T12:00Z\n",
    )
    till.load()
    assert till.sales("sold_at") == [
        "2026-07-01 10:00:00Z",
        "2026-01-01 11:00:00Z",
        "2026-01-01 12:00:00Z",
    ]


def test_canonical_moments_cast_without_further_care(till):
    till.write("sales.csv", "id,sold_at\n1,2021-05-13 11:01:12 +0200\n")
    till.load()
    (moment,) = till.sales("sold_at")
    cast = duckdb.sql(f"select cast('{moment}' as timestamp)").fetchone()[0]
    assert cast == dt.datetime(2021, 5, 13, 9, 1, 12)


# -------------------------------------------------------------------------- bad input
def test_ragged_rows_are_rejected_with_their_text(till):
    till.write("sales.csv", "id,note\n1,a\n2\n3,c,d\n4,e\n")
    till.load()
    assert till.sales("id", "_row") == [("1", 1), ("4", 4)]
    assert till.rejects("kind", "line", "expected", "found", "raw_row") == [
        ("columns", 3, "2 columns", "1 columns", "2"),
        ("columns", 4, "2 columns", "3 columns", "3,c,d"),
    ]


def test_an_unquoted_thousands_separator_is_rejected(till):
    till.write("sales.csv", "id,amount\n1,1,234.50\n2,5\n")
    till.load()
    assert till.sales("id") == ["2"]
    assert till.rejects("raw_row") == ["1,1,234.50"]


@pytest.mark.parametrize("where", [0, 3, 9])
def test_an_open_quote_swallows_no_rows(till, where):
    rows = [f'{i},note {i},"{i}"' for i in range(10)]
    rows[where] = f'{where},"open {where},5'
    till.write("sales.csv", "id,note,amount\n" + "\n".join(rows) + "\n")
    till.load()
    assert till.sales("id") == [str(i) for i in range(10) if i != where]
    assert till.rejects("kind", "line") == [("open_quote", where + 2)]


def test_a_lone_return_in_a_cell_ends_no_row(till):
    """Beside a row that is rejected: the careful reader has it as well."""
    till.write("sales.csv", 'id,note\n1,"a\rb"\n2\n3,"c\nd"\n')
    till.load()
    assert till.sales("note") == ["a\rb", "c\nd"]
    assert till.rejects("line") == [4]  # a return counts as a line's end


def test_an_open_quote_before_rows_without_quotes(till):
    rows = "".join(f"{i},note\n" for i in range(500))
    till.write("sales.csv", f'id,note\n{rows}x,"open\n{rows}')
    till.load()
    assert len(till.sales("id")) == 1000
    assert till.rejects("raw_row") == ['x,"open']


def test_very_many_open_quotes_do_not_take_forever(till):
    rows = "".join(f'{i},"note\nok{i},fine\n' for i in range(3000))
    till.write("sales.csv", "id,note\n" + rows)
    till.load()
    assert len(till.sales("id")) + len(till.rejects("line")) >= 3000


def test_a_file_cut_off(till):
    till.write("sales.csv", "id,note,amount\n1,one,10.50\n2,tw")
    till.load()
    assert till.sales("id") == ["1"]
    assert till.rejects("kind", "raw_row") == [("columns", "2,tw")]


def test_a_file_cut_off_within_a_character(till):
    till.write("sales.csv", "id,note\n1,Jörg\n2,Bär".encode()[:-2])
    till.load()
    assert till.sales("note") == ["Jörg"]
    assert till.rejects("kind") == ["encoding"]


def test_nul_bytes(till):
    till.write("sales.csv", b"id,note\n1,a\n2,b\0c\n3,d\n")
    till.load()
    assert till.sales("id") == ["1", "3"]
    assert till.rejects("kind", "line") == [("nul_byte", 3)]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("sales.csv", b"", "empty"),
        ("sales.csv", bytes(range(256)) * 40, "not text"),
        ("sales.csv", b"note,amount\na,1\n", "Missing: Sale ID"),
        ("sales.csv", b"1,'2012-03-19 10:42:46',20\n2,'2012',104\n", "no header"),
        (
            "sales.csv.gz",
            gzip.compress(ROWS.encode(), mtime=0)[:-9],
            "cannot be unpacked",
        ),
        ("sales.zip", b"PK\x03\x04" + bytes(50), "cannot be unpacked"),
        ("sales.parquet", b"PAR1" + bytes(90), "cannot be read"),
        ("sales.xlsx", b"PK\x03\x04" + bytes(50), "cannot be unpacked"),
        ("sales.xls", b"\xd0\xcf\x11\xe0" + bytes(90), "Save it as"),
        ("sales.json", b'[{"id": 1}, {"id"', "not valid JSON"),
        ("sales.json", b'[{"id": 1}', "cut off"),
        ("sales.jsonl", b"nothing\nof it\n", "JSON"),
    ],
)
def test_files_that_are_refused(till, name, content, words):
    till.write(name, content)
    till.write("sales_good.csv", ROWS)
    assert words in only_refusal(till.load())
    assert till.sales("id") == ["1", "2"]  # the others are loaded all the same
    (entry,) = [e for e in till.query("loader/files") if e["status"] == "refused"]
    assert words in entry["message"] or words == "Save it as"
    assert (till.landing / name).read_bytes() == content


def test_a_refused_file_is_named_with_what_was_expected_and_found(till):
    till.write("sales.csv", "number,note\n1,a\n")
    message = only_refusal(till.load())
    for word in (
        "till.sales",
        "Expected: Sale ID",
        "Found: 'number', 'note'",
        "_till.yml",
    ):
        assert word in message


def test_rows_are_numbered_as_they_stand_in_the_file(till):
    many = range(200_000)
    till.write("sales.csv", "id,amount\n" + "".join(f"{i},1.5\n" for i in many))
    till.load()
    assert till.sales("id", "_row") == [(str(i), i + 1) for i in many]


def test_header_only(till):
    till.write("sales.csv", "id,note\n")
    result = till.load()
    assert (result.total("files"), result.total("landed"), result.exit_code) == (
        1,
        0,
        0,
    )


def test_sql_in_headers_and_values(till):
    evil = "x'); drop table sales; --"
    quoted = "a\"; attach '/etc/passwd' as b; --"
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["id", evil, quoted])
    writer.writerow([evil, quoted, "${x}{}%s\\"])
    till.write("sales'; drop.csv", text.getvalue())
    till.load()
    (row,) = till.query("till/sales")
    assert row["id"] == evil
    assert quoted in row.values() and "${x}{}%s\\" in row.values()
    assert row["_file"] == "sales'; drop.csv"


def test_three_thousand_columns(till):
    names = [f"c {i}" for i in range(3000)]
    till.write("sales.csv", ",".join(["id", *names]) + "\n" + "1" + ",v" * 3000 + "\n")
    till.load()
    (row,) = till.query("till/sales")
    assert row["c_2999"] == "v"


def test_a_very_long_cell(till):
    long = 'a, long "note"\n' * 300_000
    text = io.StringIO()
    csv.writer(text).writerows([["id", "note"], ["1", long], ["2", "short"]])
    till.write("sales.csv", text.getvalue())
    till.load()
    assert till.sales("note") == [long, "short"]


def test_links_and_folders(till, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text(ROWS)
    (till.landing / "sales_link.csv").symlink_to(secret)
    (till.landing / "sales_gone.csv").symlink_to(tmp_path / "nothing")
    (till.landing / "shop").symlink_to(tmp_path)
    till.write("north/deep/sales.csv", ROWS)
    till.write("photo.csv", ROWS)
    till.write(".sales.csv", ROWS)
    (till.data / "landing" / "unknown").mkdir()
    result = till.load()
    assert till.sales("id") == []
    notes = "\n".join(result.notes)
    for words in (
        "north/deep is a folder",
        "photo.csv is of no table",
        "unknown/: no contract",
    ):
        assert words in notes
    assert [(r.file, r.message) for r in result.refused] == [
        ("till/sales_gone.csv", "sales_gone.csv is a link to nothing."),
        ("till/sales_link.csv", "sales_link.csv is a link that leaves the landing "
         "folder."),
        ("till/shop", "shop is a link that leaves the landing folder."),
    ]  # fmt: skip


def test_a_zip_that_leaves_its_folder(till):
    with zipfile.ZipFile(till.landing / "sales.zip", "w") as archive:
        archive.writestr("../sales_evil.csv", ROWS)
    assert "leaves the archive" in only_refusal(till.load())


# -------------------------------------------------------------------------- containers
def test_gz(till):
    till.write("sales.csv.gz", gzip.compress(ROWS.encode()))
    till.load()
    assert till.sales("id", "_file") == [("1", "sales.csv.gz"), ("2", "sales.csv.gz")]
    assert till.load().total("skipped") == 1


def test_zip_of_several_files(till):
    def pack(**members):
        with zipfile.ZipFile(till.landing / "export.zip", "w") as archive:
            for name, content in members.items():
                archive.writestr(f"{name}.csv", content)

    pack(sales_1="id\n1\n", sales_2="id\n2\n", readme="hello")
    result = till.load()
    assert till.sales("id", "_file") == [
        ("1", "export.zip/sales_1.csv"),
        ("2", "export.zip/sales_2.csv"),
    ]
    assert result.total("files") == 2
    pack(sales_1="id\n1\n", sales_3="id\n3\n")
    till.load()  # the archive changed: what it no longer holds has left
    assert till.sales("id") == ["1", "3"]
    assert till.load().total("files") == 0


def test_a_damaged_zip_keeps_what_was_loaded_from_it(till):
    with zipfile.ZipFile(till.landing / "export.zip", "w") as archive:
        archive.writestr("sales.csv", ROWS)
    till.load()
    path = till.landing / "export.zip"
    path.write_bytes(path.read_bytes()[:-30])
    assert "cannot be unpacked" in only_refusal(till.load(prune=True))
    assert till.sales("id") == ["1", "2"]


def test_json_numbers_keep_every_digit_that_counts(till):
    till.write("sales.jsonl", '{"id": 12345678901234567890123, "amount": 1234.10}\n')
    till.load()
    (row,) = till.sales("id", "amount")
    assert row[0] == "12345678901234567890123"
    assert float(row[1]) == 1234.1


def test_xlsx(till):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["nothing here"])
    sheet = book.create_sheet("Sales")
    for row in (
        ["Report"],
        [],
        ["id", "day", "sold_at", "amount", "is_gift", "note"],
        [1, dt.date(2026, 9, 23), dt.datetime(2026, 9, 23, 10, 5), 4500, True, "a\nb"],
        [],
        ["007", dt.date(2026, 9, 24), None, 2424.5, False, None],
        ["x", None, None, "much", None, None],
        ["y", None, None, None, None, None, "outside"],
    ):
        sheet.append(row)
    book.save(till.landing / "sales.xlsx")
    till.load()
    assert till.sales("id", "day", "sold_at", "amount", "is_gift", "note", "_row") == [
        ("1", "2026-09-23", "2026-09-23 10:05:00", "4500", "true", "a\nb", 1),
        ("007", "2026-09-24", None, "2424.5", "false", None, 2),
    ]
    assert till.rejects("kind", "line") == [("value", 7), ("columns", 8)]


NESTED = {
    "id": "1",
    "moment": 1753956000000000,
    "device": {"category": "mobile", "web_info": {"browser": "Fox"}},
    "event_params": [
        {"key": "page", "value": {"string_value": "/a"}},
        {"key": "session", "value": {"int_value": 42}},
        {"key": "weight", "value": {"double_value": 1.5}},
    ],
    "items": [{"sku": "x", "price": 1.5}],
}
NESTED_COLUMNS = """note, config: {meta: {headers: [Remark]}}}
          - {name: device_category, config: {meta: {headers: [device.category]}}}
          - {name: browser, config: {meta: {headers: [device.web_info.browser]}}}
          - {name: page, config: {meta: {headers: [event_params.page]}}}
          - {name: session, config: {meta: {headers: [event_params.session]}}}
          - {name: weight, config: {meta: {headers: [event_params.weight]}}}
          - {name: absent, config: {meta: {headers: [event_params.absent]}}}
          - {name: items}
          - {name: event_params"""


@pytest.mark.parametrize("kind", ["jsonl", "array", "pretty", "parquet", "jsonl.gz"])
def test_nested_input(till, kind, tmp_path):
    old = "note, config: {meta: {headers: [Remark]}}"
    till.contract(**{old: NESTED_COLUMNS})
    rows = [NESTED, {**NESTED, "id": "2", "event_params": [], "device": None}]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    if kind == "jsonl":
        till.write("sales.jsonl", lines)
    elif kind == "jsonl.gz":
        till.write("sales.jsonl.gz", gzip.compress(lines.encode()))
    elif kind == "array":
        till.write("sales.json", json.dumps(rows))
    elif kind == "pretty":
        till.write("sales.json", "\n".join(json.dumps(row, indent=2) for row in rows))
    else:
        (tmp_path / "rows.jsonl").write_text(lines)
        params = (
            "STRUCT(key VARCHAR, value STRUCT(string_value VARCHAR, int_value BIGINT, "
            "float_value FLOAT, double_value DOUBLE))[]"
        )
        duckdb.sql(
            f"copy (from read_json('{tmp_path / 'rows.jsonl'}', columns = {{id: "
            "'VARCHAR', moment: 'BIGINT', device: 'STRUCT(category VARCHAR, web_info "
            f"STRUCT(browser VARCHAR))', event_params: '{params}', items: "
            f"'STRUCT(sku VARCHAR, price DOUBLE)[]'}})) to "
            f"'{till.landing / 'sales.parquet'}'"
        )
    result = till.load()
    assert not result.refused
    first, second = till.query("till/sales", "_row")
    assert first["moment"] == "2025-07-31 10:00:00Z"
    assert (first["device_category"], first["browser"]) == ("mobile", "Fox")
    assert (first["page"], first["session"], first["weight"]) == ("/a", "42", "1.5")
    assert first["absent"] is None
    assert json.loads(first["items"]) == NESTED["items"]
    assert json.loads(first["device"]) == NESTED["device"]
    assert json.loads(first["event_params"])[1]["key"] == "session"
    assert (second["id"], second["page"], second["device_category"]) == (
        "2",
        None,
        None,
    )


def test_json_lines_with_bad_lines(till):
    till.write(
        "sales.jsonl",
        '{"id": 1, "amount": 5}\n\n{"id": 2, "amount": "much"}\n{"id": 3,\n[4]\n'
        '{"id": 5}\n',
    )
    till.load()
    assert till.sales("id", "_row") == [("1", 1), ("5", 5)]
    assert till.rejects("kind", "line", "raw_row") == [
        ("value", 3, '{"id": 2, "amount": "much"}'),
        ("malformed", 4, '{"id": 3,'),
        ("malformed", 5, "[4]"),
    ]


def test_parquet_values(till):
    duckdb.sql(
        "copy (select 7 as id, timestamptz '2026-09-23 10:00:00+02' as sold_at, "
        "date '2026-09-23' as day, 1.50::decimal(9,2) as amount, true as is_gift union "
        "all select 8, null, null, 1e-7::double, null) to "
        f"'{till.landing / 'sales.parquet'}'"
    )
    till.load()
    assert till.sales("id", "sold_at", "day", "amount", "is_gift") == [
        ("7", "2026-09-23 08:00:00Z", "2026-09-23", "1.5", "true"),
        ("8", None, None, "0.0000001", None),
    ]


# ------------------------------------------------------------------------ landed again
def test_loading_twice_changes_nothing(till):
    till.write("sales.csv", ROWS)
    till.load()
    before = snapshot(till)
    result = till.load()
    assert (result.total("files"), result.total("skipped")) == (0, 1)
    assert not result.is_changed
    assert snapshot(till) == before


def test_the_same_content_under_another_name_is_skipped(till):
    till.write("sales.csv", ROWS)
    till.write("sales_copy.csv", ROWS)
    till.write("north/sales.csv", ROWS)  # another shop: not the same
    result = till.load()
    assert len(till.sales("id")) == 4
    assert any("same content" in note for note in result.notes)
    assert till.load().total("files") == 0


def test_a_changed_file_replaces_its_rows(till):
    till.write("sales.csv", ROWS + "bad\n")
    till.load()
    assert len(till.rejects("line")) == 1
    till.write("sales.csv", "id\n9\n")
    till.load()
    assert till.sales("id") == ["9"]
    assert till.rejects("line") == []
    assert len(till.query("loader/files")) == 1


def test_two_files_that_swap_their_content(till):
    till.write("sales_a.csv", "id\na\n")
    till.write("sales_b.csv", "id\nb\n")
    till.load()
    till.write("sales_a.csv", "id\nb\n")
    till.write("sales_b.csv", "id\na\n")
    till.load()
    assert sorted(till.sales("_file", "id")) == [
        ("sales_a.csv", "b"),
        ("sales_b.csv", "a"),
    ]


def test_a_changed_file_that_is_refused_keeps_its_earlier_rows(till):
    till.write("sales.csv", ROWS)
    till.load()
    till.write("sales.csv", "nothing,good\n1,2\n")
    assert till.load().exit_code == 1
    assert till.sales("id") == ["1", "2"]
    assert till.load().exit_code == 1  # and says so again
    till.write("sales.csv", "id\n3\n")
    assert till.load().exit_code == 0
    assert till.sales("id") == ["3"]
    assert [e["status"] for e in till.query("loader/files")] == ["loaded"]


def test_a_removed_file_stays_until_it_is_pruned(till):
    till.write("sales.csv", ROWS + "bad\n")
    till.load()
    (till.landing / "sales.csv").unlink()
    till.load()
    assert len(till.sales("id")) == 2
    result = till.load(prune=True)
    assert result.pruned == ["till/sales.csv"]
    assert till.sales("id") == []
    assert till.rejects("line") == []


def test_a_changed_contract_reads_the_files_again(till):
    till.write("sales.csv", "id,Speech\n1,hello\n")
    till.load()
    assert till.sales("note") == [None]
    till.contract(Remark="Speech")
    assert till.load().total("files") == 1
    assert till.sales("note") == ["hello"]


def test_rows_say_when_their_file_was_written(till):
    """Not when it was loaded: of two versions of a row the later file's counts."""
    old = till.write("sales.csv", ROWS)
    os.utime(old, (1_767_225_600, 1_767_225_600))  # 2026-01-01, midnight UTC
    till.load()
    assert set(till.sales("_landed_at")) == {dt.datetime(2026, 1, 1)}
    assert {e["landed_at"] for e in till.query("loader/files")} == {
        dt.datetime(2026, 1, 1)
    }


def test_the_first_of_equal_files_stands_for_them_in_any_order(till):
    """Loaded later, an earlier file takes over; in the lake its rows are once."""
    late = till.write("sales_late.csv", ROWS)
    till.load()
    early = till.write("sales_early.csv", ROWS)
    os.utime(early, (1_767_225_600, 1_767_225_600))
    till.load()
    assert till.sales("_file") == ["sales_early.csv"] * 2
    assert [e["file"] for e in till.query("loader/files")] == ["sales_early.csv"]
    early.unlink()
    late.touch()
    till.load()  # its rows stay until they are pruned, and so it keeps standing
    assert till.sales("_file") == ["sales_early.csv"] * 2


def test_books_of_an_earlier_loader_are_read(till):
    """A ledger that lacks a column is no reason to fail: every file is read again."""
    till.write("sales.csv", ROWS)
    till.load()
    ledger = till.data / "lake" / "loader" / "files" / "ledger.parquet"
    older = ledger.with_name("older.parquet")
    duckdb.execute(
        f"copy (select * exclude (landed_at) replace ('1' as loader_version) "
        f"from '{ledger}') to '{older}' (format parquet)"
    )
    older.replace(ledger)
    assert till.load().total("files") == 1
    assert None not in till.sales("_landed_at")


def test_loaded_at_never_goes_back(till):
    for number in range(3):
        till.write("sales.csv", f"id\n{number}\n")
        till.load()
        assert len(till.sales("_loaded_at")) == 1
    moments = [e["loaded_at"] for e in till.query("loader/files")]
    till.write("sales_2.csv", "id\nx\n")
    till.load()
    assert max(e["loaded_at"] for e in till.query("loader/files")) > max(moments)


# -------------------------------------------------------------------------- kill, lock
def snapshot(till) -> dict[str, bytes]:
    lake = till.data / "lake"
    return {
        path.relative_to(lake).as_posix(): path.read_bytes()
        for path in lake.rglob("*.parquet")
    }


def facts(till) -> tuple:
    """What a lake says, but for the moments."""
    ignored = ("_loaded_at", "loaded_at", "_landed_at", "landed_at")
    return tuple(
        [
            {k: v for k, v in row.items() if k not in ignored}
            for row in till.query(table, order)
        ]
        for table, order in (
            ("till/sales", "_file, _row"),
            ("till/clerks", "_file, _row"),
            ("loader/files", "file"),
            ("loader/rejects", "file, line"),
        )
    )


KILL = """
import os, signal, sys
from pathlib import Path
import warehouse.ledger, warehouse.readers
from warehouse.load import load

at, data, contracts = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
count = 0

def killing(function):
    def wrapped(*args, **kwargs):
        global count
        count += 1
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)
    return wrapped

warehouse.readers.read = killing(warehouse.readers.read)
Path.replace = killing(Path.replace)
Path.unlink = killing(Path.unlink)
load(data=data, contracts=contracts)
print(count)
"""


def test_killed_at_any_point_and_run_again(till, tmp_path_factory):
    def land(where, version):
        where.write("sales_1.csv", f"id,amount\n1,{version}\nbad\n")
        where.write("sales_2.csv", f"id,amount\nv{version},2\n")
        where.write("sales_and_clerks.csv", f"clerk,hours\nann,{version}\n")

    still = Till(tmp_path_factory.mktemp("undisturbed"))
    land(still, 1)
    still.load()
    first = facts(still)
    land(still, 2)
    still.load()
    second = facts(still)
    land(till, 1)
    till.load()
    land(till, 2)
    env = {**os.environ, "PYTHONPATH": str(PROJECT / "scripts")}
    outcomes = set()
    for at in range(1, 80, 4):
        done = subprocess.run(
            [sys.executable, "-c", KILL, str(at), till.data, till.contracts],
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        rolled = (till.data / "lake" / ".loading" / "journal.json").exists()
        outcomes.add(rolled)
        till.load()
        assert facts(till) == second
        land(till, 1)  # and back, so that the next round has something to do
        till.load()
        assert facts(till) == first
        land(till, 2)
    else:
        pytest.fail("the load was never left alone")
    assert outcomes == {True, False}
    assert facts(till) == second


# ----------------------------------------------------------------------------- fuzzing
CELLS = st.text(
    st.one_of(
        st.sampled_from(list("\",;|\t\n\r' #-a1é€😀")),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    ),
    max_size=12,
)


@pytest.fixture(scope="module")
def one_till(tmp_path_factory):
    return Till(tmp_path_factory.mktemp("till"))


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=8),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_the_csv_module_writes_is_read_back(
    one_till, rows, delimiter, end, encoding
):
    text = io.StringIO(newline="")
    writer = csv.writer(
        text, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL
    )
    writer.writerow(["id", "x1", "x2", "x3"])
    writer.writerows((f"r{number}", *row) for number, row in enumerate(rows))
    output, found, _ = one_till.read(text.getvalue().encode(encoding))
    kept = [(row[3], *row[-3:]) for row in found]  # id, and the three behind the others
    assert kept == [
        (f"r{i}", *(cell or None for cell in row)) for i, row in enumerate(rows)
    ]
    assert (output.landed, output.rejected) == (len(rows), 0)


@example(count=2, quoted=False, edits=[(15, "#"), (17, "\n")], cut=0)
@settings(max_examples=250, deadline=None)
@given(
    count=st.integers(1, 12),
    quoted=st.booleans(),
    edits=st.lists(
        st.tuples(
            st.integers(0, 10_000),
            st.sampled_from(
                ['"', '""', ",", "\n", "\r", "\r\n", "\0", "\xff", "", "#"]
            ),
        ),
        max_size=6,
    ),
    cut=st.integers(0, 30),
)
def test_whatever_is_broken_no_row_gets_lost(one_till, count, quoted, edits, cut):
    """Every row's mark is in the lake or in the rejects, unless the file is refused."""
    cell = '"a, ""b""\nc"' if quoted else "plain"
    data = "".join(f"<{i:04}>,{cell},x\n" for i in range(count))
    for at, what in edits:
        at = at % len(data)
        data = data[:at] + what + data[at + (what == "") :]
    data = data[: len(data) - cut]
    try:
        _, rows, rejects = one_till.read(("id,note,more\n" + data).encode("latin-1"))
    except UserError:
        return
    kept = str(rows) + str(rejects)
    for mark in re.findall(r"<\d{4}>", data):
        assert mark in kept


# ----------------------------------------------------------------------- small parts
@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 1 << 20])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_survey_counts_alike_however_the_file_is_cut(
    tmp_path, monkeypatch, chunk, end
):
    monkeypatch.setattr("warehouse.survey.CHUNK", chunk)
    path = tmp_path / "f.csv"
    text = end.join(["id,note", '1,"a', "", 'b"', "", "2,ü", '3,""', "", ""])
    path.write_bytes(text.encode())
    look = survey(path)
    assert (look.records, look.lines, look.encoding) == (4, 5, "utf-8")
    assert (look.blanks, look.is_open, look.has_bad_bytes) == (2, False, False)
    assert look.lone_returns == 0
    assert look.longest == len(f'1,"a{end}{end}b"{end}'.encode())


def test_names():
    assert snake("Ad set name (USD) %") == "ad_set_name_usd"
    assert snake("Montant dépensé") == "montant_dépensé"
    assert stem("Orders_Export.CSV.gz") == "orders_export"


def test_contract_errors(till):
    for old, new, words in (
        ("type: number", "type: money", "'money' is not known"),
        ("version: 2", "version: [", "cannot be read"),
        ("Sale ID], required: true", "Sale ID]", "no required column"),
        ("sales*.csv", "sales*.csv", None),
    ):
        till.contract(**{old: new})
        if words is None:
            read_contracts(till.contracts)
            continue
        with pytest.raises(UserError, match=words):
            read_contracts(till.contracts)
    till.contract("{date_format: american}")
    with pytest.raises(UserError, match="date_format"):
        till.load()
    till.contract()
    with pytest.raises(UserError, match="no source named tills"):
        till.load(sources=["tills"])


def test_the_summary_on_the_screen(till):
    from rich.console import Console

    till.write("sales.csv", ROWS + "3,x,[bold]much\n")
    till.write("sales_2.csv", "no\n")
    console = Console(file=io.StringIO(), width=120)
    till.load(console=console)
    shown = console.file.getvalue()
    assert "expected a number, found '[bold]much'" in shown
    assert "refused" in shown and "What to do" in shown
    assert shown.strip().splitlines()[-1].startswith("1 file refused; 2 rows loaded")
