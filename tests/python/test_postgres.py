"""`warehouse publish --to postgres`, against a real server."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from io import StringIO

import duckdb
import pytest
from postgres import SECRET, server
from rich.console import Console
from shop import PROJECT
from test_cli import make_warehouse, silent

from warehouse import postgres as sending
from warehouse.errors import UserError
from warehouse.postgres import publish_to_postgres
from warehouse.publish import publish, rollback

psycopg = pytest.importorskip(
    "psycopg", reason="no psycopg: pip install -r requirements-postgres.txt"
)

READERS = 4
PUBLICATIONS = int(os.environ.get("WAREHOUSE_TEST_PUBLICATIONS", "5"))
PAUSE = 0.005  # seconds between a reader's questions: four of them share the machine
# Every type that marts have, and texts that a CSV could spoil.
EVERY_TYPE = """
create table every_type as
    select 1 as row_number, true as flag, 7::integer as small, 9e18::bigint as large,
        12345678901234.5678::decimal(18, 4) as money,
        1234567890123456789012345678901234.5678::decimal(38, 4) as sum_of_money,
        0.1::double + 0.2::double as ratio, date '2024-02-29' as day,
        timestamp '2026-03-29 02:30:00.123456' as moment, 'Grün, "x"' as words
    union all
    select 2, false, -7, -9e18::bigint, -0.0001, 0, 1e-300, date '1970-01-01',
        timestamp '1970-01-01', ''
    union all
    select 3, null, null, null, null, null, null, null, null, null
    union all
    select 4, null, null, null, null, null, 1.7976931348623157e308, null, null, '\\N'
    union all
    select 5, null, null, null, null, null, 'inf'::double, null, null, 
        E'two\\nlines; \\\\.';
"""
TYPES = {
    "row_number": "integer",
    "flag": "boolean",
    "small": "integer",
    "large": "bigint",
    "money": "numeric(18,4)",
    "sum_of_money": "numeric(38,4)",
    "ratio": "double precision",
    "day": "date",
    "moment": "timestamp without time zone",
    "words": "text",
}


@pytest.fixture(scope="module")
def cluster():
    """A server for the tests of this module."""
    with server() as running:
        yield running


@pytest.fixture
def dsn(cluster, tmp_path, monkeypatch) -> str:
    """An empty database of one's own, and a warehouse whose build has passed."""
    monkeypatch.setenv("WAREHOUSE_DATA", str(tmp_path))
    make_warehouse(tmp_path, EVERY_TYPE)
    dsn = cluster.dsn(cluster.database())
    monkeypatch.setenv("WAREHOUSE_POSTGRES", dsn)
    return dsn


def ask(dsn: str, query: str, *values) -> list[tuple]:
    """The rows of a query."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(query, values or None)
        return cursor.fetchall() if cursor.description else []


def published(folder, query: str) -> list[tuple]:
    """The rows of a query over what readers of the files see."""
    path = str(folder / "published/current/warehouse.duckdb")
    with duckdb.connect(path, read_only=True) as connection:
        return connection.execute(query).fetchall()


def schemas(dsn: str) -> list[str]:
    """The schemas that are not PostgreSQL's own."""
    found = ask(
        dsn,
        "select nspname from pg_namespace where nspname not like 'pg\\_%%'"
        " and nspname not in ('information_schema', 'public') order by 1",
    )
    return [name for (name,) in found]


# ------------------------------------------------------------------------ what is there


def test_values_and_types_are_those_of_the_files(dsn, tmp_path):
    """To the last digit; an empty text is no NULL; nothing becomes text."""
    publish_to_postgres(silent())
    marts = {path.stem for path in (tmp_path / "published/current/parquet").iterdir()}
    assert {"kpi_values", "kpi_scorecard", "every_type", "basket"} <= marts
    for mart in marts:
        query = f"select * from {{}}{mart} order by 1"
        assert ask(dsn, query.format("marts.")) == published(tmp_path, query.format(""))
    types = ask(
        dsn,
        "select attname, format_type(atttypid, atttypmod) from pg_attribute"
        " where attrelid = 'marts.every_type'::regclass and attnum > 0 order by attnum",
    )
    assert dict(types) == TYPES


