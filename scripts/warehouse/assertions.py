"""The assertions of `warehouse check`: what dbt's tests cannot see.

dbt tests the tables of one build. These look beyond them: at the files, the loader's
books, the calendar, the history of each export, and the version published before. Each
is a function that yields findings; how bad they are and where they begin is said in
`seeds/checks.csv`.
"""

import contextlib
import csv
import datetime as dt
import difflib
import gzip
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path, PurePosixPath
from statistics import median
from typing import Any

import duckdb

from warehouse.contract import Column, Source, Table, snake
from warehouse.ledger import Entry
from warehouse.paths import PROJECT, project_variables
from warehouse.restatements import moved_values
from warehouse.values import name, text

SEEDS = PROJECT / "seeds"
# Fewer rows a day (or week) than this are chance, and their number is not judged.
FEWEST = 20
DAYS_JUDGED = 7
BASELINE_WEEKS = 12
BASELINE_FILES = 4
# A value that moves by less than half of the usual is a busy or a quiet day.
LEAST_CHANGE = 0.5
# What most of so many files before have is usual.
RECENT_FILES = 8
# Rarer than this, a column is not blank by chance.
CHANCE = 1e-4
# What a seed calls a shop when it means each of them.
EVERY_SHOP = "*"
# How alike two column names must be to be one that was renamed.
ALIKE = 0.6
# The standard deviation of a normal sample in units of its median absolute deviation.
MAD_TO_SIGMA = 1.4826


@dataclass
class Finding:
    """Something that a person should know.

    Attributes:
        check: The check's id in `seeds/checks.csv`.
        subject: What it is about: a file, `source.table` and its shop, a KPI.
        message: What was found, with the numbers.
        to_do: The next step.
        rows: Details for the report, one dictionary a row.
        severity: error, warn or info; set from the seed.
    """

    check: str
    subject: str
    message: str
    to_do: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    severity: str = ""


@dataclass
class Part:
    """The rows of one landed file in one table: a Parquet file of the lake."""

    entry: Entry
    table: Table
    path: Path


@dataclass
class Look:
    """What the assertions look at.

    Attributes:
        connection: With the build attached as `built`, what is published as
            `warehouse`.
        data: The data folder.
        sources: The contracts.
        entries: The loader's books.
        as_of: The day up to which the data go; None where there are none.
        today: The calendar's day; None for data of a made-up shop.
        has_old: Whether a version is published.
        manifest: Its manifest.
    """

    connection: duckdb.DuckDBPyConnection
    data: Path
    sources: dict[str, Source]
    entries: list[Entry]
    as_of: dt.date | None
    today: dt.date | None
    has_old: bool
    manifest: dict

    @cached_property
    def loaded(self) -> list[Entry]:
        """The books' files that are in the lake, the oldest first."""
        found = [entry for entry in self.entries if entry.status == "loaded"]
        return sorted(found, key=lambda e: (e.landed_at or e.loaded_at, e.file))

    @cached_property
    def parts(self) -> list[Part]:
        """Their files in the lake, in the same order; those that are there."""
        found = []
        for entry in self.loaded:
            source = self.sources.get(entry.source)
            for path in map(Path, entry.paths):
                tables = [t for t in source.tables if t.name == path.parent.name]
                whole = self.data / "lake" / path
                if source and tables and path.parts[0] != "loader" and whole.exists():
                    found.append(Part(entry, tables[0], whole))
        return found

    @cached_property
    def filled(self) -> dict[Path, dict[str, tuple[int, int]]]:
        """By file of the lake and column: rows with a value, and rows."""
        found: dict[Path, dict[str, tuple[int, int]]] = {p.path: {} for p in self.parts}
        if self.parts:
            paths = ", ".join(text(path) for path in found)
            for path, column, rows, nulls in self.connection.execute(
                "select file_name, path_in_schema, sum(num_values)::bigint,"
                f" sum(stats_null_count)::bigint from parquet_metadata([{paths}])"
                " where not starts_with(path_in_schema, '_') group by all order by all"
            ).fetchall():
                found[Path(path)][column] = rows - (nulls or 0), rows
        return found

    @cached_property
    def dates(self) -> dict[tuple[str, str, str], dict[dt.date, int]]:
        """Rows by day for each source, table and shop whose rows have dates."""
        found: dict[tuple[str, str, str], dict[dt.date, int]] = {}
        for table, paths in self.tables:
            if not (dated := date_columns(table)):
                continue
            day = ", ".join(name(column.name) for column in dated)
            for shop, date, rows in self.connection.execute(
                f"select {self.shop(table)}, left(coalesce({day}), 10), count(*)"
                f" from {lake_of(table, paths)} group by all order by all"
            ).fetchall():
                # Unix times are moments in the lake; what is no date is left out.
                with contextlib.suppress(TypeError, ValueError):
                    day_of = dt.date.fromisoformat(date)
                    key = table.source, table.name, shop
                    found.setdefault(key, {})[day_of] = rows
        return found

    @cached_property
    def tables(self) -> list[tuple[Table, list[Path]]]:
        """The tables that have rows, each with its files in the lake."""
        found: dict[tuple[str, str], tuple[Table, list[Path]]] = {}
        for part in self.parts:
            key = part.table.source, part.table.name
            found.setdefault(key, (part.table, []))[1].append(part.path)
        return list(found.values())

    @cached_property
    def drifts(self) -> list["_Drift"]:
        """The newest files whose columns differ from those before."""
        return list(_drifts(self))

    def shop(self, table: Table) -> str:
        """SQL for a row's shop: its own word, else its folder, else the default."""
        named = "shop_id, " if "shop_id" in table.lake_columns else ""
        return (
            f"coalesce({named}_shop_id, {text(project_variables()['default_shop_id'])})"
        )

    def has(self, table: str, side: str = "built") -> bool:
        """Whether a warehouse has a table or view."""
        return bool(
            self.connection.execute(
                "select count(*) from information_schema.tables"
                " where table_catalog = ? and table_schema = 'main' and table_name = ?",
                [side, table],
            ).fetchall()[0][0]
        )


