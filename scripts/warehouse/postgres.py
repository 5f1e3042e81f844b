"""Hand the published marts to PostgreSQL, for tools that ask a server.

Everything happens in one transaction: a schema of the build's own is filled, the views
that readers know are led there, and the build before is dropped. Readers see one build
or the other; a transfer that dies leaves nothing behind.
"""

import contextlib
import os
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb
from rich.console import Console

from warehouse.build import build_moment
from warehouse.catalog import Words, words
from warehouse.errors import BusyError, MachineError, UserError
from warehouse.paths import data_dir, target_name
from warehouse.publications import manifest_of
from warehouse.publish import publish
from warehouse.terminal import progress
from warehouse.work import work

try:
    import psycopg
    from psycopg import errors, sql
except ImportError:  # an extra: requirements-postgres.txt
    psycopg = None

DSN = "WAREHOUSE_POSTGRES"
SCHEMA = "marts"
# How long to wait for readers who hold the marts in a transaction, and for another
# publication to end.
PATIENCE = 300  # seconds
# A try to lock all marts ends before PostgreSQL looks for a deadlock, usually after a
# second: then it is always the publication that steps back, never a reader.
LIMIT_THE_TRY = """
    select set_config('statement_timeout', (setting::int * 0.8)::int::text, true)
    from pg_settings where name = 'deadlock_timeout'
"""
OURS = "Written by `warehouse publish`"
KPI_COLUMNS = "grain, period_start, dimension, member, numerator, denominator, value"
TYPES = {
    "BOOLEAN": "boolean",
    "SMALLINT": "smallint",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "HUGEINT": "numeric(38, 0)",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "VARCHAR": "text",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
}


@dataclass(frozen=True)
class Mart:
    """A published mart as PostgreSQL gets it.

    Attributes:
        name: Of the file, the table and the view.
        columns: Each column's type in PostgreSQL, by name, in the mart's order.
        description, column_descriptions: The words of its YAML.
        key: The columns of its primary key; none where rows have no key of columns.
        file: The Parquet file, if it comes from one.
    """

    name: str
    columns: dict[str, str]
    description: str
    column_descriptions: dict[str, str]
    key: tuple[str, ...] = ()
    file: Path | None = None


def publish_to_postgres(
    console: Console,
    target: str | None = None,
    dsn: str | None = None,
    schema: str = SCHEMA,
) -> dict:
    """Let the readers of a PostgreSQL schema see what readers of the files see.

    A build that nobody has published yet is published first. Then the marts that
    `published/current` leads to are sent: tables in a schema of their own, and in
    `schema` a view on each, a view on each KPI, and `publication`, one row that says
    which build this is. The role `<schema>_reader` may read them and nothing else.

    Args:
        console: Where to say what was done.
        target: A dbt target; the one in force when left out.
        dsn: A connection string or URL of libpq; else what WAREHOUSE_POSTGRES says.
            It is never shown.
        schema: The schema that readers see.

    Returns:
        The publication's manifest.

    Raises:
        UserError: If there is nothing to send, the driver is missing, or the server
            lets nobody in. Readers then keep what they had, as with the other errors.
        MachineError: The server cannot be reached or has no room.
        BusyError: Somebody else publishes, or readers hold the marts, for more than
            five minutes.
    """
    if psycopg is None:
        raise UserError(
            "PostgreSQL needs one more package, psycopg.",
            "pip install --require-hashes -r requirements-postgres.txt",
        )
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,36}", schema):
        raise UserError(
            f"{schema!r} is no name for a schema.",
            "Lower-case letters, digits and underscores, at most 37 of them.",
        )
    target = target or target_name()
    connect = _connection_settings(dsn)
    data = data_dir(target)
    if _last_publication(data / "published") < build_moment(target):
        publish(console, target)
    started = time.monotonic()
    place = f"{connect.get('dbname', 'the default database')}, schema {schema}"
    with work("publish --to postgres", data) as told:
        folder = (data / "published" / "current").resolve()
        if not folder.exists():
            raise UserError("Nothing is published yet.", "Run `warehouse run` first.")
        manifest = manifest_of(folder)
        marts = read_marts(folder)
        with _plain_errors(connect, place), psycopg.connect(**connect) as connection:
            rows = _send(console, connection, schema, marts, manifest)
        told |= {"build_id": manifest["build_id"], "marts": len(marts), "rows": rows}
    console.print(
        f"sent build {manifest['build_id']} to PostgreSQL ({place}): "
        f"{len(marts)} marts, {rows:,} rows in {time.monotonic() - started:.0f} s",
        highlight=False,
        soft_wrap=True,
    )
    return manifest


