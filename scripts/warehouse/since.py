"""What has come to the lake since the last build, to build on top of it.

A landed file touches the days of its rows. Which those are is read once a file, and
kept with what the build remembers: a file that is replaced or leaves touches the days
that it had, too. Only tables whose contract says `followed_by` are followed: a column
with the moment of the row, or `_file`, where no day decides what else a row may change,
and its files are all that is asked. Of the others it is known that they moved, no more.

What hangs on no table that moved is left as it is, and so are views and seeds: they say
what they said.
"""

from pathlib import Path

import duckdb

from warehouse.contract import read_contracts
from warehouse.inputs import moved_tables
from warehouse.values import name as quoted
from warehouse.values import text as literal

Days = dict[str, dict]  # by the file in the lake: its stamp, the landed file, its days
FILE = "_file"  # `followed_by` of the tables that are followed by file


def days_of_files(lake: Path, known: Days | None = None) -> Days:
    """The days that each file of the followed tables touches.

    Args:
        lake: The folder `lake/`.
        known: What was found before; files that are as they were are not read again.

    Returns:
        By `source/table/file.parquet`: `stamp` (size, time), `file` (the landed file's
        name) and `days` (ISO dates, UTC; none of tables that are followed by file), for
        files that have rows.
    """
    found: Days = {}
    with duckdb.connect() as connection:
        for table, column in followed_tables().items():
            for path in sorted((lake / table).glob("[!_]*.parquet")):
                stat = path.stat()
                stamp = [stat.st_size, stat.st_mtime_ns]
                key = path.relative_to(lake).as_posix()
                if known and known.get(key, {}).get("stamp") == stamp:
                    found[key] = known[key]
                    continue
                day = f"cast(cast({quoted(column)} as timestamp) as date)"
                rows = connection.execute(
                    f"select any_value(_file), {'null' if column == FILE else day}"
                    f" as day from read_parquet({literal(path)})"
                    " group by day order by day"
                ).fetchall()
                found[key] = {
                    "stamp": stamp,
                    "file": rows[0][0] if rows else None,
                    "days": [str(day) for _, day in rows if day],
                }
    return found


def followed_tables() -> dict[str, str]:
    """The tables that are followed, `source/table`, and by which column."""
    return {
        f"{table.source}/{table.name}": table.meta["followed_by"]
        for source in read_contracts().values()
        for table in source.tables
        if table.meta.get("followed_by")
    }


def since_last_build(memory: dict, now: dict, days: Days) -> dict | None:
    """What a build on top of the last one must know.

    Args:
        memory: What the last build remembered: `made_of`, `days`, `is_consistent`,
            and `ask_again`, the tests that did not pass.
        now: What `inputs` says now.
        days: What `days_of_files` says now.

    Returns:
        `followed`: by table the `days` that new, replaced and gone files touch, and the
        landed `files` that have rows of them, or are such files themselves; `moved`:
        tables of which is only known that they are others; `ask_again`, as it was
        remembered. None if all must be made anew: the project is another, or the last
        build left no whole.
    """
    made_of, before = memory.get("made_of"), memory.get("days")
    if not (memory.get("is_consistent") and made_of and before is not None):
        return None
    if made_of["project"] != now["project"]:
        return None
    moved = moved_tables(made_of, now)
    followed = {}
    followed_by = followed_tables()
    for table in sorted(moved & followed_by.keys()):
        old, new = (_of_table(table, each) for each in (before, days))
        others = {key for key in old | new if old.get(key) != new.get(key)}
        if followed_by[table] == FILE:
            touched = _files_touched(old, new, others)
        else:
            touched = _days_touched(old, new, others)
        if touched:
            followed[table] = touched
    return {
        "moved": sorted(moved - followed.keys()),
        "followed": followed,
        "ask_again": memory.get("ask_again", []),
    }


def what_hangs_on(since: dict) -> list[str]:
    """dbt's selectors of what a build on top of the last one may find changed.

    Args:
        since: What `since_last_build` said.

    Returns:
        Each table that moved with all that hangs on it, and the tests to ask again.
    """
    tables = [*since["moved"], *since["followed"]]
    moved = [f"source:{table.replace('/', '.')}+" for table in tables]
    return moved + since["ask_again"]


def _of_table(table: str, days: Days) -> Days:
    return {key: one for key, one in days.items() if key.startswith(f"{table}/")}


# Most of the history is made anew faster as a whole: then nothing is followed.


def _days_touched(old: Days, new: Days, others: set[str]) -> dict | None:
    touched = {
        day
        for key in others
        for each in (old, new)
        for day in each.get(key, {}).get("days", [])
    }
    history = {day for each in new.values() for day in each["days"]}
    if 2 * len(touched) > len(history):
        return None
    files = {e["file"] for e in new.values() if touched & set(e["days"])}
    return {"days": sorted(touched), "files": sorted(files)}


def _files_touched(old: Days, new: Days, others: set[str]) -> dict | None:
    size = {key: one["stamp"][0] for key, one in new.items()}
    if 2 * sum(size.get(key, 0) for key in others) > sum(size.values()):
        return None
    entries = [each[key] for each in (old, new) for key in others if key in each]
    return {"days": [], "files": sorted({e["file"] for e in entries if e["file"]})}