@dataclass
class Rule:
    """A row of `seeds/checks.csv`."""

    check: str
    severity: str
    limit: float | None
    description: str


Assertion = Callable[[Look, float | None], Iterator[Finding]]
ASSERTIONS: dict[str, Assertion] = {}


def assertion(function: Assertion) -> Assertion:
    """Make a function one of the checks, by its name."""
    ASSERTIONS[function.__name__] = function
    return function


def read_rules() -> dict[str, Rule]:
    """The rows of `seeds/checks.csv` by check."""
    with (SEEDS / "checks.csv").open(encoding="utf-8") as file:
        return {
            row["check_id"]: Rule(
                row["check_id"],
                row["severity"],
                float(row["limit_value"]) if row["limit_value"] else None,
                row["description"],
            )
            for row in csv.DictReader(file)
        }


def date_columns(table: Table) -> list[Column]:
    """The columns that say when a row happened: what `dated_by` in the table's meta
    names, else its first required date, else all of its dates in their order."""
    if "dated_by" in table.meta:
        return [c for c in table.columns if c.name in table.meta["dated_by"]]
    dates = [
        c
        for c in table.columns
        if c.type in ("date", "timestamp") or c.type.startswith("epoch")
    ]
    required = [column for column in dates if column.required]
    return required[:1] or dates


def lake_of(table: Table, paths: list[Path]) -> str:
    """SQL for the rows of a table, with every column of its contract."""
    empty = paths[0].parent / "_empty.parquet"
    listed = ", ".join(text(path) for path in [*([empty] * empty.exists()), *paths])
    return f"read_parquet([{listed}], union_by_name = true)"


def _where(source: str, table: str, shop: str) -> str:
    return f"{source}.{table} of {shop}"


# --------------------------------------------------------------------- files and books


@assertion
def unloaded_files(look: Look, limit: float | None) -> Iterator[Finding]:
    """What lies in landing/ and is not, or not as it is now, in the lake."""
    from warehouse.load import content_hash

    books = {entry.key: entry for entry in look.entries}
    archives = {
        (entry.source, str(parent))
        for entry in look.entries
        for parent in PurePosixPath(entry.file).parents
    }
    contents = {(e.source, e.content_hash) for e in look.entries}
    waiting = []
    for source in look.sources.values():
        folder = look.data / "landing" / source.name
        for path in sorted([*folder.glob("*"), *folder.glob("*/*")]):
            file = path.relative_to(folder).as_posix()
            if (
                not path.is_file()
                or path.name.startswith((".", "~$"))
                or not any(table.takes(path.name) for table in source.tables)
                or (source.name, file) in archives
            ):
                continue
            entry = books.get((source.name, file))
            moment = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
            if entry and entry.landed_at == moment.replace(tzinfo=None):
                continue
            if (source.name, content_hash(path)) not in contents and not (
                path.suffix == ".gz"
                and (source.name, content_hash(path, gzip.open)) in contents
            ):
                waiting.append({"source": source.name, "file": file})
    if waiting:
        first = f"{waiting[0]['source']}/{waiting[0]['file']}"
        yield Finding(
            "unloaded_files",
            first if len(waiting) == 1 else f"{len(waiting)} files",
            f"{_many(len(waiting), 'landed file')} not loaded yet, or changed since: "
            f"{first}{' …' if len(waiting) > 1 else ''}.",
            "Run `warehouse run`.",
            waiting,
        )