def _last_publication(folder: Path) -> int:
    """When a build was published last, in nanoseconds; 0 if never."""
    manifests = folder.glob("[0-9]*/manifest.json")
    return max((path.stat().st_mtime_ns for path in manifests), default=0)


def read_marts(folder: Path) -> list[Mart]:
    """The marts of a publication, each with its types, key and words.

    Args:
        folder: The publication, as in `published/current`.

    Raises:
        UserError: If a mart has a column of a type that PostgreSQL is not given.
    """
    said = words()
    found = []
    with duckdb.connect() as connection:
        for file in sorted((folder / "parquet").glob("*.parquet")):
            columns = connection.execute(
                "select column_name, column_type from (describe from read_parquet(?))",
                [str(file)],
            ).fetchall()
            typed = {name: _type(file.stem, name, kind) for name, kind in columns}
            about = said.get(file.stem, Words())
            found.append(
                Mart(
                    name=file.stem,
                    columns=typed,
                    description=about.description,
                    column_descriptions={
                        name: text
                        for name, text in about.columns.items()
                        if name in typed
                    },
                    key=about.key if typed.keys() >= set(about.key) else (),
                    file=file,
                )
            )
    return found


def _type(mart: str, column: str, kind: str) -> str:
    """The PostgreSQL type that holds every value of a DuckDB type unchanged."""
    if kind.startswith("DECIMAL"):
        return kind.replace("DECIMAL", "numeric")
    if kind not in TYPES:
        raise UserError(
            f"{mart}.{column} has the type {kind}, which PostgreSQL is not given.",
            "Cast it in the mart to a number, text, boolean, date or timestamp.",
        )
    return TYPES[kind]


def _connection_settings(dsn: str | None) -> dict:
    """libpq's settings by name; a text that cannot be read is not repeated."""
    text = dsn if dsn is not None else os.environ.get(DSN)
    if text is None:
        raise UserError(
            "Nobody has said where PostgreSQL is.",
            f"Set {DSN} to its address, postgresql://USER:PASSWORD@HOST/DATABASE; "
            "without a password in it, libpq looks into ~/.pgpass.",
        )
    try:
        given = psycopg.conninfo.conninfo_to_dict(text)
    except psycopg.Error:
        raise UserError(
            f"The address of PostgreSQL (--dsn or {DSN}) cannot be read; it is not "
            "shown, for it may hold a password.",
            "Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE; in a password, "
            "@ is %40, : is %3A, / is %2F and % is %25.",
        ) from None
    usual = {"connect_timeout": 15, "application_name": "warehouse publish"}
    return {**usual, **given, "client_encoding": "utf8"}


# ------------------------------------------------------------------ the one transaction


def _send(
    console: Console,
    connection,
    schema: str,
    marts: list[Mart],
    manifest: dict,
) -> int:
    """Fill a schema of the build's own and lead the readers there; the rows sent."""
    cursor = connection.cursor()
    _settle(cursor)
    _take_turn(cursor, schema)
    _require_own_schema(cursor, schema)
    before = _builds(cursor, schema)
    stamp = manifest["build_id"].lower().replace(".", "_")
    private = _free_name(f"{schema}_{stamp}", before)
    cursor.execute(
        sql.SQL("create schema {}; comment on schema {} is {}").format(
            sql.Identifier(private),
            sql.Identifier(private),
            f"{OURS}: the tables behind the schema {schema}; ask that one.",
        )
    )
    rows = _fill(console, cursor, private, marts)
    marts = [*marts, _publication(cursor, private, manifest)]
    _wait_for_readers(console, cursor, schema, before)
    _lead_readers(cursor, schema, private, marts, manifest, before)
    reader = _let_read(cursor, schema)
    if reader is None:
        console.print(
            f"[yellow]note[/] there is no role {schema}_reader, and you may not create "
            f'roles: ask for "create role {schema}_reader login", then publish again',
            soft_wrap=True,
        )
    for name in before:
        _drop_build(console, cursor, name)
    return rows


