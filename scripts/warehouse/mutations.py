"""The ways in which `warehouse mutate` breaks a model, and the choice of where.

An operator finds sites in the text of a model by its form alone, so a new model is
mutated without anybody listing it. Jinja, comments and the insides of strings are
masked: an edit changes SQL that a person wrote, and nothing else.
"""

import ast
import hashlib
import re
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from warehouse.errors import UserError

SHORT = 16  # characters of a line that does not say where it stands
Edit = tuple[int, int, str]  # from, to (positions in the text), what to put there

_HIDDEN = re.compile(
    r"(?P<comment>--[^\n]*|\{#.*?#\})|(?P<jinja>\{\{.*?\}\}|\{%.*?%\})"
    r"|(?P<string>'(?:[^']|'')*')",
    re.DOTALL,
)
_CLAUSE_ENDS = (
    r"where|group by|having|order by|union|limit|window"
    r"|(?:left |inner |cross |full )?join"
)
_AMOUNTS = (
    r"quantity|units|sales|spend|amount|cost|returns|discounts|minutes|clicks"
    r"|impressions"
)


@dataclass(frozen=True)
class Text:
    """A model's SQL, and the same with everything masked that is no SQL.

    Attributes:
        raw: The text of the file.
        mask: As long as `raw`: comments are blank, Jinja is `¤`, strings are `'§§'`.
    """

    raw: str
    mask: str

    @classmethod
    def of(cls, raw: str) -> "Text":
        """Mask a text."""

        def hide(match: re.Match) -> str:
            kind, found = match.lastgroup, match.group()
            if kind == "string":
                return "'" + re.sub(r"[^\n]", "§", found[1:-1]) + "'"
            return re.sub(r"[^\n]", " " if kind == "comment" else "¤", found)

        return cls(raw, _HIDDEN.sub(hide, raw))

    def arguments(self, opening: int) -> list[tuple[int, int]]:
        """Where the arguments of a call lie whose bracket opens at a position."""
        depth, start, spans = 0, opening + 1, []
        for position in range(opening, len(self.mask)):
            character = self.mask[position]
            depth += (character == "(") - (character == ")")
            if depth == 0:
                return [*spans, (start, position)]
            if character == "," and depth == 1:
                spans.append((start, position))
                start = position + 1
        return []

    def conditions(self, keyword: str) -> Iterator[list[tuple[int, int]]]:
        """The parts of each where, having or on clause that `and` puts together."""
        words = re.compile(
            rf"[()]|\b(?:case|end|and|or|between|{_CLAUSE_ENDS})\b", re.DOTALL
        )
        for clause in re.finditer(rf"\b{keyword}\b", self.mask):
            depth, start, parts, between = 0, clause.end(), [], False
            end, mixed = len(self.mask), False
            for word in words.finditer(self.mask, clause.end()):
                found = word.group()
                if found in ("(", "case"):
                    depth += 1
                elif found in (")", "end"):
                    depth -= 1
                    if depth < 0:
                        end = word.start()
                        break
                elif depth == 0 and found == "between":
                    between = True
                elif depth == 0 and found == "and":
                    if not between:
                        parts.append((start, word.start()))
                        start = word.end()
                    between = False
                elif depth == 0 and found == "or":
                    mixed = True
                elif depth == 0:
                    end = word.start()
                    break
            parts.append((start, end))
            if mixed:
                parts = [(clause.end(), end)]
            yield [self.trimmed(*part) for part in parts]

    def trimmed(self, start: int, end: int) -> tuple[int, int]:
        """A span without the blanks around it."""
        found = self.mask[start:end]
        return (
            start + len(found) - len(found.lstrip()),
            end - len(found) + len(found.rstrip()),
        )


@dataclass(frozen=True)
class Operator:
    """One way to break a model.

    Attributes:
        name: What `docs/mutations.csv` calls it.
        does: What it does, in a few words.
        find: All edits of this kind in a text.
    """

    name: str
    does: str
    find: Callable[[Text], Iterable[Edit]]


def _swap(pattern: str, put: str | Callable[[Text, re.Match], str | None]):
    """Replace what a pattern (or its group `it`) finds in the masked text."""

    def find(text: Text) -> Iterator[Edit]:
        for match in re.finditer(pattern, text.mask, re.DOTALL):
            group = "it" if "it" in match.re.groupindex else 0
            new = put if isinstance(put, str) else put(text, match)
            if new is not None:
                yield *match.span(group), new

    return find