def test_every_kpi_is_a_view_too(dsn):
    """As in the file: what is written on one runs on the other."""
    publish_to_postgres(silent())
    (row,) = ask(dsn, "select grain, dimension, value from marts.kpi_orders")
    assert row == ("month", "all", 60.0)


def test_what_is_private_or_a_part_stays_here(dsn):
    """Marts only: no facts, no dimensions, no staging."""
    publish_to_postgres(silent())
    names = {name for (name,) in ask(dsn, "select relname from pg_class")}
    assert not {n for n in names if n.startswith(("fct_", "dim_", "stg_", "int_"))}


def test_the_words_and_keys_of_the_yaml_go_along(dsn):
    """Tables, columns, KPIs; and the key is an index."""
    publish_to_postgres(silent())
    about = """select obj_description(oid), col_description(oid, 1) from pg_class
        where oid = %s::regclass"""
    ((table, column),) = ask(dsn, about, "marts.kpi_values")
    assert table.startswith("One row per KPI, grain, period")
    assert column == "The KPI."
    ((kpi, grain),) = ask(dsn, about, "marts.kpi_orders")
    assert kpi.startswith("One row per grain")
    assert grain == "Length of the period."
    ((key,),) = ask(
        dsn, "select pg_get_constraintdef(oid) from pg_constraint where contype = 'p'"
        " and conrelid::regclass::text like '%%.kpi_values'"
    )  # fmt: skip
    assert key == "PRIMARY KEY (kpi_id, grain, period_start, dimension, member)"


def test_readers_are_told_which_build_it_is(dsn):
    """`publication`, and the schema's comment."""
    manifest = publish_to_postgres(silent())
    ((build_id, as_of, currency),) = ask(
        dsn, "select build_id, as_of::text, currency from marts.publication"
    )
    assert [build_id, as_of, currency] == [
        manifest[name] for name in ("build_id", "as_of", "currency")
    ]
    ((words,),) = ask(dsn, "select obj_description('marts'::regnamespace)")
    assert build_id in words


def test_what_the_document_says_can_be_typed(dsn, tmp_path):
    """Every PostgreSQL block of docs/connect.md."""
    make_warehouse(
        tmp_path,
        "insert into kpi_catalog values ('conversion_rate', 'CR', 'sales', 4, "
        "'percent', 'up', false, 0);",
    )
    publish_to_postgres(silent())
    text = (PROJECT / "docs/connect.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```pgsql\n(.*?)```", text, re.DOTALL)
    assert len(blocks) > 1
    try:
        for block in blocks:
            ask(dsn, block)
    finally:
        ask(dsn, "drop role if exists ann")


# -------------------------------------------------------------------- which build it is


def test_a_published_build_is_not_published_again(dsn, tmp_path):
    """What is sent is what readers see: a step back is one here, too."""
    first = publish(silent())["build_id"]
    assert publish_to_postgres(silent())["build_id"] == first
    make_warehouse(tmp_path, EVERY_TYPE)
    second = publish_to_postgres(silent())["build_id"]
    assert second > first
    rollback(silent())
    assert publish_to_postgres(silent())["build_id"] == first
    assert ask(dsn, "select build_id from marts.publication") == [(first,)]


def test_a_bad_build_is_not_sent(dsn, tmp_path):
    """Nor anything else: the command says why, and readers keep what they have."""
    publish_to_postgres(silent())
    before = ask(dsn, "select * from marts.publication")
    make_warehouse(tmp_path, EVERY_TYPE, success=False)
    with pytest.raises(UserError, match="did not pass"):
        publish_to_postgres(silent())
    assert ask(dsn, "select * from marts.publication") == before


# ------------------------------------------------------------------------- who may read