def _settle(cursor) -> None:
    """What a long transfer needs of its own session."""
    cursor.execute(
        "set statement_timeout = 0; set idle_in_transaction_session_timeout = 0;"
        "set client_min_messages = error; set standard_conforming_strings = on"
    )
    if cursor.connection.info.server_version >= 140000:
        # A publisher that was killed lets go within seconds, not when a statement ends.
        cursor.execute("set client_connection_check_interval = '2s'")


def _take_turn(cursor, schema: str) -> None:
    """One publication into a schema at a time; the next one waits."""
    cursor.execute("select set_config('lock_timeout', %s, true)", [f"{PATIENCE}s"])
    cursor.execute(
        "select pg_advisory_xact_lock(hashtext(%s))", [f"warehouse publish {schema}"]
    )
    cursor.execute("set local lock_timeout = 0")


def _require_own_schema(cursor, schema: str) -> None:
    """Never write among the tables of somebody else."""
    cursor.execute(
        "select coalesce(obj_description(oid, 'pg_namespace'), '') like %s,"
        " exists (select 1 from pg_class where relnamespace = pg_namespace.oid)"
        " from pg_namespace where nspname = %s",
        [f"{OURS}%", schema],
    )
    found = cursor.fetchone()
    if found and not found[0] and found[1]:
        raise UserError(
            f"The schema {schema} is there already, and `warehouse publish` did not "
            "make it.",
            "Name another one with --schema; nothing was changed.",
        )


def _builds(cursor, schema: str) -> list[str]:
    """The schemas that hold a build's tables: the one in use, and any left over."""
    cursor.execute(
        "select nspname from pg_namespace where starts_with(nspname, %s)"
        " and starts_with(obj_description(oid, 'pg_namespace'), %s) order by nspname",
        [f"{schema}_", f"{OURS}: the tables behind the schema {schema};"],
    )
    return [name for (name,) in cursor.fetchall()]


def _free_name(name: str, taken: list[str]) -> str:
    """The same build can be sent again."""
    number = 1
    while (free := f"{name}_{number}") in taken:
        number += 1
    return free


def _fill(console: Console, cursor, private: str, marts: list[Mart]) -> int:
    """Create and fill the tables; how many rows they have."""
    rows = 0
    bar = progress(console)
    with bar, tempfile.TemporaryDirectory(prefix="warehouse-") as scratch:
        task = bar.add_task("to PostgreSQL", total=len(marts))
        file = Path(scratch) / "mart.csv"
        with duckdb.connect() as source:
            for mart in marts:
                bar.update(task, description=mart.name)
                rows += _fill_one(cursor, source, private, mart, file)
                bar.advance(task)
    return rows


