"""`warehouse new`: the files of a KPI or a source, as CONTRIBUTING.md describes them.

What a machine can know is written: it parses, builds and passes. What only a person
knows says FILL IN, and `tests/python/test_structure.py` names each until it is done.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from warehouse.catalog import Kpi, kpis, listed_kpis
from warehouse.contract import Table, normal, read_contracts
from warehouse.errors import UserError
from warehouse.lineage import MODELS, model_files, nodes
from warehouse.paths import PROJECT
from warehouse.template import flat_tables
from warehouse.values import text

if TYPE_CHECKING:
    from rich.console import Console

FILL_IN = "FILL IN"
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
UNITS = (
    "money", "count", "percent", "number", "ratio", "seconds", "minutes", "hours",
    "days", "months", "points", "position",
)  # fmt: skip
BETTER = ("up", "down", "none")
LANGUAGES = ("en", "es", "fr", "ru", "zh")
# Columns of a rollup that say which number it is.
KEY = ("grain", "period_start", "dimension", "member")
CONTRACT = """version: 2

sources:
  - name: {name}
    description: >
      FILL IN: what {name} is, and what its export says otherwise than people expect.
    config:
      external_location: "{location}"
      meta: {{label: {label}, reader: {{date_format: iso}}}}
    tables:
      - name: {table}
        description: {description}
        # FILL IN: how the platform names the file.
        config: {{meta: {{files: ["*{table}*"]}}}}
        # FILL IN: `headers` are the file's own words for each column. A column that it
        # has not goes; in the view, it is a cast(null as its type) then.
        columns:
{columns}