def test_the_reader_reads_marts_and_nothing_else(dsn, cluster):
    """Neither what lies behind the views nor another schema; and writes nowhere."""
    ask(dsn, "create table secret (card text)")
    publish_to_postgres(silent())
    ask(dsn, f"alter role marts_reader password '{SECRET}'")
    (name,) = [part[7:] for part in dsn.split() if part.startswith("dbname=")]
    reader = cluster.dsn(name, "marts_reader")
    assert ask(reader, "select value from kpi_values") == [(60.0,)]
    relations = """
        select nspname || '.' || relname from pg_class
        inner join pg_namespace on pg_namespace.oid = pg_class.relnamespace
        where relkind in ('r', 'v', 'm', 'p', 'f', 'S')
            and nspname not in ('pg_catalog', 'information_schema')
            and has_schema_privilege(pg_namespace.oid, 'usage')
            and {}
    """
    readable = {n for (n,) in ask(reader, relations.format(
        "has_table_privilege(pg_class.oid, 'select')"))}  # fmt: skip
    views = {n for (n,) in ask(dsn, "select 'marts.' || viewname from pg_views"
                                    " where schemaname = 'marts'")}  # fmt: skip
    assert readable == views
    assert len(views) > 4
    rights = "has_table_privilege(pg_class.oid, 'insert, update, delete, truncate')"
    assert ask(reader, relations.format(rights)) == []
    (private,) = [name for name in schemas(dsn) if name != "marts"]
    for query in (
        "select * from public.secret",
        f"select * from {private}.kpi_values",
        "set transaction read write; update marts.kpi_values set value = 0",
        "set transaction read write; delete from marts.kpi_values",
        "set transaction read write; create table marts.mine (x int)",
        "set transaction read write; create table public.mine (x int)",
        "drop view marts.kpi_values",
    ):
        with (
            pytest.raises(psycopg.Error) as refused,
            psycopg.connect(reader) as connection,
        ):
            connection.execute(query)
        assert isinstance(
            refused.value,
            psycopg.errors.InsufficientPrivilege
            | psycopg.errors.ReadOnlySqlTransaction,
        ), query


def test_who_may_not_make_roles_is_told_what_to_ask_for(dsn, cluster):
    """An ordinary user with the right to make schemas can publish."""
    ask(dsn, "drop role if exists sales_reader")
    (name,) = [part[7:] for part in dsn.split() if part.startswith("dbname=")]
    ask(dsn, f"create role ann login password '{SECRET}'")
    try:
        ask(dsn, f"grant create on database {name} to ann")
        console = Console(file=StringIO(), width=300)
        own = cluster.dsn(name, "ann")
        publish_to_postgres(console, dsn=own, schema="sales")
        assert "create role sales_reader login" in console.file.getvalue()
        assert ask(own, "select value from sales.kpi_values") == [(60.0,)]
        ask(dsn, "create role sales_reader login")
        console = Console(file=StringIO(), width=300)
        publish_to_postgres(console, dsn=own, schema="sales")
        assert "create role" not in console.file.getvalue()
        (granted,) = ask(
            dsn,
            "select has_table_privilege(%s, %s, %s)",
            *("sales_reader", "sales.kpi_values", "select"),
        )
        assert granted == (True,)
    finally:
        ask(dsn, "drop owned by ann cascade")
        ask(dsn, "drop role ann")


# --------------------------------------------------------------------------- the switch


def numbered(folder, number: int) -> None:
    """A built warehouse in which everything holds the build's number."""
    make_warehouse(
        folder,
        f"""
        create or replace table kpi_values as
            select 'orders' as kpi_id, 'month' as grain,
                timestamp '2026-09-01' as period_start, 'all' as dimension,
                'all' || i as member, {number} as numerator, 1.0 as denominator,
                {number} as value
            from range(2000) as rows (i);
        create table every_type as select {number} as number;
        """,
    )


