"""Hand a tested warehouse to its readers: a copy of its own, switched in one rename."""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
from rich.console import Console

from warehouse.ask import MANIFEST
from warehouse.build import build_is_newest, last_build
from warehouse.check import check, last_check
from warehouse.errors import UserError
from warehouse.files import remove_whole, settle
from warehouse.machine import limit_memory
from warehouse.news import read_rows
from warehouse.paths import (
    PROJECT,
    data_dir,
    project_variables,
    spill_folder,
    target_name,
    warehouse_file,
)
from warehouse.people import last_forgetting, salt, without_browsers
from warehouse.publications import hashes, is_live, sort_order, whole
from warehouse.restatements import newest_day, write_log
from warehouse.terminal import follow
from warehouse.work import work

KEPT_BUILDS = 3
# Build ids sort by time, to the microsecond.
ID_FORMAT = "%Y%m%dT%H%M%S.%fZ"
# Of those between two builds: the one in use, and one that is being opened just now.
KEPT_LIVE = 2
# Clients from DuckDB 1.4 on read this format.
STORAGE_VERSION = "v1.4.0"
# Facts, rollups and marts know no person; what lies before them stays private.
PRIVATE_PREFIXES = ("base_", "stg_", "int_")
PERSONAL_COLUMNS = {
    "email", "email_hash", "phone", "phone_hash", "first_name", "last_name",
    "customer_name", "address", "street", "ip_address",
}  # fmt: skip
PARTS = ("fct_", "dim_", "rollup_", "cube_")


def publish(console: Console, target: str | None = None) -> dict:
    """Copy facts, rollups and marts to `published/<build id>/`, point `current` there.

    The folder holds `warehouse.duckdb`, `parquet/` with the marts, `manifest.json`, and
    for MetricFlow `semantic_manifest.json`.
    It is written under another name and renamed when it is whole; readers of the build
    before keep their open file. The last three builds stay. A build that nobody has
    checked is checked first. The table `restatements` goes on from the build before.
    Large tables are sorted, and the manifest has the SHA-256 of every data file.

    Args:
        console: Where to say what was done.
        target: A dbt target; the one in force when left out.

    Returns:
        The manifest: build_id, published_at, as_of, currency, tables, files, checks, …

    Raises:
        UserError: If nothing was built, the last build failed, or a check found an
            error.
        BusyError: Another command is at work in the data folder.
        MachineError: No room, no permission, no memory.
    """
    target = target or target_name()
    folder = data_dir(target) / "published"
    with work("publish", data_dir(target)) as told:
        manifest = _publish(console, target, folder)
        build_id = manifest["build_id"]
        told |= {name: manifest[name] for name in ("build_id", "findings", "restated")}
        told["tables"] = len(manifest["tables"])
    size = (folder / build_id / "warehouse.duckdb").stat().st_size / 1e6
    console.print(
        f"published build {build_id}: {len(manifest['tables'])} tables and "
        f"{len(manifest['views'])} views, {size:,.0f} MB",
        highlight=False,
    )
    if manifest["restated"]:
        console.print(
            f"{manifest['restated']:,} values of closed periods differ from the build "
            "before: warehouse status --restated",
            highlight=False,
        )
    return manifest


def _publish(console: Console, target: str, folder: Path) -> dict:
    """Write the folder of a build, switch to it, and return its manifest."""
    built = warehouse_file(target)
    _require_good_build(target, built)
    checked = _require_good_check(console, target)
    with new_publication(folder) as (build_id, partial):
        return _write(console, built, partial, build_id, target, checked)


@contextlib.contextmanager
def new_publication(folder: Path) -> Iterator[tuple[str, Path]]:
    """A folder to fill; whole, it gets its name and `current` leads to it.

    After an error nothing is left of it, and readers keep what they had.

    Args:
        folder: The folder `published/`.

    Yields:
        The build id, and the folder to fill, whose name readers do not know.
    """
    folder.mkdir(parents=True, exist_ok=True)
    build_id = moment_after(folder)
    partial = folder / f".{build_id}.partial"
    try:
        partial.mkdir()
        yield build_id, partial
        settle([partial, *partial.rglob("*")])
        partial.rename(folder / build_id)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    switch(folder / "current", Path(build_id))
    _forget_old(folder, build_id)


def rollback(
    console: Console, target: str | None = None, build_id: str | None = None
) -> str:
    """Let readers see an earlier publication again, in one switch.

    The private warehouse stays as it is, and so does what readers saw until now: the
    next `warehouse publish` goes on from there.

    Args:
        console: Where to say what was done.
        target: A dbt target; the one in force when left out.
        build_id: The publication, a folder of `published/`; the one before that which
            readers see when left out.

    Returns:
        The publication that readers see now.

    Raises:
        UserError: If there is no such publication, or none before.
    """
    data = data_dir(target or target_name())
    with work("rollback", data) as told:
        told["build_id"] = build_id = _rollback(console, data / "published", build_id)
    return build_id