models:
  - name: stg_{name}__{table}
    description: >
{words}
    data_tests:
      - valid_rows:
          arguments: {arguments}
    columns:
{model_columns}
"""


@dataclass
class Made:
    """What was written.

    Attributes:
        written: New files, from the project's folder.
        changed: Files that got a line.
        to_do: What only a person can do, in order.
    """

    written: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    to_do: list[str] = field(default_factory=list)


def new_kpi(
    console: "Console",
    name: str,
    rollup: str,
    numerator: str,
    denominator: str | None = None,
    theme: str | None = None,
    unit: str | None = None,
    better: str = "none",
) -> Made:
    """Write the view and the YAML of a KPI, and list it in kpi_values.

    Args:
        console: Where to say what was written and what comes next.
        name: The id, such as `share_of_gifts`.
        rollup: The rollup that has its parts.
        numerator: A column of it.
        denominator: Another; a sum has none.
        theme: A folder of models/marts; that of most KPIs of the rollup when left out.
        unit: A unit of `kpi_catalog`; percent for a ratio, count for a sum when left
            out.
        better: up, down or none.

    Returns:
        The files.

    Raises:
        UserError: The name is taken or no name; rollup, column, theme or unit do not
            exist. Then nothing was written.
    """
    _named(name)
    view = f"kpi_{name}"
    if view in nodes() or name in listed_kpis():
        raise UserError(
            f"There is a KPI {name!r} already.", f"warehouse explain {name} shows it."
        )
    rollups = {n: n for n, node in nodes().items() if node.layer == "rollups"}
    _known("rollup", rollup, rollups)
    columns = [c["name"] for c in _described(rollup)["columns"] if c["name"] not in KEY]
    for column in filter(None, (numerator, denominator)):
        _known(f"column of {rollup}", column, columns)
    relatives = [k for k in kpis() if rollup in nodes()[f"kpi_{k.kpi_id}"].reads]
    theme = theme or _most(k.meta["theme"] for k in relatives)
    _known("theme", theme or "", {kpi.meta["theme"] for kpi in kpis()})
    unit = unit or ("percent" if denominator else "count")
    _known("unit", unit, UNITS)
    _known("direction", better, BETTER)

    folder = MODELS / "marts" / theme
    sql, yml = folder / f"{view}.sql", folder / f"{view}.yml"
    _write(sql, _view(rollup, numerator, denominator))
    words = _kpi_yaml(
        name, rollup, numerator, denominator, theme, unit, better, relatives
    )
    _write(yml, words)
    listed = MODELS / "marts" / "scorecard" / "kpi_values.sql"
    _list_kpi(listed, name, theme)
    done = Made(
        written=[_path(sql), _path(yml)],
        changed=[_path(listed)],
        to_do=[
            f"{_path(yml)}: what counts, what is left out, its names, and the case of "
            f"the unit test that is yours; whatever says {FILL_IN}",
            f"warehouse build --select {view}+1",
            f"a case of {view}'s rollup in a test of tests/, if none reads it yet",
            "make docs, then make test",
        ],
    )
    _say(console, done)
    return done


def new_source(
    console: "Console", name: str, like: str, example: Path | None = None
) -> Made:
    """Write the folder of a source: its contract, and the view of its first table.

    It begins as the flat template of the same thing, whose view gives the columns that
    the `int_` model wants.

    Args:
        console: Where to say what was written and what comes next.
        name: The platform, such as `gorgias`.
        like: The flat table that holds the same thing, such as `tickets`.
        example: An export of the platform: columns that it has by the same name are
            known, and its other headers are listed.

    Returns:
        The files.

    Raises:
        UserError: The source is there or has no name; there is no such flat table; the
            example cannot be read. Then nothing was written.
    """
    _named(name)
    folder = MODELS / "staging" / name
    if folder.exists() or name in read_contracts():
        raise UserError(
            f"There is a source {name!r} already.",
            f"Another table of it: an entry in the YAML of {_path(folder)} and a view.",
        )
    tables = {n: t for n, t in flat_tables().items() if f"stg_flat__{n}" in nodes()}
    _known("flat table", like, tables)
    headers = _headers(example) if example else None
    sibling = f"stg_flat__{like}"
    view = f"stg_{name}__{like}"
    sql, yml = folder / f"{view}.sql", folder / f"_{name}.yml"
    query = nodes()[sibling].path.read_text(encoding="utf-8")
    folder.mkdir()
    _write(yml, _source_yaml(name, like, tables[like], _described(sibling), headers))
    _write(sql, query.replace("'flat'", f"'{name}'"))
    readers = [node for node in nodes().values() if sibling in node.reads]
    done = Made(
        written=[_path(yml), _path(sql)],
        to_do=[
            f"{_path(yml)}: the platform's own headers and files; whatever says "
            f"{FILL_IN}",
            *(
                f"{_path(node.path)}: a union all of {view}, beside {sibling}; and in "
                f"each of its unit tests the input ref('{view}'), rows: [] will do"
                for node in readers
            ),
            f"data/landing/{name}/<shop_id>/: an export, then warehouse load {name}",
            f"{name} in meta.sources of the KPIs that it feeds, in README.md and in "
            "docs/start.md",
            "make docs, then make test",
        ],
    )
    _say(console, done)
    return done


# ------------------------------------------------------------------------------- a KPI


def _view(rollup: str, numerator: str, denominator: str | None) -> str:
    """The seven columns."""
    value = f"cast({numerator} as double)"
    below = f"cast({denominator} as double)" if denominator else "cast(1 as double)"
    if denominator:
        value += f" / nullif({denominator}, 0)"
    return (
        "select\n    grain,\n    period_start,\n    dimension,\n    member,\n"
        f"    cast({numerator} as double) as numerator,\n    {below} as denominator,\n"
        f"    {value} as value\nfrom {{{{ ref('{rollup}') }}}}\n"
    )


def _kpi_yaml(
    name: str,
    rollup: str,
    numerator: str,
    denominator: str | None,
    theme: str,
    unit: str,
    better: str,
    relatives: list[Kpi],
) -> str:
    """Words and unit test of a KPI; what the columns tell is told."""
    described = {
        column["name"]: str(column.get("description", "")).rstrip(".")
        for column in _described(rollup)["columns"]
    }
    parts = [numerator, *([denominator] if denominator else [])]
    formula = " ÷ ".join(part.replace("_", " ") for part in parts)
    told = "; ".join(f"{part}: {described[part]}" for part in parts)
    of_theme = [kpi for kpi in kpis() if kpi.meta["theme"] == theme]
    owner = _most(k.meta["owner"] for k in relatives or of_theme)
    sources = dict.fromkeys(s for k in relatives or of_theme for s in k.meta["sources"])
    is_share = bool(denominator) and unit == "percent"
    lines = [
        "version: 2",
        "",
        "models:",
        f"  - name: kpi_{name}",
        "    description: >",
        "      One row per grain, period, dimension and member. FILL IN: what counts,",
        f"      and what is left out. {told}.",
        "    config:",
        "      meta:",
        f"        label: {name.replace('_', ' ').capitalize()}",
        f"        theme: {theme}",
        f"        unit: {unit}",
        f"        better: {better}",
        f"        kind: {'ratio' if denominator else 'sum'}",
        f"        additive: {'false' if denominator else 'true'}",
    ]
    if is_share:
        lines.append("        # true if it counts some of what the denominator counts")
        lines.append("        proportion: false")
    lines += [
        f"        owner: {owner}",
        f"        sources: [{', '.join(sources)}]",
        f"        formula: {formula}",
        "        elsewhere:",
        "          FILL IN: 'how another system counts it, or nothing of elsewhere'",
        "        aliases:",
        *(f"          {language}: [FILL IN]" for language in LANGUAGES),
        "",
        "unit_tests:",
        *_unit_test(name, rollup, numerator, denominator),
    ]
    return "\n".join(lines) + "\n"


def _unit_test(
    name: str, rollup: str, numerator: str, denominator: str | None
) -> list[str]:
    """A case that holds of any such KPI; the one that is its own is to be written."""
    key = "grain: month, period_start: 2026-09-01, dimension"
    slices = (("all, member: all", 3, 4, "0.75"), ("shop, member: s1", 0, 0, "null"))
    given, expected = [], []
    for member, above, below, value in slices:
        parts = f"{numerator}: {above}"
        if denominator:
            parts += f", {denominator}: {below}"
        else:
            below, value = 1, above
        given.append(f"          - {{{key}: {member}, {parts}}}")
        expected.append(
            f"        - {{{key}: {member}, numerator: {above}, "
            f"denominator: {below}, value: {value}}}"
        )
    words = "Three of four; nothing of nothing." if denominator else "As it is."
    edge = "nothing_has_no_value" if denominator else "is_carried"
    return [
        f"  - name: kpi_{name}__{edge}",
        f"    description: {words} # FILL IN: a case that only this KPI has",
        f"    model: kpi_{name}",
        "    given:",
        f"      - input: ref('{rollup}')",
        "        rows:",
        *given,
        "    expect:",
        "      rows:",
        *expected,
    ]


def _list_kpi(path: Path, name: str, theme: str) -> None:
    """Add a KPI behind the last of its theme to the list of kpi_values."""
    listed = path.read_text(encoding="utf-8")
    last = [kpi.kpi_id for kpi in kpis() if kpi.meta["theme"] == theme][-1]
    before = f"    '{last}',\n"
    listed = listed.replace(before, f"{before}    '{name}',\n")
    path.write_text(listed, encoding="utf-8")


# ----------------------------------------------------------------------------- a source


def _source_yaml(
    name: str, like: str, table: Table, sibling: dict, headers: list[str] | None
) -> str:
    """The contract and the view's words, from those of the flat template."""
    flat = next(
        source
        for content in model_files().values()
        for source in content.get("sources", [])
        if source["name"] == "flat"
    )
    known = {normal(header): header for header in headers or ()}
    columns, found = [], set()
    for column in table.columns:
        names = [normal(word) for word in (column.name, *column.headers)]
        header = next((known[word] for word in names if word in known), None)
        found |= {header}
        meta = []
        if header is None:
            meta.append("headers: [FILL IN]")
        elif header != column.name:
            meta.append(f"headers: [{_quoted(header)}]")
        if column.type != "text":
            meta.append(f"type: {column.type}")
        if column.required:
            meta.append("required: true")
        config = f", config: {{meta: {{{', '.join(meta)}}}}}" if meta else ""
        words = _quoted(" ".join(column.description.split()))
        columns.append(
            f"          - {{name: {column.name}, description: {words}{config}}}"
        )
    if unused := [header for header in headers or () if header not in found]:
        columns.insert(
            0, f"          # FILL IN: the file has, too: {', '.join(unused)}"
        )
    key = next(
        test["valid_rows"]["arguments"]
        for test in sibling["data_tests"]
        if "valid_rows" in test
    )
    model_columns = [
        f"      - {{name: {column['name']}, data_type: {column['data_type']}, "
        f"description: {_quoted(_told(column['description'], name))}}}"
        for column in sibling["columns"]
    ]
    location = flat["config"]["external_location"].replace("/flat/", f"/{name}/")
    return CONTRACT.format(
        name=name,
        table=like,
        location=location,
        label=name.replace("_", " ").capitalize(),
        description=_quoted(" ".join(table.description.split())),
        columns="\n".join(columns),
        words="\n".join(
            f"      {line}" for line in str(sibling["description"]).strip().splitlines()
        ),
        arguments=_flow(key),
        model_columns="\n".join(model_columns),
    )