def test_no_reader_fails_or_sees_two_builds(dsn, tmp_path):
    """Readers ask without a pause during five publications: in one query over several
    marts, and in several queries of one transaction."""
    numbered(tmp_path, 1)
    publish_to_postgres(silent())
    stop = threading.Event()
    failed, mixed, seen, asked = [], [], set(), [0] * READERS
    marts = {
        "kpi_values": "select min(value), max(value) from marts.kpi_values",
        "every_type": "select number from marts.every_type",
        "kpi_orders": "select max(value) from marts.kpi_orders",
    }
    at_once = (
        f"select * from {', '.join(f'({query}) {n}' for n, query in marts.items())}"
    )

    def read(reader: int) -> None:
        queries = [at_once] if reader % 2 else list(marts.values())
        with psycopg.connect(dsn, autocommit=True) as connection:
            while not stop.is_set():
                try:
                    with connection.transaction():
                        rows = [connection.execute(q).fetchone() for q in queries]
                except psycopg.Error as error:
                    failed.append(str(error))
                    return
                found = {number for row in rows for number in row}
                asked[reader] += 1
                seen.update(found)
                if len(found) > 1:
                    mixed.append(found)
                time.sleep(PAUSE)

    readers = [threading.Thread(target=read, args=[i]) for i in range(READERS)]
    for reader in readers:
        reader.start()
    try:
        for number in range(2, PUBLICATIONS + 2):
            numbered(tmp_path, number)
            publish_to_postgres(silent())
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert failed == []
    assert mixed == []
    assert len(seen) > PUBLICATIONS / 2, "the readers were asleep"
    assert min(asked) > 0
    assert len(schemas(dsn)) == 2, "the builds before are gone"


def test_a_reader_who_holds_the_marts_is_named(dsn, monkeypatch):
    """An open transaction keeps its build; the publication waits, and says for whom."""
    publish_to_postgres(silent())
    monkeypatch.setattr(sending, "PATIENCE", 1)
    with psycopg.connect(dsn, application_name="Friday sheet") as reader:
        (before,) = reader.execute("select build_id from marts.publication").fetchone()
        with pytest.raises(UserError, match=r"owner \(PID \d+, Friday sheet\)"):
            publish_to_postgres(silent())
        (after,) = reader.execute("select build_id from marts.publication").fetchone()
        assert after == before
    assert len(schemas(dsn)) == 2
    publish_to_postgres(silent())


def test_one_publication_at_a_time(dsn, monkeypatch):
    """The second waits for the first, and gives up with a sentence."""
    monkeypatch.setattr(sending, "PATIENCE", 1)
    with psycopg.connect(dsn) as other:
        sending._take_turn(other.cursor(), "marts")
        with pytest.raises(UserError, match="Another publication"):
            publish_to_postgres(silent())
    publish_to_postgres(silent())