@assertion
def refused_files(look: Look, limit: float | None) -> Iterator[Finding]:
    """Files of which nothing was loaded; an earlier version of them still counts."""
    kept = {entry.key for entry in look.loaded}
    for entry in look.entries:
        if entry.status == "refused":
            earlier = " Its earlier version still counts." if entry.key in kept else ""
            yield Finding(
                "refused_files",
                f"{entry.source}/{entry.file}",
                f"Nothing of it was loaded: {entry.message}{earlier}",
                "Mend or replace the file, then `warehouse run`.",
            )


@assertion
def rejected_rows(look: Look, limit: float | None) -> Iterator[Finding]:
    """Files that lost more than a few rows on the way in."""
    for entry in look.loaded:
        bad = entry.rows_rejected - entry.rows_summary
        if entry.rows_landed and bad / entry.rows_landed > limit:
            yield Finding(
                "rejected_rows",
                f"{entry.source}/{entry.file}",
                f"{bad:,} of {_many(entry.rows_landed, 'row')} rejected "
                f"({bad / entry.rows_landed:.1%}, usual is up to {limit:.1%}).",
                "Read them: select * from stg_loader__rejects where file = "
                f"'{entry.file}'.",
            )


@assertion
def lost_rows(look: Look, limit: float | None) -> Iterator[Finding]:
    """The lake holds the rows that the books say were loaded: not fewer, not more."""
    there = defaultdict(int)
    if look.parts:
        paths = ", ".join(text(part.path) for part in look.parts)
        counted = dict(
            look.connection.execute(
                f"select file_name, num_rows from parquet_file_metadata([{paths}])"
            ).fetchall()
        )
        for part in look.parts:
            there[part.entry.key] += counted[str(part.path)]
    for entry in look.loaded:
        if there[entry.key] != entry.rows_loaded:
            yield Finding(
                "lost_rows",
                f"{entry.source}/{entry.file}",
                f"The books say {_many(entry.rows_loaded, 'row')} loaded, the lake "
                f"has {there[entry.key]:,}.",
                "Somebody changed the lake. Delete the folder lake/ and run "
                "`warehouse run`: it is made from landing/ again.",
            )
    booked = {look.data / "lake" / path for e in look.loaded for path in e.paths}
    for source in look.sources.values():
        for table in source.tables:
            folder = look.data / "lake" / source.name / table.name
            for path in sorted(folder.glob("*.parquet")):
                if path not in booked and path.name != "_empty.parquet":
                    yield Finding(
                        "lost_rows",
                        f"{source.name}.{table.name}",
                        f"The lake has a file that no landed file filled: {path.name}.",
                        "Its rows count in every number. Delete it, then "
                        "`warehouse run`.",
                    )


# ---------------------------------------------------------------- freshness and volume


def _age(look: Look) -> Iterator[tuple[tuple[str, str, str], dt.date, int, int]]:
    """Source, table and shop; newest day; days behind the newest of all; usual gap."""
    if look.as_of is None:
        return
    for key, rows in look.dates.items():
        days = sorted(day for day in rows if day <= look.as_of)
        if len(days) > 2:
            gaps = sorted((b - a).days for a, b in pairwise(days))
            usual = gaps[int(0.9 * (len(gaps) - 1))]
            yield key, days[-1], (look.as_of - days[-1]).days, usual