def _headers(example: Path) -> list[str]:
    """The first line of an export."""
    import duckdb

    try:
        found = duckdb.sql(
            f"select columns from sniff_csv({text(example)}, all_varchar = true,"
            " header = true)"
        ).fetchall()
    except duckdb.Error:
        raise UserError(
            f"{example} cannot be read as CSV.",
            "Name an export with a line of headers, or leave --example out.",
        ) from None
    return [column["name"] for column in found[0][0]]


def _told(words: str, name: str) -> str:
    """A column's words, of this source."""
    return str(words).replace("Always flat.", f"Always {name}.")


def _flow(value) -> str:
    """A value of YAML on one line."""
    if isinstance(value, dict):
        return (
            f"{{{', '.join(f'{key}: {_flow(item)}' for key, item in value.items())}}}"
        )
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _quoted(words: str) -> str:
    """A text of YAML, whatever stands in it."""
    escaped = words.replace("'", "''")
    return f"'{escaped}'"


# ------------------------------------------------------------------------------- shared


def _named(name: str) -> None:
    """Refuse what cannot be a name of a model."""
    if not NAME.fullmatch(name):
        raise UserError(
            f"{name!r} cannot be a name.",
            "Write it in lower case, words joined by one underscore: share_of_gifts.",
        )


def _known(kind: str, word: str, there: Iterable[str]) -> None:
    """Refuse a word that is none of a list, naming the nearest or all."""
    there = sorted(there)
    if word not in there:
        near = get_close_matches(word, there, n=3, cutoff=0.6)
        raise UserError(
            f"There is no {kind} {word!r}.",
            f"Do you mean {' or '.join(near)}?" if near else f"{', '.join(there)}.",
        )


def _described(model: str) -> dict:
    """What the YAML says of a model."""
    return next(
        described
        for content in model_files().values()
        for described in content.get("models", [])
        if described["name"] == model
    )


def _most(words: Iterable[str]) -> str | None:
    """The most frequent word."""
    counted = Counter(words).most_common(1)
    return counted[0][0] if counted else None


def _write(path: Path, text: str) -> None:
    """Write a file that is not there yet."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UserError(
            f"{_path(path)} is there already.",
            "Nothing is overwritten: remove it first.",
        ) from None


def _path(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def _say(console: "Console", done: Made) -> None:
    """What was written, and what comes next."""
    for verb, paths in (("written", done.written), ("changed", done.changed)):
        for path in paths:
            line = Text.assemble((f"{verb}  ", "green"), path)
            console.print(line, highlight=False, soft_wrap=True)
    console.print("\n[bold]Next[/]")
    for number, step in enumerate(done.to_do, start=1):
        console.print(Text(f"{number}. {step}"), highlight=False, soft_wrap=True)