def _other(*pairs: tuple[str, str]) -> Callable[[Text, re.Match], str]:
    """The other word of a pair."""
    words = {**dict(pairs), **{second: first for first, second in pairs}}
    return lambda text, match: words[match.group("it")]


def _first_argument(function: str) -> Callable[[Text], Iterator[Edit]]:
    """A call replaced by its first argument."""

    def find(text: Text) -> Iterator[Edit]:
        for match in re.finditer(rf"\b{function}\(", text.mask):
            if spans := text.arguments(match.end() - 1):
                first = text.raw[slice(*text.trimmed(*spans[0]))]
                yield match.start(), spans[-1][1] + 1, first

    return find


def _conditions(keyword: str, wanted: Callable[[str, int], bool]):
    """A condition replaced by `true`, where its text and place are wanted."""

    def find(text: Text) -> Iterator[Edit]:
        for parts in text.conditions(keyword):
            for place, (start, end) in enumerate(parts):
                if start < end and wanted(text.mask[start:end], place):
                    yield start, end, "true"

    return find


def _twice(text: Text, match: re.Match) -> str:
    """Every row of what is read, twice."""
    relation = text.raw[match.start("relation") : match.end("relation")]
    name = re.search(r"ref\('(\w+)'\)", relation)
    if name is None:
        return None
    alias = "" if match.group("alias") else f" as {name.group(1)}"
    return f"(select * from {relation} union all select * from {relation}){alias}"


def _other_moment(text: Text, match: re.Match) -> str | None:
    """The next date or time of the same kind that the same text speaks of."""
    owner, name = match.group("owner") or "", match.group("it")
    line = text.mask[text.mask.rfind("\n", 0, match.start()) + 1 :].partition("\n")[0]
    is_named_here = text.mask[: match.start()].endswith(" as ")
    if is_named_here or re.fullmatch(r"\s*[\w.]+,?", line):  # a column handed on
        return None
    kind = name.rpartition("_")[2]
    known = sorted(set(re.findall(rf"{re.escape(owner)}\b(\w+_{kind})\b", text.mask)))
    if len(known) < 2:
        return None
    return known[(known.index(name) + 1) % len(known)]


def _utc(text: Text) -> Iterator[Edit]:
    """Local times taken in UTC."""
    yield from _swap(r"\b\w+_at(?P<it>_local)\b(?!\s*,?\s*$)", "")(text)
    for match in re.finditer(r"\{\{\s*to_local\((.*?)\)\s*\}\}", text.raw, re.DOTALL):
        try:
            moment, _ = ast.literal_eval(f"({match.group(1)})")
        except (SyntaxError, ValueError):  # put together in Jinja
            continue
        yield *match.span(), moment


def _swapped_parts(text: Text) -> Iterator[Edit]:
    """A KPI's numerator and denominator, each in the other's place."""
    end = text.mask.rfind(" as numerator,")
    if end < 0:
        return
    start = text.mask.rfind("member,", 0, end) + len("member,")
    parts = re.compile(
        r"\s*(?P<up>.+?)\s+as numerator,\s+(?P<down>.+?)\s+as denominator,", re.DOTALL
    ).match(text.mask, start)
    if parts:
        up, down = (text.raw[slice(*parts.span(part))] for part in ("up", "down"))
        put = f"{down} as numerator,\n    {up} as denominator,"
        yield parts.start("up"), parts.end(), put


def _frame(text: Text, match: re.Match) -> str:
    """A window's border, one row further in."""
    found = match.group("it")
    number = re.match(r"\d+", found)
    if found == "current row":
        return "1 preceding"
    if number.group() == "1":
        return "current row"
    return found.replace(number.group(), str(int(number.group()) - 1), 1)


def _unbracketed(text: Text) -> Iterator[Edit]:
    """A sum beside × or ÷ without its parentheses."""
    for match in re.finditer(r"\(([^()]*\s[+-]\s[^()]*)\)", text.mask):
        before = text.mask[: match.start()].rstrip()[-1:]
        after = text.mask[match.end() :].lstrip()[:1]
        if (before and before in "*/") or (after and after in "*/"):
            yield *match.span(), text.raw[slice(*match.span(1))]