def _stale(look: Look, limit: float, ends: float) -> Iterator[tuple]:
    """Those that are older than they should be; `ended` after `ends` days."""
    for (source, table_name, shop), newest, age, usual in _age(look):
        table = next(t for t in look.sources[source].tables if t.name == table_name)
        own = table.meta.get("stale_after_days", limit)
        if own is None:
            continue
        allowed = max(float(own), 3 * usual)
        if age > allowed:
            where = _where(source, table_name, shop)
            said = (
                f"The newest row is of {_date(newest)}, {age} days before the newest "
                f"data ({_date(look.as_of)}); its usual gap is {_many(usual, 'day')}, "
                f"allowed {allowed:.0f}."
            )
            yield where, said, age > max(ends, allowed), {
                "source": source, "table": table_name, "shop": shop,
                "newest": newest, "age_days": age, "allowed_days": allowed,
            }  # fmt: skip


@assertion
def stale_sources(look: Look, limit: float | None) -> Iterator[Finding]:
    """Exports that lie behind the others by more than their own rhythm allows."""
    ends = read_rules()["ended_sources"].limit
    for where, said, has_ended, row in _stale(look, limit, ends):
        if not has_ended:
            yield Finding(
                "stale_sources",
                where,
                said,
                "Export it again. Recent periods miss it until then.",
                [row],
            )


@assertion
def ended_sources(look: Look, limit: float | None) -> Iterator[Finding]:
    """Exports that are stale for so long that somebody must have given them up."""
    begins = read_rules()["stale_sources"].limit
    for where, said, has_ended, row in _stale(look, begins, limit):
        if has_ended:
            yield Finding(
                "ended_sources",
                where,
                said,
                "If it was not given up on purpose, export it again.",
                [row],
            )


@assertion
def stale_data(look: Look, limit: float | None) -> Iterator[Finding]:
    """All data lie behind the calendar. The demo shop's history ends on a set day."""
    if look.as_of and look.today and (look.today - look.as_of).days > limit:
        yield Finding(
            "stale_data",
            "all sources",
            f"The newest data are of {_date(look.as_of)}, "
            f"{(look.today - look.as_of).days} days ago.",
            "Export the last days of every source, then `warehouse run`.",
        )


@assertion
def future_data(look: Look, limit: float | None) -> Iterator[Finding]:
    """A date ahead of the calendar moves what the warehouse takes for today."""
    if look.as_of and look.today and (look.as_of - look.today).days > limit:
        late = sorted(
            _where(*key) for key, days in look.dates.items() if max(days) >= look.as_of
        )
        yield Finding(
            "future_data",
            ", ".join(late) or "all sources",
            f"The newest data are of {_date(look.as_of)}, but today is "
            f"{_date(look.today)}.",
            "Look for day and month changed places, or a test row.",
        )


@assertion
def volume(look: Look, limit: float | None) -> Iterator[Finding]:
    """Complete days (weeks, where days are few; files, where rows have no date) that
    hold far fewer or far more rows than the same ones before."""
    for key, rows in look.dates.items():
        odd = list(_odd_days(rows, look.as_of, limit))
        if odd:
            yield _odd_finding(_where(*key), odd)
    counts = defaultdict(list)
    for part in look.parts:
        if not date_columns(part.table):
            key = (part.entry.source, part.table.name, part.entry.shop_id or "")
            counts[key].append(part)
    for (source, table, shop), parts in counts.items():
        *before, newest = [
            (p.entry.file, look.connection.execute(
                f"select count(*) from {text(p.path)}"
            ).fetchall()[0][0])
            for p in parts
        ]  # fmt: skip
        usual = [count for _, count in before[-BASELINE_WEEKS:]]
        if len(usual) >= BASELINE_FILES and is_odd(newest[1], usual, limit):
            yield _odd_finding(
                _where(source, table, shop or project_variables()["default_shop_id"]),
                [{"period": newest[0], "rows": newest[1], "usual": median(usual)}],
            )