def _rollback(console: Console, folder: Path, build_id: str | None) -> str:
    current = folder / "current"
    if not current.exists():
        raise UserError("Nothing is published yet.", "Run `warehouse run` first.")
    seen = current.resolve().name
    kept = [path.name for path in publications(folder)]
    if build_id is None:
        older = (n for n in kept if n < seen and not is_live(folder / n))
        build_id = max(older, default=None)
        if build_id is None:
            raise UserError(
                f"No publication is older than {seen}, which readers see.",
                f"The last {KEPT_BUILDS} are kept: {', '.join(kept)}.",
            )
    if build_id not in kept:
        raise UserError(
            f"There is no publication {build_id!r}.",
            f"These are kept: {', '.join(kept)}.",
        )
    switch(current, Path(build_id))
    sites = reports(folder / build_id)
    if sites:
        switch(folder / "site", sites[-1].relative_to(folder))
    console.print(
        f"readers see {build_id} again; back to {seen}: warehouse rollback --to {seen}",
        highlight=False,
        soft_wrap=True,
    )
    if not sites:
        console.print("its report is not kept: warehouse report writes it anew")
    return build_id


def ledger(target: str | None = None) -> dict[str, int]:
    """What the loader did with the files, by its own ledger in the lake.

    A file whose newest version was refused keeps its earlier version in the lake: it
    counts as one file, as refused, and with the rows that are in.

    Returns:
        files, refused, rows_landed, rows_loaded, rows_rejected (total lines that the
        platforms print are not among them), rows_summary. All 0 before the first load.
    """
    names = ["files", "refused", "rows_landed", "rows_loaded", "rows_rejected"]
    names.append("rows_summary")
    folder = data_dir(target) / "lake" / "loader" / "files"
    if not any(folder.glob("*.parquet")):
        return dict.fromkeys(names, 0)
    with duckdb.connect() as connection:
        row = connection.execute(
            """select
                count(distinct (source, file)),
                count(*) filter (where status = 'refused'),
                coalesce(sum(rows_landed), 0),
                coalesce(sum(rows_loaded), 0),
                coalesce(sum(rows_rejected - rows_summary), 0),
                coalesce(sum(rows_summary), 0)
            from read_parquet(?, union_by_name = true)""",
            [f"{folder}/*.parquet"],
        ).fetchall()[0]
    return dict(zip(names, map(int, row), strict=True))


def sources(target: str | None = None) -> list[dict]:
    """The loader's ledger by source, in the alphabet's order; empty before a load.

    Returns:
        A row a source: source, files, refused, rows_landed, rows_loaded, rows_rejected,
        and the day of its newest load.
    """
    folder = data_dir(target) / "lake" / "loader" / "files"
    if not any(folder.glob("*.parquet")):
        return []
    with duckdb.connect() as connection:
        return read_rows(
            connection,
            """select
                source,
                count(distinct file) as files,
                count(*) filter (where status = 'refused') as refused,
                coalesce(sum(rows_landed), 0)::bigint as rows_landed,
                coalesce(sum(rows_loaded), 0)::bigint as rows_loaded,
                coalesce(sum(rows_rejected - rows_summary), 0)::bigint
                    as rows_rejected,
                cast(cast(max(loaded_at) as date) as varchar) as loaded_on
            from read_parquet(?, union_by_name = true)
            group by source
            order by source""",
            [f"{folder}/*.parquet"],
        )


def _require_good_build(target: str, built: Path) -> None:
    if not built.exists():
        raise UserError(
            "There is no warehouse to publish yet.", "Run `warehouse run` first."
        )
    memory = last_build(target)
    if not memory.get("success"):
        raise UserError(
            "The last build did not pass all its checks; nothing was published.",
            "Run `warehouse build`, mend what it names, then publish.",
        )
    if not build_is_newest(target):
        raise UserError(
            "The warehouse changed after its last `warehouse build`, so nobody has "
            "checked what it holds now.",
            "Run `warehouse build`, then publish.",
        )


def _require_good_check(console: Console, target: str) -> dict[str, int]:
    """The findings of this build's check by severity; it is made if there is none."""
    counts = last_check(target).get("counts") or check(console, target).counts
    if counts["error"]:
        raise UserError(
            f"`warehouse check` found {counts['error']} "
            f"error{'' if counts['error'] == 1 else 's'}: nothing was published, "
            "readers keep the build before.",
            "Mend what it names, then `warehouse run`. If it is meant to be so, give "
            "the check another severity in seeds/checks.csv and run `warehouse check`.",
            last_check(target),
        )
    return counts


