"""The source contracts: what an export must hold, read from the staging YAML.

One folder below `models/staging/` describes one platform; the loader and the staging
models read the same file, so a new source is one folder and no Python.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from warehouse.errors import UserError
from warehouse.paths import PROJECT

TYPES = (
    "text",
    "number",
    "percent",
    "integer",
    "boolean",
    "date",
    "timestamp",
    "epoch_s",
    "epoch_ms",
    "epoch_us",
)
LAKE_COLUMNS = ("_file", "_row", "_landed_at", "_loaded_at", "_shop_id")
_DATA_SUFFIXES = (".csv", ".txt", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet")
_DATA_SUFFIXES += (".xlsx", ".xlsm", ".gz", ".zip")
_CURRENCY = "{currency}"
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast


def normal(header: str) -> str:
    """A header as it is compared: without case, blanks, underscores and BOM."""
    return re.sub(r"[\s_\ufeff]+", "", header).casefold()


def snake(header: str) -> str:
    """A header as a column name; empty when it holds no letter or digit."""
    return re.sub(r"[\W_]+", "_", header.replace("\ufeff", "").lower()).strip("_")


def stem(file_name: str) -> str:
    """A file name in lower case without the endings of data files."""
    name = file_name.lower()
    while name.endswith(_DATA_SUFFIXES):
        name = name.rsplit(".", 1)[0]
    return name


def is_data_file(name: str) -> bool:
    """Whether a name ends as data files do."""
    return name.lower().endswith(_DATA_SUFFIXES)


@dataclass(frozen=True)
class Column:
    """One column of a contract: its canonical name and the headers it goes by."""

    name: str
    headers: tuple[str, ...] = ()
    type: str = "text"
    required: bool = False
    description: str = ""
    meta: dict[str, Any] = field(default_factory=dict, hash=False, compare=False)

    @cached_property
    def exact(self) -> frozenset[str]:
        """The normal forms of the headers without a `{currency}` part."""
        names = (self.name, *self.headers)
        return frozenset(normal(name) for name in names if _CURRENCY not in name)

    @cached_property
    def patterns(self) -> tuple[re.Pattern[str], ...]:
        """Patterns of the headers with a `{currency}` part, group 1 the currency."""
        found = []
        for header in self.headers:
            if _CURRENCY in header:
                left, right = (re.escape(normal(h)) for h in header.split(_CURRENCY, 1))
                found.append(re.compile(f"{left}([^()0-9]{{1,5}}?){right}"))
        return tuple(found)


@dataclass(frozen=True)
class Match:
    """A column of a file: where it stands and what it becomes in the lake."""

    position: int
    header: str
    name: str
    column: Column | None = None

    @property
    def type(self) -> str:
        return self.column.type if self.column else "text"

    @property
    def required(self) -> bool:
        return self.column is not None and self.column.required


@dataclass(frozen=True)
class Fit:
    """How a header fits a table: matched columns, absent ones, captured values."""

    table: "Table"
    matches: tuple[Match, ...]
    missing: tuple[Column, ...]
    currencies: dict[str, str]

    @property
    def rank(self) -> tuple[int, int]:
        """Of several tables that fit, the one with the greatest rank takes the rows."""
        required = sum(column.required for column in self.table.columns)
        return required, sum(match.column is not None for match in self.matches)


@dataclass(frozen=True)
class Table:
    """A table of a source: which files, which columns, how to read them.

    `meta` is what its YAML says besides, that of its source included: what
    `warehouse check` needs to know (dated_by, stale_after_days, reconcile,
    printed_total).
    """

    source: str
    name: str
    description: str
    files: tuple[str, ...]
    reader: dict[str, Any]
    columns: tuple[Column, ...]
    meta: dict[str, Any] = field(default_factory=dict)

    def takes(self, file_name: str) -> bool:
        """Whether a file of this name belongs to the table (endings do not matter)."""
        name = stem(file_name)
        return any(fnmatchcase(name, stem(pattern)) for pattern in self.files)

    @property
    def required(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.required)

    @property
    def lake_columns(self) -> list[str]:
        """The text columns that every reader of the lake may count on."""
        names = [column.name for column in self.columns]
        names += [f"{c.name}_currency" for c in self.columns if c.patterns]
        names += list(self.reader.get("preamble") or {})
        return list(dict.fromkeys(names))

    def missing_required(self, header: Sequence[str]) -> list[Column]:
        """The required columns that a header does not hold."""
        found = {normal(name) for name in header}
        return [
            column
            for column in self.required
            if not (column.exact & found)
            and not any(p.fullmatch(h) for p in column.patterns for h in found)
        ]

    def fit(self, header: Sequence[str], virtual: frozenset[int] = frozenset()) -> Fit:
        """Match a header that holds all required columns.

        Args:
            header: The names in the file, in its order; may hold empty and double ones.
            virtual: Positions that are no columns of their own (a nested field), so
                that they are left out when no column of the contract asks for them.

        Returns:
            Every position with its lake name: the contract's name, or the header in
            snake case (with _2, _3 … where that is taken).
        """
        normals = [normal(name) for name in header]
        by_position: dict[int, Column] = {}
        currencies: dict[str, str] = {}
        missing = []
        for column in self.columns:
            free = [i for i in range(len(header)) if i not in by_position]
            hit = next((i for i in free if normals[i] in column.exact), None)
            if hit is None:
                for i in free:
                    for pattern in column.patterns:
                        if found := pattern.fullmatch(normals[i]):
                            hit = i
                            currencies[f"{column.name}_currency"] = found[1].upper()
                            break
                    if hit is not None:
                        break
            if hit is None:
                missing.append(column)
            else:
                by_position[hit] = column
        taken = {*self.lake_columns, *LAKE_COLUMNS, *currencies}
        matches = []
        for i, name in enumerate(header):
            if column := by_position.get(i):
                matches.append(Match(i, name, column.name, column))
            elif i not in virtual:
                base = snake(name) or f"column_{i + 1}"
                lake_name, count = base, 1
                while lake_name in taken:
                    count += 1
                    lake_name = f"{base}_{count}"
                taken.add(lake_name)
                matches.append(Match(i, name, lake_name))
        return Fit(self, tuple(matches), tuple(missing), currencies)


@dataclass(frozen=True)
class Source:
    """A platform: the tables its exports fill."""

    name: str
    label: str
    description: str
    tables: tuple[Table, ...]
    path: Path

    @cached_property
    def hash(self) -> str:
        """Changes when files would be read differently, not when words change."""
        facts = [
            [
                table.name,
                table.files,
                table.reader,
                [[c.name, c.headers, c.type, c.required] for c in table.columns],
            ]
            for table in self.tables
        ]
        text = json.dumps(facts, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def contract_root() -> Path:
    """The folder that holds one folder per source."""
    return PROJECT / "models" / "staging"


def read_contracts(root: Path | None = None) -> dict[str, Source]:
    """Read every source whose tables are loaded from files.

    Args:
        root: The folder with one folder per source; the project's staging folder when
            left out.

    Returns:
        The sources by name, in the order of their folders.

    Raises:
        UserError: A contract is not valid; the message names file, table and column.
    """
    root = root or contract_root()
    sources: dict[str, Source] = {}
    for path in sorted(root.glob("*/_*.yml")):
        for part in _sources(path, path.read_bytes()):
            # A long contract may lie in several files: each tells some of the tables.
            known = sources.setdefault(part.name, part)
            if known is part:
                continue
            twice = {t.name for t in known.tables} & {t.name for t in part.tables}
            if twice:
                raise UserError(
                    f"The table {part.name}.{min(twice)} is described twice: in "
                    f"{known.path.parent} and in {part.path}.",
                    "Keep one of the two.",
                )
            sources[part.name] = replace(known, tables=known.tables + part.tables)
    return sources


@cache
def _sources(path: Path, content: bytes) -> tuple[Source, ...]:
    """The sources of a file; a process that lasts reads each version of it once."""
    try:
        told = yaml.load(content.decode("utf-8"), _Loader) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}", "Mend the YAML.") from None
    if not isinstance(told, dict):
        raise UserError(f"{path} is not a YAML mapping.", "Mend the YAML.")
    found = []
    for source in told.get("sources") or []:
        meta = _meta(source)
        tables = tuple(
            _table(path, source["name"], table, meta)
            for table in source.get("tables") or []
            if _meta(table).get("files")
        )
        if tables:
            label = str(meta.get("label") or source["name"])
            words = source.get("description") or ""
            found.append(Source(source["name"], label, words, tables, path))
    return tuple(found)


def _meta(node: dict[str, Any]) -> dict[str, Any]:
    return {
        **(node.get("meta") or {}),
        **((node.get("config") or {}).get("meta") or {}),
    }


def _table(path: Path, source: str, node: dict, source_meta: dict) -> Table:
    meta = {**source_meta, **_meta(node)}
    where = f"{path}, table {node['name']}"
    reader = {**(source_meta.get("reader") or {}), **(meta.get("reader") or {})}
    for name, allowed in (
        ("date_format", {"iso", "dmy", "mdy", "ymd", "excel"}),
        ("decimal", {"auto", ".", ","}),
    ):
        if name in reader and reader[name] not in allowed:
            raise UserError(
                f"{where}: reader.{name} is {reader[name]!r}.",
                f"Write one of {', '.join(sorted(allowed))}.",
            )
    for rule in reader.get("summary_rows") or []:
        if not isinstance(rule, dict) or "column" not in rule:
            raise UserError(
                f"{where}: a rule of reader.summary_rows has no column.",
                'Write for example {column: campaign, starts_with: "Total:"}.',
            )
    for name, pattern in (reader.get("preamble") or {}).items():
        try:
            groups = re.compile(pattern).groups
        except re.error as error:
            raise UserError(
                f"{where}: reader.preamble.{name} is no regular expression: {error}.",
                "Mend the pattern.",
            ) from None
        if groups < 1:
            raise UserError(
                f"{where}: reader.preamble.{name} captures nothing.",
                "Put parentheses around the part that is the value.",
            )
    columns = []
    for column in node.get("columns") or []:
        column_meta = _meta(column)
        kind = column_meta.get("type", "text")
        if kind not in TYPES:
            raise UserError(
                f"{where}, column {column['name']}: the type {kind!r} is not known.",
                f"Write one of {', '.join(TYPES)}.",
            )
        headers = column_meta.get("headers") or ()
        headers = (headers,) if isinstance(headers, str) else headers
        columns.append(
            Column(
                name=column["name"],
                headers=tuple(str(header) for header in headers),
                type=kind,
                required=bool(column_meta.get("required")),
                description=column.get("description") or "",
                meta=column_meta,
            )
        )
    if not columns:
        raise UserError(f"{where} has no columns.", "List the columns of the export.")
    if not any(column.required for column in columns):
        raise UserError(
            f"{where} has no required column, so that any line could be its header.",
            "Mark the columns that every export of it has with `required: true`.",
        )
    files = meta["files"]
    return Table(
        source=source,
        name=node["name"],
        description=node.get("description") or "",
        files=(files,) if isinstance(files, str) else tuple(files),
        reader=reader,
        columns=tuple(columns),
        meta=meta,
    )


def _first(fits: list[Fit]) -> Fit | None:
    return max(fits, key=lambda fit: fit.rank) if fits else None


def best_fit(
    tables: Sequence[Table],
    header: Sequence[str],
    virtual: frozenset[int] = frozenset(),
) -> Fit | None:
    """The table that takes rows under this header: of those that fit, the pickiest."""
    fitting = [table for table in tables if not table.missing_required(header)]
    return _first([table.fit(header, virtual) for table in fitting])