def _odd_days(
    rows: dict[dt.date, int], as_of: dt.date | None, limit: float
) -> Iterator[dict[str, Any]]:
    """Days that stand out from the same weekdays, or weeks from the weeks before."""
    # The newest day may still grow.
    last = min(max(rows), as_of or max(rows)) - dt.timedelta(days=1)
    days = (last - min(rows)).days + 1
    # The first days of an export are often cut.
    counts = [rows.get(last - dt.timedelta(days=back), 0) for back in range(days - 1)]
    if len(counts) < 7 * (BASELINE_FILES + 2):
        return
    recent = counts[: 7 * (BASELINE_WEEKS + 1)]
    if median(recent) >= FEWEST:
        for back in range(DAYS_JUDGED):
            usual = counts[back + 7 : back + 7 * BASELINE_WEEKS + 1 : 7]
            if is_odd(counts[back], usual, limit):
                day = last - dt.timedelta(days=back)
                yield {"period": day, "rows": counts[back], "usual": median(usual)}
        return
    weeks = [sum(recent[i : i + 7]) for i in range(0, len(recent) - 6, 7)]
    if is_odd(weeks[0], weeks[1:], limit):
        begin = last - dt.timedelta(days=6)
        yield {"period": begin, "rows": weeks[0], "usual": median(weeks[1:]), "days": 7}


def is_odd(value: float, usual: list[int], limit: float) -> bool:
    """Whether a count is far from what is usual.

    Distance in robust deviations: the median absolute deviation of the counts before,
    at least that of pure chance (the root of the median); and more than half of the
    usual, as counts that hardly vary would make every difference a large one.

    Args:
        value: The count to judge.
        usual: Counts of the same kind before it.
        limit: Deviations from which on it is odd.
    """
    centre = median(usual)
    if max(centre, value) < FEWEST:
        return False
    spread = MAD_TO_SIGMA * median(abs(count - centre) for count in usual)
    distance = abs(value - centre)
    return distance > limit * max(spread, centre**0.5, 1) and distance > (
        LEAST_CHANGE * centre
    )


def _odd_finding(where: str, odd: list[dict[str, Any]]) -> Finding:
    worst = max(odd, key=lambda row: abs(row["rows"] - row["usual"]))
    period = worst["period"]
    if isinstance(period, dt.date):
        period = f"{'the week from ' if 'days' in worst else ''}{_date(period)}"
    more = f" ({len(odd)} days stand out)" if len(odd) > 1 else ""
    way = "only " if worst["rows"] < worst["usual"] else ""
    return Finding(
        "volume",
        where,
        f"{period} has {way}{_many(worst['rows'], 'row')}, usual are "
        f"{worst['usual']:,.0f}{more}.",
        "Look whether the export is whole and covers the time once."
        if way
        else "Look whether rows came twice, or robots did.",
        odd,
    )


# ------------------------------------------------------------------------ schema drift


@dataclass
class _Drift:
    """How the newest file of a table and shop differs from most of those before it."""

    part: Part
    blank: list[Column]  # columns of the contract that it fills no more
    new: list[str]  # columns that the contract does not know


def _drifts(look: Look) -> Iterator[_Drift]:
    """The newest files that differ. What most of the files before have is usual: so
    news is told until it has become usual, even if many files land at once."""
    groups = defaultdict(list)
    for part in look.parts:
        if look.filled[part.path]:
            key = part.entry.source, part.table.name, part.entry.shop_id
            groups[key].append(part)
    for parts in groups.values():
        newest, before = parts[-1], parts[-1 - RECENT_FILES : -1]
        if not before:
            continue
        earlier = [look.filled[part.path] for part in before]
        now = look.filled[newest.path]
        rows = max(rows for _, rows in now.values())
        known = {column.name for column in newest.table.columns}
        known |= set(newest.table.lake_columns)
        yield _Drift(
            newest,
            [
                column
                for column in newest.table.columns
                if now.get(column.name, (0, rows))[0] == 0
                and _chance_of_none(earlier, column.name, rows) < CHANCE
            ],
            [
                column
                for column in now
                if column not in known
                and sum(column in columns for columns in earlier) < len(earlier) / 2
            ],
        )


def _chance_of_none(
    earlier: list[dict[str, tuple[int, int]]], column: str, rows: int
) -> float:
    """How likely so many rows are all blank, by the share that files before filled."""
    shares = [
        min(filled / total, 0.99)
        for columns in earlier
        for filled, total in [columns.get(column, (0, 1))]
    ]
    return (1 - median(shares)) ** rows


