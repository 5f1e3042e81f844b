"""The same models on PostgreSQL, built by dbt-postgres, beside the same on DuckDB."""

import re
import shutil
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import contest
import overlay
import process
import yaml

NAME = "dbt on PostgreSQL"
OWN = contest.HERE / "postgresql"
TRY_CAST = re.compile(r"\btry_cast\(")


def translated(sql: str) -> str:
    """A model or macro with try_cast(x as type) as PostgreSQL can say it: the text is
    asked first whether it is one."""
    while found := TRY_CAST.search(sql):
        depth, end = 1, found.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(sql[end], 0)
            end += 1
        value, _, kind = sql[found.end() : end - 1].rpartition(" as ")
        kind = kind.strip()
        name = "double precision" if kind == "double" else kind
        told = f"cast(try_text(cast({value} as text), '{name}') as {kind})"
        sql = sql[: found.start()] + told + sql[end:]
    return sql


def load(lake: Path, project: Path, dsn: str) -> None:
    """Every table of the lake that the project reads, into a table of texts."""
    import duckdb
    import psycopg
    from psycopg import sql

    with (
        psycopg.connect(dsn, autocommit=True) as server,
        duckdb.connect() as reader,
        tempfile.TemporaryDirectory() as scratch,
    ):
        reader.execute(f"set threads = {contest.THREADS}")
        server.execute((OWN / "compat.sql").read_text(encoding="utf-8"))
        for path in sorted(project.glob("models/**/*.yml")):
            for source in yaml.safe_load(path.read_text(encoding="utf-8"))["sources"]:
                schema = sql.Identifier(source["name"])
                create = sql.SQL("create schema if not exists {}")
                server.execute(create.format(schema))
                for table in (t["name"] for t in source["tables"]):
                    files = lake / source["name"] / table / "*.parquet"
                    rows = reader.sql(
                        f"from read_parquet('{files}', union_by_name = true)"
                    )
                    own = ("text", "bigint", "timestamp")
                    kinds = [
                        str(kind).lower() if str(kind).lower() in own else "text"
                        for kind in rows.types
                    ]
                    columns = sql.SQL(", ").join(
                        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind))
                        for name, kind in zip(rows.columns, kinds, strict=True)
                    )
                    there = sql.Identifier(source["name"], table)
                    create = sql.SQL("create table {} ({})")
                    server.execute(create.format(there, columns))
                    file = Path(scratch) / "rows.csv"
                    rows.write_csv(str(file), header=False, na_rep="\\N")
                    copy = sql.SQL("copy {} from stdin (format csv, null '\\N')")
                    with (
                        file.open("rb") as content,
                        server.cursor() as cursor,
                        cursor.copy(copy.format(there)) as sink,
                    ):
                        while block := content.read(1 << 20):
                            sink.write(block)
        server.execute("analyze")


def values_of(dsn: str, kpis: list[str]) -> list[contest.Value]:
    """What PostgreSQL's views say."""
    import psycopg

    with psycopg.connect(dsn) as server:
        return [
            (kpi, *row)
            for kpi in kpis
            for row in server.execute(
                f"""
                select to_char(period_start, 'YYYY-MM-DD'), member, value
                from kpi_{kpi}
                where grain = 'month' and dimension in ('all', 'channel')
                    and value is not null
                """
            )
        ]


@contextmanager
def server():
    """A server of the machine's own programs, as the tests start one; None without."""
    import pytest

    sys.path.append(str(contest.PROJECT / "tests/python"))
    import postgres

    try:
        with postgres.server() as running:
            running.password = postgres.SECRET
            yield running
    except pytest.skip.Exception as reason:
        contest.answer(NAME, skipped=str(reason))
        raise SystemExit(0) from None


def configure(dsn: str) -> None:
    """What anybody sets first on a server for reports: room for sorts, no compiling of
    queries that take less time than that, as many threads as the others have."""
    import psycopg

    settings = {
        "work_mem": "256MB",
        "maintenance_work_mem": "256MB",
        "jit": "off",
        "synchronous_commit": "off",
        "max_parallel_workers_per_gather": "1",
        "timezone": "UTC",
    }
    with psycopg.connect(dsn, autocommit=True) as running:
        for name, value in settings.items():
            running.execute(f"alter role owner set {name} = '{value}'")


def write_profile(project: Path, folder: Path, database: str, password: str) -> None:
    """The overlay's profile: PostgreSQL instead of DuckDB."""
    target = {
        "type": "postgres",
        "host": str(folder),
        "port": 5432,
        "user": "owner",
        "password": password,
        "dbname": database,
        "schema": "public",
        "threads": contest.THREADS,
    }
    profile = {"ecommerce_kpis": {"target": "demo", "outputs": {"demo": target}}}
    (project / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")


def write(project: Path) -> list[str]:
    """The overlay in PostgreSQL's dialect; the names of its models."""
    names = overlay.write(project, contest.KPIS, translated)
    for path in (project / "macros").glob("*.sql"):
        text = translated(path.read_text(encoding="utf-8"))
        path.write_text(text, encoding="utf-8")
    shutil.copy(OWN / "macros/postgres.sql", project / "macros")
    return names


def main() -> None:
    """Load, build on both, check, print."""
    asked = contest.arguments(__doc__)
    python = contest.python_of(
        NAME, "dbt.adapters.postgres", environment="dbt-postgres"
    )
    contest.needs(NAME, "dbt.adapters.duckdb", "duckdb", "psycopg", "pytest")
    with tempfile.TemporaryDirectory(prefix="rival-") as folder, server() as running:
        project, plain = Path(folder) / "postgresql", Path(folder) / "duckdb"
        data = Path(folder) / "data"
        for new in (project, plain, data):
            new.mkdir()
        (data / "lake").symlink_to(asked.lake)
        database = running.database()
        dsn = running.dsn(database)
        names = write(project)
        write_profile(project, running.folder, database, running.password)
        configure(dsn)
        pid = int((running.folder / "cluster/postmaster.pid").read_text().split()[0])
        started, before = time.time(), contest.used()[0] + process.spent_by(pid)
        load(asked.lake, project, dsn)
        loading = time.time() - started
        loading_cpu = contest.used()[0] + process.spent_by(pid) - before
        theirs = overlay.dbt_build(python, project, data, pid)
        left_out = sorted(theirs.failed.keys() & set(names))
        kpis = [kpi for kpi in contest.KPIS if f"kpi_{kpi}" not in left_out]
        for name in left_out:
            print(f"{name}: {theirs.failed[name]}", flush=True)
        mine = values_of(dsn, kpis)
        overlay.write(plain, kpis)
        ours = overlay.dbt_build(sys.executable, plain, data)
    import duckdb

    with duckdb.connect(asked.warehouse, read_only=True) as connection:
        known = contest.values_of(connection, kpis)
    models = len(overlay.made_of(kpis))
    contest.answer(
        NAME,
        **theirs.facts(),
        load_seconds=round(loading, 2),
        load_cpu_seconds=round(loading_cpu, 2),
        compared_with=f"dbt build of the same {models} models on DuckDB, without tests",
        **ours.facts("compared_"),
        values_compared=contest.agree(mine, known),
        kpis=kpis,
        models=models,
        models_left_out=left_out,
    )


if __name__ == "__main__":
    main()