def moment_after(folder: Path) -> str:
    """Now, as build ids tell time, or just after the newest publication if the clock
    was set back: ids are in the order of what they name.

    Args:
        folder: The folder `published/`.
    """
    now = datetime.now(UTC)
    newest = max((path.name for path in publications(folder)), default="")
    with contextlib.suppress(ValueError):  # a folder that somebody made by hand
        last = datetime.strptime(newest, ID_FORMAT).replace(tzinfo=UTC)
        now = max(now, last + timedelta(microseconds=1))
    return now.strftime(ID_FORMAT)


def _write(
    console: Console,
    built: Path,
    folder: Path,
    build_id: str,
    target: str,
    checked: dict[str, int],
) -> dict:
    """Fill the folder of a build and return its manifest."""
    previous = whole(folder.parent / "current")
    with duckdb.connect() as connection:
        limit_memory(connection, spill_folder(target))
        connection.execute(f"attach '{built}' as built (read_only)")
        # The file's stem is its catalogue's name, and views remember it.
        connection.execute(
            f"attach '{folder / 'warehouse.duckdb'}' as warehouse "
            f"(storage_version '{STORAGE_VERSION}')"
        )
        connection.execute("use warehouse")
        connection.execute("set variable salt = ?", [salt(target)])
        tables = _copy_tables(console, connection)
        views = _copy_views(connection, built.stem)
        _check(connection, tables)
        if previous:
            connection.execute(
                f"attach '{previous / 'warehouse.duckdb'}' as previous (read_only)"
            )
        restated = write_log(
            connection,
            "warehouse.main",
            "previous.main" if previous else None,
            build_id,
            previous.name if previous else None,
        )
        tables["restatements"] = connection.execute(
            "select count(*) from restatements"
        ).fetchall()[0][0]
        _export(console, connection, folder / "parquet", [*tables, *views])
        as_of = newest_day(connection, "warehouse.main")
    _hand_over_metrics(folder)
    memory = last_build(target)
    manifest = {
        "build_id": build_id,
        "published_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "target": target,
        "as_of": str(as_of) if as_of else None,
        "currency": project_variables()["reporting_currency"],
        "checks": memory.get("checks", 0),
        "warnings": memory.get("warnings", []),
        "findings": checked,
        "restated": restated,
        "dbt": memory.get("counts", {}),
        "files": ledger(target),
        "sources": sources(target),
        "tables": tables,
        "views": views,
        "builds": dict.fromkeys(tables, build_id),
        "made_of": memory.get("made_of"),
        "live": None,
        "sha256": hashes(folder),
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    return manifest


def _hand_over_metrics(folder: Path) -> None:
    """Put dbt's semantic manifest beside the warehouse, by the names it has there."""
    manifest = PROJECT / os.environ.get("DBT_TARGET_PATH", "target") / MANIFEST
    if manifest.exists():
        told = json.loads(manifest.read_text(encoding="utf-8"))
        calendars = told["project_configuration"]["time_spines"]
        for described in [*told["semantic_models"], *calendars]:
            relation = described["node_relation"]
            relation["database"] = "warehouse"
            relation["relation_name"] = f'"warehouse"."main"."{relation["alias"]}"'
        (folder / MANIFEST).write_text(json.dumps(told), encoding="utf-8")


def is_public(name: str) -> bool:
    """True for facts, dimensions, rollups, marts, and the seeds that marts read."""
    is_aside = "__dbt" in name or name.endswith("__changes")
    return not (name.startswith(PRIVATE_PREFIXES) or is_aside)


def _copy_tables(
    console: Console, connection: duckdb.DuckDBPyConnection
) -> dict[str, int]:
    """Copy the public tables; their row counts by name."""
    names = connection.execute(
        "select table_name from duckdb_tables()"
        " where database_name = 'built' and schema_name = 'main' order by table_name"
    ).fetchall()
    return {
        name: copy_table(connection, f"built.main.{name}", name)
        for name in follow(console, (name for (name,) in names if is_public(name)))
    }


def copy_table(connection: duckdb.DuckDBPyConnection, source: str, name: str) -> int:
    """Write a table as readers get it: browsers hashed, sorted where that pays.

    Args:
        connection: With the variable `salt` set.
        source: The table to copy.
        name: The table to write, or to write anew.

    Returns:
        Its rows.
    """
    relation = connection.sql(f"from {source}")
    columns = dict(zip(relation.columns, map(str, relation.types), strict=True))
    rows = connection.execute(f"select count(*) from {source}").fetchall()[0][0]
    connection.execute(
        f"create or replace table {name} as "
        f"select {without_browsers(relation.columns)} from {source} "
        f"{sort_order(columns, rows)}"
    )
    return rows


def _copy_views(connection: duckdb.DuckDBPyConnection, stem: str) -> list[str]:
    """Create the public views over the copied tables; their names."""
    waiting = {
        name: sql.replace(f"{stem}.main.", "warehouse.main.").replace(
            f'"{stem}"."main".', "warehouse.main."
        )
        for name, sql in connection.execute(
            "select view_name, sql from duckdb_views()"
            " where database_name = 'built' and schema_name = 'main' and not internal"
            " order by view_name"
        ).fetchall()
        if is_public(name)
    }
    created: list[str] = []
    while waiting:
        before = len(waiting)
        for name, sql in list(waiting.items()):
            try:
                connection.execute(sql)
            except duckdb.CatalogException:
                continue  # reads a view that is still to come
            created.append(name)
            del waiting[name]
        if len(waiting) == before:
            raise UserError(
                f"These marts read something that is not published: "
                f"{', '.join(waiting)}.",
                "A mart reads facts, rollups, marts and seeds only; mend its ref().",
            )
    return sorted(created)


def require_no_person(connection: duckdb.DuckDBPyConnection, catalogue: str) -> None:
    """Stop where a table for readers has a column that names people.

    Args:
        connection: With the publication attached.
        catalogue: Its name.

    Raises:
        UserError: There is such a column.
    """
    personal = connection.execute(
        "select table_name || '.' || column_name from duckdb_columns()"
        " where database_name = ? and lower(column_name) in"
        f" ({', '.join('?' * len(PERSONAL_COLUMNS))})",
        [catalogue, *sorted(PERSONAL_COLUMNS)],
    ).fetchall()
    if personal:
        raise UserError(
            f"Personal data would be published: {', '.join(c for (c,) in personal)}.",
            "Drop the column from the fact or mart; people are a customer_id there.",
        )


def _check(connection: duckdb.DuckDBPyConnection, tables: dict[str, int]) -> None:
    """What must hold of anything that readers get, whatever dbt said."""
    require_no_person(connection, "warehouse")
    if not tables.get("kpi_values"):
        raise UserError(
            "No KPI has a value, so there is nothing to publish.",
            "Drop exports into the landing folder and run `warehouse run`.",
        )


def _export(
    console: Console,
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    names: list[str],
) -> None:
    """Write the marts as Parquet; single KPIs are all in kpi_values."""
    folder.mkdir()
    kpis = {
        f"kpi_{kpi_id}"
        for (kpi_id,) in connection.execute("select kpi_id from kpi_catalog").fetchall()
    }
    marts = [n for n in names if n not in kpis and not n.startswith(PARTS)]
    for name in follow(console, marts, lambda name: f"{name}.parquet"):
        connection.execute(
            f"copy (from {name}) to '{folder / name}.parquet'"
            " (format parquet, compression zstd)"
        )


def switch(link: Path, to: Path) -> None:
    """Point a link at a folder in one rename, so that no reader sees it missing.

    Args:
        link: The link, `published/current` or `published/site`.
        to: Where it leads, from the link's folder.
    """
    pointer = link.with_name(f".{link.name}.partial")
    pointer.unlink(missing_ok=True)
    pointer.symlink_to(to)
    pointer.replace(link)
    settle([link.parent])


def reports(publication: Path) -> list[Path]:
    """The reports of a publication, the oldest first."""
    return sorted(
        publication.glob("site-*"), key=lambda path: int(path.name.rpartition("-")[2])
    )


def _folders(folder: Path) -> list[Path]:
    """What lies in `published/`, half written or whole, the oldest first; nothing
    before the first publication."""
    if not folder.exists():
        return []
    return sorted(p for p in folder.iterdir() if p.is_dir() and not p.is_symlink())


def publications(folder: Path) -> list[Path]:
    """Publications that are ready, the oldest first."""
    return [path for path in _folders(folder) if not path.name.startswith(".")]


def _forget_old(folder: Path, build_id: str) -> None:
    """Remove all but the newest builds, and what an interrupted publication left."""
    # The report in use, as long as no later one could be written.
    live = [path for path in publications(folder) if is_live(path)]
    builds = [path for path in publications(folder) if path not in live]
    kept = {
        folder / build_id,
        whole(folder / build_id),
        (folder / "site").resolve().parent,
        *builds[-KEPT_BUILDS:],
        *live[-KEPT_LIVE:],
    }
    # Somebody was forgotten: what is older still knows the person, by hash.
    forgotten = last_forgetting(folder.parent)
    kept = {path for path in kept if path.name > forgotten} | {folder / build_id}
    for path in _folders(folder):
        if path not in kept:
            remove_whole(path)
    for path in kept:  # and what an interrupted report left
        for hidden in path.glob(".site*"):
            shutil.rmtree(hidden, ignore_errors=True)