def test_a_killed_transfer_leaves_the_build_before(dsn):
    """Killed for real, in the middle of the marts; the next run is as any other."""
    first = publish_to_postgres(silent())
    before = schemas(dsn)
    killed = subprocess.run(
        [
            *(sys.executable, "-c"),
            """if True:
                import os, signal
                from rich.console import Console
                from warehouse import postgres
                fill, sent = postgres._fill_one, []
                def fill_and_die(*arguments):
                    sent.append(fill(*arguments))
                    if len(sent) == 3:
                        os.kill(os.getpid(), signal.SIGKILL)
                    return sent[-1]
                postgres._fill_one = fill_and_die
                postgres.publish_to_postgres(Console())""",
        ],
        env=os.environ,
        capture_output=True,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert ask(dsn, "select build_id from marts.publication") == [(first["build_id"],)]
    publish_to_postgres(silent())
    assert ask(dsn, "select value from marts.kpi_values") == [(60.0,)]
    assert len(schemas(dsn)) == len(before) == 2


def test_what_others_built_on_a_mart_goes_on(dsn, tmp_path):
    """Their views read the new build; a mart that changed its columns under them is
    named, and nothing happens."""
    publish_to_postgres(silent())
    ask(
        dsn,
        "create view public.mine as select sum(small) as total from marts.every_type",
    )
    make_warehouse(tmp_path, EVERY_TYPE + "update every_type set small = 5;")
    publish_to_postgres(silent())
    assert ask(dsn, "select total from mine") == [(25,)]
    make_warehouse(tmp_path, "create table every_type as select true as flag;")
    with pytest.raises(UserError, match=r"every_type has other columns.*view mine"):
        publish_to_postgres(silent())
    assert ask(dsn, "select total from mine") == [(25,)]
    ask(dsn, "drop view mine")
    publish_to_postgres(silent())
    assert ask(dsn, "select * from marts.every_type") == [(True,)]
    make_warehouse(tmp_path)
    publish_to_postgres(silent())
    assert ask(dsn, "select to_regclass('marts.every_type')::text") == [(None,)]


# ------------------------------------------------------------------------ what can fail


def test_a_full_disk_is_a_sentence(dsn):
    """The server's own error, raised while a table is filled."""
    publish_to_postgres(silent())
    before = schemas(dsn)
    ask(
        dsn,
        """create function no_room() returns event_trigger language plpgsql as $$
        begin raise exception 'could not extend file' using errcode = '53100'; end $$;
        create event trigger no_room on ddl_command_end when tag in ('ALTER TABLE')
            execute function no_room()""",
    )
    with pytest.raises(UserError, match="no room left: could not extend file") as full:
        publish_to_postgres(silent())
    assert "two builds" in full.value.hint
    assert schemas(dsn) == before


def test_a_schema_of_somebody_else_is_left_alone(dsn):
    """Whatever is in it."""
    ask(dsn, "create schema marts; create table marts.kpi_values (mine int)")
    with pytest.raises(UserError, match="did not make it"):
        publish_to_postgres(silent())
    assert ask(dsn, "select * from marts.kpi_values") == []
    publish_to_postgres(silent(), schema="kpis")
    assert ask(dsn, "select value from kpis.kpi_values") == [(60.0,)]


def test_no_right_to_publish_is_a_sentence(dsn, cluster):
    """With what the owner has to grant."""
    (name,) = [part[7:] for part in dsn.split() if part.startswith("dbname=")]
    ask(dsn, f"create role bob login password '{SECRET}'")
    try:
        with pytest.raises(UserError, match="does not let you publish") as refused:
            publish_to_postgres(silent(), dsn=cluster.dsn(name, "bob"))
        assert "grant create on database" in refused.value.hint
    finally:
        ask(dsn, "drop role bob")


@pytest.mark.parametrize(
    ("dsn", "message"),
    [
        ("host={folder} dbname=postgres user=owner password=WRONG", "password authen"),
        ("host={folder} dbname=nowhere user=owner password='{secret}'", "not exist"),
        ("host={folder}/empty dbname=postgres password=WRONG", "cannot be reached"),
        ("postgresql://owner:WRONG@127.0.0.1:1/shop", "Connection refused"),
        ("postgresql://owner:WRONG@127.0.0.1:1/shop?color=red", "cannot be read"),
        ("owner WRONG", "cannot be read"),
        ("postgres//owner:WRONG", "cannot be read"),
        (None, "Nobody has said where"),
    ],
)
def test_a_wrong_address_is_a_sentence_without_the_password(
    cluster, tmp_path, monkeypatch, dsn, message
):
    """Not even a part of it, in what is said and what to do."""
    monkeypatch.setenv("WAREHOUSE_DATA", str(tmp_path))
    monkeypatch.delenv("WAREHOUSE_POSTGRES", raising=False)
    make_warehouse(tmp_path)
    if dsn:
        dsn = dsn.format(folder=cluster.folder, secret=SECRET)
    with pytest.raises(UserError, match=message) as refused:
        publish_to_postgres(silent(), dsn=dsn)
    said = f"{refused.value} {refused.value.hint}"
    assert "WRONG" not in said
    assert SECRET not in said


def test_a_missing_driver_is_a_sentence(dsn, monkeypatch):
    monkeypatch.setattr(sending, "psycopg", None)
    with pytest.raises(UserError, match="one more package") as missing:
        publish_to_postgres(silent())
    assert "requirements-postgres.txt" in missing.value.hint


def test_a_type_without_a_counterpart_is_named(dsn, tmp_path):
    make_warehouse(tmp_path, "create table lists as select [1, 2] as numbers;")
    with pytest.raises(UserError, match=r"lists\.numbers has the type INTEGER\[\]"):
        publish_to_postgres(silent())


def test_the_command_knows_where_to():
    """`--to` is postgres."""
    done = subprocess.run(
        [sys.executable, "-m", "warehouse", "publish", "--to", "oracle"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "no way to publish to 'oracle'" in done.stderr