@assertion
def schema_drift(look: Look, limit: float | None) -> Iterator[Finding]:
    """Columns that new files lack, have renamed, or leave blank throughout."""
    for drift in look.drifts:
        entry, table = drift.part.entry, drift.part.table
        file = f"{entry.source}/{entry.file}"
        gone = []
        for column in drift.blank:
            alike = [
                found
                for name in (column.name, *map(snake, column.headers))
                for found in difflib.get_close_matches(name, drift.new, 1, ALIKE)
            ]
            evidence = {
                "table": f"{table.source}.{table.name}",
                "column": column.name,
                "renamed_to": alike[0] if alike else None,
            }
            if not alike:
                gone.append((column, evidence))
                continue
            yield Finding(
                "schema_drift",
                file,
                f"The column {column.name} ({column.description.rstrip('.')}) is gone, "
                f"and {alike[0]} is new: renamed?",
                f"If so, add the header to {column.name} in the contract in "
                f"models/staging/{entry.source}/ and run `warehouse run`: the file is "
                "read again.",
                [evidence],
            )
        if gone:
            names = ", ".join(column.name for column, _ in gone)
            yield Finding(
                "schema_drift",
                file,
                f"Missing or blank, and filled by earlier files: {names}.",
                "Export it with these columns. Without them, what is made of them is "
                "empty.",
                [evidence for _, evidence in gone],
            )


@assertion
def new_columns(look: Look, limit: float | None) -> Iterator[Finding]:
    """Columns that only new files have: kept in the lake, read by nothing."""
    for drift in look.drifts:
        if drift.new:
            yield Finding(
                "new_columns",
                f"{drift.part.entry.source}/{drift.part.entry.file}",
                f"New since this file: {', '.join(drift.new)}.",
                "They are kept in the lake. To use one, add it to the contract in "
                f"models/staging/{drift.part.entry.source}/.",
                [{"column": column} for column in drift.new],
            )


# ------------------------------------------------------------ reconciliation of totals


def _newest_of_keys(look: Look, table: Table, paths: list[Path]) -> str:
    """SQL for the rows that count of a table with `reconcile` in its meta: for each key
    those of the newest file. Columns: shop, key, amount, currency, position."""
    meta = table.meta["reconcile"]
    key = " || ':' || ".join(
        f"coalesce({', '.join([*k, text('')])})" for k in meta["key"]
    )
    currency = f"upper(trim(coalesce({', '.join(meta['currency'])})))"
    return f"""
        select shop, key, amount, currency, position
        from (
            select
                {look.shop(table)} as shop, {key} as key, {currency} as currency,
                cast({meta["amount"]} as decimal(18, 4)) as amount, _row as position,
                rank() over (
                    partition by shop, key order by _landed_at desc, _file desc
                ) as version
            from {lake_of(table, paths)}
            where {meta["amount"]} is not null and {meta.get("rows", "true")}
        )
        where version = 1"""


def _reconciled(look: Look, fact: str) -> Iterator[tuple[Table, str]]:
    """The tables that say how they add up to a fact, and their rows that count."""
    if look.has(fact):
        for table, paths in look.tables:
            if table.meta.get("reconcile", {}).get("fact") == fact:
                yield table, _newest_of_keys(look, table, paths)


@assertion
def lost_orders(look: Look, limit: float | None) -> Iterator[Finding]:
    """Every order of an export is in the facts, placed or excluded."""
    for table, raw in _reconciled(look, "fct_orders"):
        lost = look.connection.execute(
            f"""select shop, key as order_id, amount as total, currency
            from (from ({raw}) select distinct on (shop, key) *)
            where shop || ':' || key not in (select order_id from built.main.fct_orders)
            order by all"""
        ).fetchall()
        if lost:
            yield Finding(
                "lost_orders",
                f"{table.source}.{table.name}",
                f"{_many(len(lost), 'order')} with {sum(o[2] for o in lost):,.2f} in "
                f"their own currency are in no fact: {lost[0][1]}"
                f"{' …' if len(lost) > 1 else ''}.",
                f"Follow one: stg_{table.source}__orders, int_orders, fct_orders.",
                _as_rows(("shop", "order_id", "total", "currency"), lost),
            )


