"""Boards: pages that an analyst writes as YAML and SQL, read and checked."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from jinja2 import Environment, StrictUndefined, TemplateError

from warehouse.errors import UserError
from warehouse.paths import PROJECT

BOARDS = PROJECT / "analyses" / "boards"
WIDTHS = ("full", "half", "third", "two_thirds")
HOW_TO = 'CONTRIBUTING.md, "A board", lists what a board may say.'


class Block(dict):
    """A YAML mapping that remembers the line of each key, counted from 1."""

    line: int = 0
    lines: dict[str, int]


@dataclass
class Panel:
    """One box of a page.

    Attributes:
        kind: What draws it, a name of `panels.KINDS`.
        options: What its YAML says.
        path: The board's file.
        sql: The query's file, if it has one.
    """

    kind: str
    options: Block
    path: Path
    sql: Path | None = None

    @property
    def width(self) -> str:
        """How much of the page's width it takes."""
        return self.options.get("width", "full")

    def wrong(self, message: str, key: str | None = None, hint: str | None = None):
        """The error to raise: where it is, what is wrong, what to do."""
        line = self.options.lines.get(key or "", self.options.line)
        return UserError(f"{_name(self.path)}:{line}: {message}", hint or HOW_TO)


@dataclass
class Section:
    """A heading and the panels below it."""

    title: str
    note: str
    panels: list[Panel] = field(default_factory=list)


@dataclass
class Board:
    """A page of the report.

    Attributes:
        name: Its file's name without ending, and its page's.
        title: Its heading and its place in the menu.
        lead: A sentence below the heading.
        order: Its place in the menu, smallest first.
        sections: What is on it.
    """

    name: str
    title: str
    lead: str
    order: float
    sections: list[Section]
    path: Path


def read_boards(folder: Path, kinds: dict[str, tuple[set, set]]) -> list[Board]:
    """Every board of a folder, in the menu's order.

    Args:
        folder: Where the `.yml` and `.sql` files lie.
        kinds: The options that each kind of panel needs, and those that it may have.

    Raises:
        UserError: If a file does not say what a board says, with file and line.
    """
    boards = [_read(path, kinds) for path in sorted(folder.glob("*.yml"))]
    if not boards:
        raise UserError(f"There is no board in {_name(folder)}.", HOW_TO)
    return sorted(boards, key=lambda board: (board.order, board.name))


@dataclass
class Query:
    """A panel's SQL, ready to run.

    Attributes:
        sql: The text, line for line as in the file.
        refs: The relations that it reads.
        asked: The variables that it asks for.
    """

    sql: str = ""
    refs: list[str] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)


def read_query(panel: Panel, tables: set[str], variables: dict) -> Query:
    """A panel's SQL with its ref() and var() filled in.

    Args:
        panel: A panel with a query.
        tables: What is published.
        variables: The project's variables.

    Raises:
        UserError: If the SQL names something that is not there.
    """
    text = panel.sql.read_text(encoding="utf-8")
    query = Query()

    def ref(name: str) -> str:
        if name not in tables:
            raise UserError(
                f"{_name(panel.sql)}:{_line_of(text, name)}: {name} is not published.",
                "A board reads facts, rollups, marts and seeds; `warehouse build` "
                "makes them. Mend the name in ref().",
            )
        query.refs.append(name)
        return name

    def var(name: str, default: object = None) -> object:
        if name not in variables and default is None:
            raise UserError(
                f"{_name(panel.sql)}:{_line_of(text, name)}: there is no variable "
                f"{name}.",
                "dbt_project.yml lists them under vars.",
            )
        query.asked.add(name)
        return variables.get(name, default)

    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True)
    try:
        query.sql = environment.from_string(text).render(ref=ref, var=var)
    except TemplateError as error:
        line = getattr(error, "lineno", None) or 1
        raise UserError(
            f"{_name(panel.sql)}:{line}: {error}",
            "A board's SQL knows ref() and var(), no other Jinja.",
        ) from error
    return query