def _fill_one(
    cursor, source: duckdb.DuckDBPyConnection, private: str, mart: Mart, file: Path
) -> int:
    """Send one mart as CSV, which PostgreSQL and DuckDB both read and write by the
    million rows; its primary key is built last, over sorted rows."""
    table = sql.Identifier(private, mart.name)
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind))
        for name, kind in mart.columns.items()
    )
    cursor.execute(sql.SQL("create table {} ({})").format(table, columns))
    # \N is NULL, so that an empty text stays an empty text.
    source.execute(
        f"copy (from read_parquet('{_quoted(mart.file)}')) to '{_quoted(file)}'"
        " (format csv, header false, nullstr '\\N')"
    )
    with (
        file.open("rb") as lines,
        cursor.copy(
            sql.SQL("copy {} from stdin (format csv, null '\\N', freeze)").format(table)
        ) as copy,
    ):
        while block := lines.read(1 << 20):
            copy.write(block)
    rows = cursor.rowcount
    if mart.key:
        cursor.execute(
            sql.SQL("alter table {} add primary key ({})").format(
                table, sql.SQL(", ").join(map(sql.Identifier, mart.key))
            )
        )
    cursor.execute(sql.SQL("analyze {}").format(table))
    return rows


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _wait_for_readers(console: Console, cursor, schema: str, before: list[str]) -> None:
    """Hold the readers' views for the moment of the switch, and only for a moment.

    A query names its tables one after the other: switched in between, it would join one
    build with another. With all views locked nobody is in between.
    """
    views = _views_on(cursor, schema, before)
    if not views:
        return
    locked = sql.SQL("lock table {} in access exclusive mode").format(
        sql.SQL(", ").join(sql.Identifier(schema, view) for view in views)
    )
    until = time.monotonic() + PATIENCE
    said = False
    while True:
        try:
            with cursor.connection.transaction():
                cursor.execute(LIMIT_THE_TRY)
                cursor.execute(locked)
                cursor.execute("set local statement_timeout = 0")
            return
        except (errors.QueryCanceled, errors.LockNotAvailable):
            if time.monotonic() > until:
                raise BusyError(
                    f"Readers have held the marts for {PATIENCE} seconds: "
                    f"{_holders(cursor, schema, views)}. They keep the build before.",
                    "Let them end their transaction (an open one holds what it has "
                    "read), or end it: select pg_terminate_backend(PID).",
                ) from None
        if not said and time.monotonic() > until - PATIENCE + 5:
            console.print(f"waiting for {_holders(cursor, schema, views)}")
            said = True
        time.sleep(0.3)


def _views_on(cursor, schema: str, builds: list[str]) -> list[str]:
    """The views of the readers' schema that look into builds; not those of others."""
    cursor.execute(
        """select distinct view.relname
        from pg_class as view
        inner join pg_rewrite on pg_rewrite.ev_class = view.oid
        inner join pg_depend
            on pg_depend.classid = 'pg_rewrite'::regclass
            and pg_depend.objid = pg_rewrite.oid
            and pg_depend.refclassid = 'pg_class'::regclass
        inner join pg_class as seen on seen.oid = pg_depend.refobjid
        where view.relnamespace = to_regnamespace(quote_ident(%s))
            and seen.relnamespace in
                (select oid from pg_namespace where nspname = any(%s))
        order by 1""",
        [schema, builds],
    )
    return [name for (name,) in cursor.fetchall()]


def _holders(cursor, schema: str, views: list[str]) -> str:
    """Who has the marts in a transaction, as far as the server tells us."""
    cursor.execute(
        """select distinct
            coalesce(activity.usename, 'somebody') || ' (PID ' || activity.pid || ', '
            || coalesce(nullif(activity.application_name, ''), 'of no name') || ')'
        from pg_locks
        inner join pg_stat_activity as activity using (pid)
        inner join pg_class on pg_class.oid = pg_locks.relation
        where pg_class.relnamespace = to_regnamespace(quote_ident(%s))
            and pg_class.relname = any(%s) and pid <> pg_backend_pid()
        order by 1""",
        [schema, views],
    )
    return (
        ", ".join(name for (name,) in cursor.fetchall()) or "somebody who left just now"
    )