@assertion
def order_totals(look: Look, limit: float | None) -> Iterator[Finding]:
    """An order's total in its export is its total in the facts, in its own currency."""
    for table, raw in _reconciled(look, "fct_orders"):
        # Amounts in the reporting currency carry four digits: a rate of 100 to one
        # makes them coarser than a cent.
        off = look.connection.execute(
            f"""select shop, key, raw.amount, charged_total / fx_rate, raw.currency
            from (
                from ({raw}) select shop, key, currency,
                    max_by(amount, position) as amount group by all
            ) as raw
            inner join built.main.fct_orders as facts
                on facts.order_id = raw.shop || ':' || raw.key
                and facts.source_system = {text(table.source)}
            where abs(raw.amount - charged_total / fx_rate)
                > greatest({limit}, 0.0001 / fx_rate)
            order by all"""
        ).fetchall()
        if off:
            files, facts = sum(o[2] for o in off), sum(o[3] for o in off)
            yield Finding(
                "order_totals",
                f"{table.source}.{table.name}",
                f"{_many(len(off), 'order')} differ from their export: {files:,.2f} "
                f"there, {facts:,.2f} in fct_orders, first {off[0][1]}.",
                f"Follow one: stg_{table.source}__orders, int_order_amounts, "
                "fct_orders.charged_total.",
                _as_rows(("shop", "order_id", "export", "fact", "currency"), off),
            )


@assertion
def ad_totals(look: Look, limit: float | None) -> Iterator[Finding]:
    """Spend of the ad exports is spend of the facts, in its own currency; days that a
    finer report replaces are counted apart."""
    if not look.has("int_ad_day_rows"):
        return
    for table, raw in _reconciled(look, "fct_ad_days"):
        off = look.connection.execute(
            f"""select currency, exported, counted, replaced
            from (from ({raw}) select currency, count(*) as n, sum(amount) as exported
                group by all)
            full join (
                select currency, sum(spend / fx_rate) as counted, count(*) as days,
                    count(*) filter (spend is null) as unpriced
                from built.main.fct_ad_days
                where source_system = {text(table.source)} group by all
            ) using (currency)
            left join (
                select currency, sum(spend) as replaced from built.main.int_ad_day_rows
                where source_system = {text(table.source)} and is_superseded
                group by all
            ) using (currency)
            where coalesce(unpriced, 0) = 0
                and not coalesce(
                    abs(exported - counted - coalesce(replaced, 0))
                        <= {limit} * sqrt(greatest(n, days)), false)
            order by all"""
        ).fetchall()
        for currency, exported, counted, replaced in off:
            yield Finding(
                "ad_totals",
                f"{table.source}.{table.name}",
                f"The exports spend {exported or 0:,.2f} {currency}, fct_ad_days "
                f"{counted or 0:,.2f}"
                + (f" and replaced days {replaced:,.2f}" if replaced else "")
                + ".",
                f"Compare stg_{table.source}__*, int_ad_day_rows and fct_ad_days by "
                "month.",
            )


@assertion
def printed_totals(look: Look, limit: float | None) -> Iterator[Finding]:
    """The total that a platform prints below a report is that of the report's rows."""
    for part in look.parts:
        amount = part.table.meta.get("printed_total")
        if not amount or not part.entry.rows_summary:
            continue
        rows = look.connection.execute(
            f"select sum(try_cast({amount} as double)) from {text(part.path)}"
        ).fetchall()[0][0]
        rejects = look.data / "lake" / next(
            p for p in part.entry.paths if p.startswith("loader/")
        )  # fmt: skip
        printed = [
            number
            for (line,) in look.connection.execute(
                f"select raw_row from {text(rejects)} where kind = 'summary'"
                f" and table_name = {text(part.table.name)}"
            ).fetchall()
            for number in _numbers(line)
        ]
        if rows and not any(abs(n - rows) <= limit * rows for n in printed):
            yield Finding(
                "printed_totals",
                f"{part.entry.source}/{part.entry.file}",
                f"Its rows have {amount} of {rows:,.2f}, and none of the totals "
                "printed below them says so.",
                "The file may be cut off: export it again.",
            )


def _numbers(line: str) -> list[float]:
    """The numbers of a line of CSV, with a point or a comma."""
    found = []
    for cell in next(csv.reader([line], delimiter="\t" if "\t" in line else ","), []):
        digits = "".join(c for c in cell if c in "0123456789.,-")
        if digits.rfind(",") > digits.rfind(".") and digits[-3:-2] == ",":
            digits = digits.replace(".", "").replace(",", ".")
        try:
            found.append(float(digits.replace(",", "")))
        except ValueError:
            continue
    return found


# ----------------------------------------------------------- against what was published