def sql_error(panel: Panel, error: Exception) -> UserError:
    """A database's error about a panel's query, with the line it names."""
    text = str(error).strip()
    line = re.search(r"\bLINE (\d+):", text)
    first = text.splitlines()[0]
    return UserError(
        f"{_name(panel.sql)}:{line.group(1) if line else 1}: {first}",
        "Mend the query; it runs on published/current/warehouse.duckdb.",
    )


def _read(path: Path, kinds: dict) -> Board:
    """One board's file."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise UserError(
            f"{_name(path)}:{mark.line + 1 if mark else 1}: this is not YAML: "
            f"{error.problem}.",
            HOW_TO,
        ) from error
    if not isinstance(content, Block):
        raise UserError(f"{_name(path)}:1: a board is a mapping with a title.", HOW_TO)
    _keys(path, content, "a board", {"title", "sections"}, {"lead", "order"})
    sections = []
    for part in _list(path, content, "sections"):
        _keys(path, part, "a section", {"panels"}, {"title", "note"})
        panels = [_panel(path, p, kinds) for p in _list(path, part, "panels")]
        sections.append(Section(part.get("title", ""), part.get("note", ""), panels))
    order = content.get("order", 1000)
    if not isinstance(order, int | float):
        raise _wrong(path, content, f"order is a number, not {order!r}.", "order")
    return Board(
        path.stem, content["title"], content.get("lead", ""), order, sections, path
    )


def _panel(path: Path, options: Block, kinds: dict) -> Panel:
    """One panel, its kind known and its options spelt right."""
    kind = options.get("kind")
    if kind not in kinds:
        raise _wrong(
            path,
            options,
            f"a panel's kind is one of {', '.join(sorted(kinds))}; this says {kind!r}.",
            "kind",
        )
    needs, may = kinds[kind]
    common = {"kind", "title", "note", "width", "empty"}
    _keys(path, options, f"a panel of the kind {kind}", needs | {"kind"}, may | common)
    if options.get("width", "full") not in WIDTHS:
        raise _wrong(
            path, options, f"a panel's width is one of {', '.join(WIDTHS)}.", "width"
        )
    panel = Panel(kind, options, path)
    if "query" in options:
        panel.sql = path.with_name(f"{options['query']}.sql")
        if not panel.sql.exists():
            raise panel.wrong(
                f"there is no {_name(panel.sql)}.",
                "query",
                "Write the query there: a select over ref('…').",
            )
    return panel


def _list(path: Path, block: Block, key: str) -> list[Block]:
    """The mappings below a key."""
    items = block[key]
    if not isinstance(items, list) or not all(isinstance(i, Block) for i in items):
        raise _wrong(path, block, f"{key} is a list of mappings (`- …: …`).", key)
    return items


def _keys(path: Path, block: Block, what: str, needs: set, may: set) -> None:
    """Nothing missing, nothing misspelt."""
    for key in block:
        if key not in needs | may:
            known = ", ".join(sorted(needs | may))
            raise _wrong(path, block, f"{what} has no {key}; it has {known}.", key)
    for key in sorted(needs - set(block)):
        raise _wrong(path, block, f"{what} needs {key}.")


def _wrong(path: Path, block: Block, message: str, key: str | None = None) -> UserError:
    line = block.lines.get(key or "", block.line)
    return UserError(f"{_name(path)}:{line}: {message}", HOW_TO)


def _line_of(text: str, word: str) -> int:
    """The first line with a word, counted from 1."""
    for number, line in enumerate(text.splitlines(), start=1):
        if re.search(rf"\b{re.escape(word)}\b", line):
            return number
    return 1


def _name(path: Path) -> str:
    """A path from the project's folder, where it lies in it."""
    return str(path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else path)


class _Lines(yaml.SafeLoader):
    """YAML whose mappings are `Block`s."""


def _mapping(loader: _Lines, node: yaml.MappingNode) -> Block:
    block = Block(loader.construct_mapping(node, deep=True))
    block.line = node.start_mark.line + 1
    block.lines = {key.value: key.start_mark.line + 1 for key, _ in node.value}
    return block


_Lines.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