def _lead_readers(
    cursor,
    schema: str,
    private: str,
    marts: list[Mart],
    manifest: dict,
    before: list[str],
) -> None:
    """Create or replace the views, with their words; drop those of marts that are gone.

    A view stays the same object as long as its columns do, so that views which others
    built on it go on working.
    """
    cursor.execute(
        sql.SQL("create schema if not exists {}; comment on schema {} is {}").format(
            sql.Identifier(schema),
            sql.Identifier(schema),
            f"{OURS}: a shop's KPIs, build {manifest['build_id']}, data up to "
            f"{manifest['as_of']}. kpi_values has them all, kpi_catalog their words.",
        )
    )
    selects = {
        mart.name: (
            sql.SQL("select {} from {}").format(
                sql.SQL(", ").join(map(sql.Identifier, mart.columns)),
                sql.Identifier(private, mart.name),
            ),
            mart.description,
            mart.column_descriptions,
        )
        for mart in marts
    }
    selects |= _kpi_views(cursor, private, marts)
    for name in _views_on(cursor, schema, before):
        if name not in selects:
            _drop_view(cursor, schema, name)
    for name, (select, description, columns) in selects.items():
        _replace_view(cursor, schema, name, select)
        view = sql.Identifier(schema, name)
        comments = [sql.SQL("comment on view {} is {}").format(view, description)]
        comments += [
            sql.SQL("comment on column {}.{} is {}").format(
                view, sql.Identifier(column), text
            )
            for column, text in columns.items()
        ]
        cursor.execute(sql.SQL(";").join(comments))


def _kpi_views(cursor, private: str, marts: list[Mart]) -> dict[str, tuple]:
    """A view on each KPI, cut from kpi_values: select, words, words of its columns."""
    by_name = {mart.name: mart for mart in marts}
    if not {"kpi_values", "kpi_catalog"} <= by_name.keys():
        return {}
    said = words()
    cursor.execute(
        sql.SQL("select kpi_id from {} order by 1").format(
            sql.Identifier(private, "kpi_catalog")
        )
    )
    columns = {
        column: text
        for column, text in by_name["kpi_values"].column_descriptions.items()
        if column != "kpi_id"
    }
    return {
        f"kpi_{kpi_id}": (
            sql.SQL(f"select {KPI_COLUMNS} from {{}} where kpi_id = {{}}").format(
                sql.Identifier(private, "kpi_values"), sql.Literal(kpi_id)
            ),
            said.get(f"kpi_{kpi_id}", Words()).description,
            columns,
        )
        for (kpi_id,) in cursor.fetchall()
    }


def _publication(cursor, private: str, manifest: dict) -> Mart:
    """Create the table that says which build readers see."""
    columns = {
        "build_id": ("text", "The build, a folder of published/."),
        "published_at": ("timestamptz", "When it was published."),
        "as_of": ("date", "The newest day in its data."),
        "currency": ("text", "The currency of all money."),
    }
    values = sql.SQL(", ").join(
        sql.SQL("cast({} as {}) as {}").format(
            sql.Literal(manifest[name]), sql.SQL(kind), sql.Identifier(name)
        )
        for name, (kind, _) in columns.items()
    )
    cursor.execute(
        sql.SQL("create table {} as select {}").format(
            sql.Identifier(private, "publication"), values
        )
    )
    return Mart(
        name="publication",
        columns={name: kind for name, (kind, _) in columns.items()},
        description="One row: the publication that readers see.",
        column_descriptions={name: text for name, (_, text) in columns.items()},
    )


def _replace_view(cursor, schema: str, name: str, select) -> None:
    """The view over another build; a new one only if its columns are others."""
    create = sql.SQL("create or replace view {} as {}").format(
        sql.Identifier(schema, name), select
    )
    try:
        with cursor.connection.transaction():
            cursor.execute(create)
    except (errors.InvalidTableDefinition, errors.InvalidColumnReference):
        _drop_view(cursor, schema, name)
        cursor.execute(create)


def _drop_view(cursor, schema: str, name: str) -> None:
    """Drop a view of ours, never what others built on it."""
    try:
        cursor.execute(sql.SQL("drop view {}").format(sql.Identifier(schema, name)))
    except errors.DependentObjectsStillExist as error:
        raise UserError(
            f"{schema}.{name} has other columns than before, or is gone, and somebody "
            f"built on it: {error.diag.message_detail}",
            "Drop that, publish, and make it again over the new columns.",
        ) from None