OPERATORS = (
    Operator(
        "filter dropped",
        "a condition of a where or having is always true",
        _conditions(
            "(?:where|having)", lambda found, _: not found.endswith("is not null")
        ),
    ),
    Operator(
        "null key kept",
        "rows without a key are let in, and become one group",
        _conditions("where", lambda found, _: found.endswith("is not null")),
    ),
    Operator(
        "join loosened",
        "a join's second condition is always true",
        _conditions("on", lambda _, place: place > 0),
    ),
    Operator(
        "outer to inner join",
        "a left join drops what it does not find",
        _swap(r"\bleft join\b", "inner join"),
    ),
    Operator(
        "inner to outer join",
        "an inner join keeps what it does not find",
        _swap(r"\binner join\b", "left join"),
    ),
    Operator(
        "rows twice",
        "what is read comes twice, as after a join before aggregating",
        _swap(r"\b(?:from|join)\s+(?P<it>(?P<relation>¤+))(?P<alias> as \w+)?", _twice),
    ),
    Operator(
        "amount squared",
        "a sum multiplies by the quantity or amount a second time",
        _swap(
            rf"\bsum\((?P<it>[\w.]*(?:{_AMOUNTS}))\)",
            lambda _, match: f"{match.group('it')} * {match.group('it')}",
        ),
    ),
    Operator(
        "sum to maximum",
        "the largest instead of all",
        _swap(r"\b(?P<it>sum)\(", "max"),
    ),
    Operator(
        "distinct dropped",
        "a distinct count or select counts repetitions",
        _swap(r"\b(?P<it>distinct )", ""),
    ),
    Operator(
        "union made distinct",
        "rows that are alike fall together",
        _swap(r"\bunion (?P<it>all)\b", ""),
    ),
    Operator(
        "parts swapped",
        "numerator and denominator in each other's place",
        _swapped_parts,
    ),
    Operator(
        "parentheses dropped",
        "a sum beside × or ÷ loses its parentheses",
        _unbracketed,
    ),
    Operator(
        "plus for minus",
        "and minus for plus",
        _swap(
            r"(?<=[\w)¤'])\s+(?P<it>[+-])\s+(?=[\w(¤'])", _other(("+", "-"))
        ),
    ),
    Operator(
        "nullif dropped",
        "a division by nothing gives infinity",
        _first_argument("nullif"),
    ),
    Operator(
        "coalesce dropped",
        "what is missing stays missing, and takes the sum with it",
        _first_argument("coalesce"),
    ),
    Operator(
        "boundary moved",
        "< for <=, > for >=, and back",
        _swap(
            r"(?<![<>=!])(?P<it><=|>=|<|>)(?![<>=])", _other(("<", "<="), (">", ">="))
        ),
    ),
    Operator(
        "wrong date",
        "another date or time of the same rows",
        _swap(r"(?P<owner>\b\w+\.)?\b(?P<it>\w+_(?:date|at|on))\b", _other_moment),
    ),
    Operator("wrong time zone", "a local time or date is the one of UTC", _utc),
    Operator(
        "window off by one",
        "a window's frame ends a row earlier",
        _swap(
            r"\b(?P<it>\d+ (?:preceding|following)|current row)\b(?=\s*\))", _frame
        ),
    ),
    Operator(
        "second for first",
        "the second row of a ranking is kept instead of the first",
        _swap(r"\b(?:preference|repetition|\w*number|\w*rank) = (?P<it>1)\b", "2"),
    ),
    Operator(
        "one too many",
        "a 1 that is added or taken off is a 2",
        _swap(r"\s[+-] (?P<it>1)\b(?!\.)", "2"),
    ),
    Operator(
        "order reversed",
        "the oldest for the newest, the last for the first",
        _swap(
            r"\b(?P<it>asc|desc)\b(?= nulls)", _other(("asc", "desc"))
        ),
    ),
    Operator(
        "minimum for maximum",
        "and maximum for minimum",
        _swap(r"\b(?P<it>min|max)(?=\()", _other(("min", "max"))),
    ),
    Operator(
        "case always true",
        "a case's condition holds for every row",
        _swap(r"\bwhen\s+(?P<it>(?:(?!\b(?:when|case)\b).)+?)\s+then\b", "true"),
    ),
    Operator(
        "else counted",
        "what is not meant counts as one",
        _swap(r"\belse (?P<it>0)(?=\s+end\b)", "1"),
    ),
    Operator(
        "not dropped",
        "the opposite of what is meant",
        _swap(r"(?<!is )\b(?P<it>not )(?=[\w(]|\s)", ""),
    ),
    Operator("and for or", "both must hold", _swap(r"\b(?P<it>or)\b", "and")),
    Operator(
        "list shortened",
        "the last value of a list is forgotten",
        _swap(r"\bin\s*\((?:\s*'§*',)*\s*'§*'(?P<it>\s*,\s*'§*')\s*\)", ""),
    ),
    Operator(
        "case-sensitive",
        "a text is compared as it is spelt",
        _first_argument("lower"),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Mutation:
    """A model broken in one place.

    Attributes:
        model: The model's name.
        operator: The operator's name, or a named defect's.
        line: Line of the file where the change begins, from 1.
        before: The changed lines as they are, on one line; with those around them if
            they are short.
        after: The same lines, changed.
        sql: The whole text of the model, changed.
        rank: Decides what is chosen; the same for the same seed and the same lines.
    """

    model: str
    operator: str
    line: int
    before: str
    after: str
    sql: str
    rank: str = ""


def sites(model: str, raw: str, seed: int = 0) -> list[Mutation]:
    """Every mutation of a model that the operators find, in the order of choice.

    A model's operators take turns, so that few mutations are of many kinds.

    Args:
        model: Its name.
        raw: Its text, with Jinja.
        seed: Another number, another order.
    """
    text = Text.of(raw)
    queues: dict[str, list[Mutation]] = {}
    for operator in OPERATORS:
        seen: defaultdict[tuple, int] = defaultdict(int)
        found = []
        for start, end, put in operator.find(text):
            mutation = mutated(model, operator.name, raw, start, end, put)
            key = (model, operator.name, mutation.before, mutation.after)
            seen[key] += 1
            rank = rank_of(seed, *key, seen[key])
            found.append(Mutation(**{**vars(mutation), "rank": rank}))
        if found:
            queues[operator.name] = sorted(found, key=lambda one: one.rank)
    order = sorted(queues, key=lambda name: rank_of(seed, model, name))
    longest = max(map(len, queues.values()), default=0)
    return [
        queues[name][turn]
        for turn in range(longest)
        for name in order
        if turn < len(queues[name])
    ]


def mutated(
    model: str, operator: str, raw: str, start: int, end: int, put: str
) -> Mutation:
    """The mutation that an edit makes; its rank is still to be given."""
    first, last = _lines(raw, start, end)
    return Mutation(
        model=model,
        operator=operator,
        line=raw.count("\n", 0, start) + 1,
        before=" ".join(raw[first:last].split()),
        after=" ".join((raw[first:start] + put + raw[end:last]).split()),
        sql=raw[:start] + put + raw[end:],
    )


def _lines(raw: str, start: int, end: int) -> tuple[int, int]:
    """Where the lines of an edit begin and end; with those around them if they are too
    short to say where they stand, or stand there more than once."""
    first, last = _line(raw, start)[0], _line(raw, end)[1]
    if len(raw[first:last].strip()) < SHORT:
        first, last = _line(raw, max(0, first - 1))[0], _line(raw, last + 1)[1]
    if raw.count(raw[first:last]) > 1:
        first, last = _line(raw, max(0, first - 1))[0], _line(raw, last + 1)[1]
    return first, last


@dataclass(frozen=True)
class Defect:
    """A mistake that is known from the field, as a change of our text.

    Attributes:
        name: What the mistake is called.
        why: What goes wrong for those who make it.
        model: The model that would have it.
        find: A text that stands in the model once.
        put: What stands there in the models of those who made the mistake.
    """

    name: str
    why: str
    model: str
    find: str
    put: str

    def mutation(self, raw: str) -> Mutation:
        """The mutation of a model's text.

        Raises:
            UserError: If the text to find does not stand in the model exactly once.
        """
        find = self.find.strip("\n")
        if raw.count(find) != 1:
            raise UserError(
                f"The defect {self.name!r} finds its text {raw.count(find)} times in "
                f"{self.model}.",
                "Bring tests/mutations/defects.toml up to the model's new text.",
            )
        start = raw.index(find)
        put = self.put.strip("\n")
        made = mutated(self.model, self.name, raw, start, start + len(find), put)
        return Mutation(**{**vars(made), "rank": rank_of(self.name)})


def defects(path: Path) -> list[Defect]:
    """The named defects of a file."""
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["defect"]
    return [Defect(**row) for row in rows]


def _line(raw: str, position: int) -> tuple[int, int]:
    """Where the line of a position begins and ends."""
    position = min(position, len(raw))
    end = raw.find("\n", position)
    return raw.rfind("\n", 0, position) + 1, len(raw) if end < 0 else end


def rank_of(*parts: object) -> str:
    """A number, as text, that looks like chance and is the same for the same parts."""
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()