@assertion
def shrunk_tables(look: Look, limit: float | None) -> Iterator[Finding]:
    """Facts that have fewer rows than those that readers have now."""
    for table, before in look.manifest.get("tables", {}).items():
        if not table.startswith(("fct_", "dim_c", "dim_p")) or not before:
            continue
        if not look.has(table):
            continue
        now = look.connection.execute(
            f"select count(*) from built.main.{name(table)}"
        ).fetchall()[0][0]
        if now < before * (1 - limit):
            yield Finding(
                "shrunk_tables",
                table,
                f"{now:,} rows, {before:,} when it was published last "
                f"({now / before - 1:.1%}).",
                "Look whether files left the landing folder, or a newer export of the "
                "same file holds less.",
            )


def _moved(look: Look, is_mature: bool) -> list[dict[str, Any]]:
    if not look.has_old:
        return []
    query = f"""select * exclude (was_mature)
        from ({moved_values("built.main", "warehouse.main")})
        where was_mature = {is_mature}
        order by dimension <> 'all', abs(difference) / nullif(abs(old_value), 0) desc
            nulls first, kpi_id, grain, period_start, member"""
    result = look.connection.execute(query)
    names = [column[0] for column in result.description]
    return _as_rows(names, result.fetchall())


def _moved_findings(check: str, rows: list[dict[str, Any]]) -> Iterator[Finding]:
    """One finding a KPI; the largest move of the whole speaks for it."""
    by_kpi = defaultdict(list)
    for row in rows:
        by_kpi[row["kpi_id"]].append(row)
    for kpi_id, moved in by_kpi.items():
        # A month says more than a day of it.
        first = min(
            moved,
            key=lambda row: (row["dimension"] != "all", row["grain"] != "month"),
        )
        where = "" if first["dimension"] == "all" else f" of {first['member']}"
        more = f", and {len(moved) - 1:,} more" if len(moved) > 1 else ""
        yield Finding(
            check,
            kpi_id,
            f"{_period(first['grain'], first['period_start'])}{where}: "
            f"{_value(first['old_value'])} → {_value(first['new_value'])}"
            f"{_difference(first['difference'])}{more}.",
            "Tell those who have used the number; the log restatements will have it.",
            moved,
        )


@assertion
def closed_periods(look: Look, limit: float | None) -> Iterator[Finding]:
    """Published values of closed periods that this build changes."""
    yield from _moved_findings("closed_periods", _moved(look, True))


@assertion
def maturing_periods(look: Look, limit: float | None) -> Iterator[Finding]:
    """The same, where the KPI was still to change when it was published."""
    yield from _moved_findings("maturing_periods", _moved(look, False))


# -------------------------------------------------------------------------------- seeds


@assertion
def unknown_shops(look: Look, limit: float | None) -> Iterator[Finding]:
    """Seeds that speak of shops of which there is not a row."""
    shops = {shop for _, _, shop in look.dates}
    shops |= {entry.shop_id for entry in look.loaded if entry.shop_id}
    if not shops:
        return
    for path in sorted(SEEDS.glob("*.csv")):
        with path.open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        named = {row.get("shop_id") for row in rows}
        named |= {row["member"] for row in rows if row.get("dimension") == "shop"}
        for shop in sorted(filter(None, named - shops - {EVERY_SHOP})):
            alike = difflib.get_close_matches(shop, sorted(shops), 1, ALIKE)
            hint = f" There is {alike[0]}." if alike else ""
            yield Finding(
                "unknown_shops",
                f"seeds/{path.name}",
                f"The shop {shop} has no data.{hint}",
                "Mend the name, or delete its rows.",
            )


# -------------------------------------------------------------------------------- words


def _as_rows(names, rows: list[tuple]) -> list[dict[str, Any]]:
    return [dict(zip(names, row, strict=True)) for row in rows]


def _many(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _date(day: dt.date) -> str:
    return f"{day.day} {day:%b %Y}"


def _period(grain: str, start: dt.datetime) -> str:
    words = {
        "week": f"week of {_date(start)}",
        "month": f"{start:%B %Y}",
        "quarter": f"quarter {(start.month + 2) // 3} of {start:%Y}",
        "year": f"{start:%Y}",
    }
    return words.get(grain, _date(start))


def _value(value: float | None) -> str:
    if value is None:
        return "nothing"
    return f"{value:,.2f}" if abs(value) >= 10 else f"{value:,.4g}"


def _difference(difference: float | None) -> str:
    if difference is None:
        return ""
    sign = "+" if difference > 0 else "−"
    return f" ({sign}{_value(abs(difference))})"