def _let_read(cursor, schema: str) -> str | None:
    """Let the reader's role read the views; its name, None if there is none.

    The role is made where the user may: it logs in once somebody gives it a password.
    The tables behind the views stay closed to it: views read with their owner's eyes.
    """
    role = f"{schema}_reader"
    cursor.execute(
        "select exists (select 1 from pg_roles where rolname = %s),"
        " rolcreaterole or rolsuper from pg_roles where rolname = current_user",
        [role],
    )
    exists, may_create = cursor.fetchone()
    if not exists:
        if not may_create:
            return None
        # A transaction left open would hold up the next publication.
        cursor.execute(
            sql.SQL(
                "create role {0} login;"
                "alter role {0} set default_transaction_read_only = on;"
                "alter role {0} set idle_in_transaction_session_timeout = '60s';"
                "alter role {0} set search_path = {1}"
            ).format(sql.Identifier(role), sql.Identifier(schema))
        )
    cursor.execute(
        sql.SQL(
            "grant usage on schema {0} to {1};"
            "grant select on all tables in schema {0} to {1}"
        ).format(sql.Identifier(schema), sql.Identifier(role))
    )
    return role


def _drop_build(console: Console, cursor, name: str) -> None:
    """Drop the tables of a build that no view leads to; what others built on them, and
    so the tables, stay."""
    cursor.execute(
        "select relname from pg_class where relkind = 'r'"
        " and relnamespace = to_regnamespace(quote_ident(%s))",
        [name],
    )
    tables = [sql.Identifier(name, table) for (table,) in cursor.fetchall()]
    drop = sql.SQL("drop schema {}").format(sql.Identifier(name))
    if tables:
        drop = sql.SQL("drop table {}; {}").format(sql.SQL(", ").join(tables), drop)
    try:
        with cursor.connection.transaction():
            # Readers wait for this transaction: it must not wait for anybody.
            cursor.execute("set local lock_timeout = '100ms'")
            cursor.execute(drop)
            cursor.execute("set local lock_timeout = 0")
    except errors.LockNotAvailable:
        console.print(f"[yellow]note[/] {name} is in use and stays until the next time")
    except errors.DependentObjectsStillExist as error:
        console.print(
            f"[yellow]note[/] {name} stays, somebody built on it: "
            f"{error.diag.message_detail}",
            soft_wrap=True,
        )


# ------------------------------------------------------------------------------- errors


@contextlib.contextmanager
def _plain_errors(connect: dict, place: str):
    """What goes wrong with a server, as a sentence without the password."""
    kept = "Readers keep the build before."
    try:
        yield
    except errors.InsufficientPrivilege as error:
        raise UserError(
            f"PostgreSQL does not let you publish to {place}: {_said(error, connect)}. "
            f"{kept}",
            "The owner of the database can: grant create on database … to …; a schema "
            "that is there must be yours.",
        ) from None
    except errors.DiskFull as error:
        raise MachineError(
            f"PostgreSQL has no room left: {_said(error, connect)}. {kept}",
            "Make room; while it publishes, the server holds two builds.",
        ) from None
    except errors.LockNotAvailable:
        raise BusyError(
            f"Another publication to {place} has not ended. {kept}",
            "Wait for it, or look for it in pg_stat_activity.",
        ) from None
    except psycopg.OperationalError as error:
        # A server that answers is there: then it is the address that is wrong.
        kind = UserError if "FATAL" in str(error) else MachineError
        raise kind(
            f"PostgreSQL cannot be reached, or left: {_said(error, connect)}. {kept}",
            f"Look at host, port, database, user and password in {DSN}, and whether "
            "the server runs (pg_isready); then publish again.",
        ) from None
    except psycopg.Error as error:
        raise UserError(
            f"PostgreSQL refused: {_said(error, connect)}. {kept}",
            "Mend what it names, then publish again.",
        ) from None


def _said(error: Exception, connect: dict) -> str:
    """The server's or libpq's words on one line, without secrets."""
    text = " ".join(str(error).split()).rstrip(".")
    for name, value in connect.items():
        if "password" in name and value:
            text = text.replace(value, "********")
    return text or type(error).__name__
