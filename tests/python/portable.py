"""SQL that DuckDB and Spark read differently without an error, and how to write it.

One rule is one function: its docstring says what differs, `instead` the portable form,
and what it yields are the places. A rule looks at a `Statement` in one of two ways:

- as it is written: tokens and syntax tree, by sqlglot;
- as DuckDB understands it: the bound plan, in which every function is resolved, every
  type is known and every silent cast is written down.

What the macros of macros/portable.sql write for each engine is let through: they are
replaced by a call of their own name before the SQL is looked at, see `statements`.
Each difference below was seen by running both engines (DuckDB 1.5, Spark 4.1 with
`spark.sql.ansi.enabled=false`, as dbt-spark sets it).
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.tokens import Token, TokenType

SHOWN = 70


class Portable(DuckDB):
    """DuckDB's grammar, in which an order that does not say where NULL goes is seen."""

    NULL_ORDERING = "nulls_are_small"


# ------------------------------------------------------------------- what is looked at


@dataclass(frozen=True)
class Bound:
    """An expression of DuckDB's plan.

    Attributes:
        node: The expression as DuckDB writes it down.
        parents: The expressions around it, the outermost first.
        sql: The statement it stands in, as bytes: so DuckDB counts places.
    """

    node: dict
    parents: tuple["Bound", ...]
    sql: bytes

    @property
    def name(self) -> str:
        """The function, aggregate or operator; empty for anything else."""
        return self.node.get("name", "")

    @property
    def type(self) -> str:
        """DuckDB's name of the type, without parameters."""
        return _type(self.node)

    @property
    def is_cast(self) -> bool:
        """True for a cast, written or silent."""
        return self.node["expression_class"] == "BOUND_CAST"

    @property
    def is_constant(self) -> bool:
        """True for a literal, under any casts."""
        return _bare(self.node)["expression_class"] == "BOUND_CONSTANT"

    @property
    def is_written_cast(self) -> bool:
        """True for a cast that stands in the SQL."""
        return self.is_cast and _is_written(self.node, self.sql)

    @property
    def operands(self) -> list[dict]:
        """The children as they are written, without the casts that DuckDB added."""
        children = self.node.get("children", [])
        return [_unwrapped(child, self.sql) for child in children]

    def __str__(self) -> str:
        """The SQL from here on, or what the expression is called."""
        for bound in (self, *reversed(self.parents)):
            start = bound.node.get("query_location", len(self.sql))
            if start < len(self.sql):
                line = self.sql.count(b"\n", 0, start) + 1
                text = self.sql[max(0, start - 30) : start + 40].decode(errors="ignore")
                return f"line {line}: … {' '.join(text.split())} …"
        return self.name or self.node.get("alias", "")


class Statement:
    """One select, as it is written and as DuckDB understands it.

    Args:
        sql: The statement, with calls of portable macros in it.
        connection: A database with all relations that it reads.
        bound_sql: The same with the macros written out; `sql` when left out.
        macros: The names of the portable macros.
        loaded: The types of columns that the loader has written as texts, by name.
        is_model: True if the result becomes a table or a view.
    """

    def __init__(
        self,
        sql: str,
        connection: duckdb.DuckDBPyConnection | None = None,
        bound_sql: str | None = None,
        macros: frozenset[str] = frozenset(),
        loaded: dict[str, str] | None = None,
        is_model: bool = True,
    ):
        self.sql = sql
        self.macros = macros
        self.loaded = loaded or {}
        self.is_model = is_model
        self._connection = connection
        self._bound_sql = bound_sql or sql

    @cached_property
    def tokens(self) -> list[Token]:
        """The words, without comments."""
        return sqlglot.tokenize(self.sql, dialect=Portable)

    @cached_property
    def tree(self) -> exp.Expression:
        """The syntax tree."""
        return sqlglot.parse_one(self.sql, dialect=Portable)

    @cached_property
    def bound(self) -> list[Bound]:
        """All expressions of the plan before anything is optimised."""
        if self._connection is None:
            return []
        (text,) = self._connection.execute(
            "select json_serialize_plan("
            "?, skip_null := true, skip_empty := true, optimize := false)",
            [self._bound_sql],
        ).fetchone()
        plan = json.loads(text)
        if plan["error"]:
            raise ValueError(f"{plan['error_message']}\n{self._bound_sql}")
        return list(_expressions(plan["plans"], (), self._bound_sql.encode()))

    def result(self) -> list[tuple[str, str]]:
        """Names and types of the columns."""
        if self._connection is None or not self.is_model:
            return []
        relation = self._connection.sql(self._bound_sql)
        return list(zip(relation.columns, map(str, relation.types), strict=True))


def _expressions(part, parents: tuple[Bound, ...], sql: bytes) -> Iterator[Bound]:
    """Every expression in a part of a plan, with those around it."""
    if isinstance(part, list):
        for item in part:
            yield from _expressions(item, parents, sql)
    elif isinstance(part, dict):
        if "expression_class" in part:
            bound = Bound(part, parents, sql)
            yield bound
            parents = (*parents, bound)
        for value in part.values():
            if isinstance(value, (dict, list)):
                yield from _expressions(value, parents, sql)


def _type(node: dict) -> str:
    """The type of an expression of a plan."""
    kind = node.get("return_type") or node.get("value", {}).get("type", {})
    return kind.get("id", "")


def _is_written(cast: dict, sql: bytes) -> bool:
    """True if a cast stands in the SQL. A silent one stands where its child does."""
    start = cast.get("query_location", 0)
    inner = cast["child"]
    is_cast = inner["expression_class"] == "BOUND_CAST"
    if is_cast and inner.get("query_location") == start:
        return False
    return sql[start : start + 8].lower().startswith((b"cast(", b"try_cast"))


def _unwrapped(node: dict, sql: bytes) -> dict:
    """An expression without the casts around it that nobody wrote; date '2024-01-01' is
    a date."""
    while node["expression_class"] == "BOUND_CAST" and not _is_written(node, sql):
        inner = node["child"]
        if inner["expression_class"] == "BOUND_CONSTANT" and _type(inner) == "VARCHAR":
            break
        node = inner
    return node


def _bare(node: dict) -> dict:
    """An expression without any casts around it."""
    while node["expression_class"] == "BOUND_CAST":
        node = node["child"]
    return node


# ----------------------------------------------------------------------------- a rule


@dataclass(frozen=True)
class Rule:
    """One difference.

    Attributes:
        name: What it is called.
        reason: What differs.
        instead: What to write.
        places: Where a statement has it.
        reads_plan: True if it looks at the statement as DuckDB understands it.
    """

    name: str
    reason: str
    instead: str
    places: Callable[[Statement], Iterator]
    reads_plan: bool

    def findings(self, statement: Statement) -> list[str]:
        """What is wrong with a statement, once each, with what to write instead."""
        texts = {}
        for place in self.places(statement):
            text = place
            if isinstance(place, exp.Expression):
                text = place.sql(dialect=DuckDB, comments=False)
            text = " ".join(str(text).split())
            texts[text if len(text) <= SHOWN + 20 else f"{text[:SHOWN]} …"] = None
        return [
            f"{self.name}: {text}\n    {self.reason} Write {self.instead}."
            for text in texts
        ]


RULES: dict[str, Rule] = {}


def rule(instead: str) -> Callable:
    """Make a function that yields places a rule.

    Args:
        instead: The portable form, to stand after "Write ".
    """

    def add(places: Callable[[Statement], Iterator]) -> Callable:
        reason = " ".join(places.__doc__.split())
        reads_plan = bool({"bound", "result"} & set(places.__code__.co_names))
        name = places.__name__
        RULES[name] = Rule(name, reason, instead, places, reads_plan)
        return places

    return add


# ------------------------------------------------------------------- words and symbols

# Functions that give the same on both engines, called in any way that no other rule
# refuses. A new one is tried on both before its name comes here.
SAME = {
    "numbers": "abs ceil exp floor greatest least ln log10 mod power round sign sqrt",
    "texts": "chr concat_ws instr left length lower lpad ltrim md5 position "
    "regexp_extract replace right rpad rtrim split_part substr translate trim upper",
    "dates": "date_trunc extract last_day",
    "whatever it is": "cast coalesce nullif try_cast",
    "aggregates": "avg bool_and bool_or count covar_samp max max_by min min_by "
    "percentile_cont stddev sum var_samp variance",
    "windows": "dense_rank first_value lag last_value lead ntile percent_rank rank "
    "row_number",
    "tables": "range",
}
# What to write for those that differ, or that one engine does not have.
OTHERS = {
    "any_value": "min(x) or max(x): DuckDB passes NULL by, Spark does not",
    "array_agg": "no list, or a macro that orders it",
    "concat": "a || b: NULL is '' to DuckDB's concat and NULL to Spark's",
    "corr": "covariance over deviations: a single row is nan on DuckDB, NULL on Spark",
    "count_if": "sum(cast(x as int)): nothing known is NULL on DuckDB, 0 on Spark",
    "date_diff": "the macro datediff()",
    "datediff": "the macro datediff()",
    "dayofweek": "days since cast(date_trunc('week', d) as date)",
    "epoch": "the macro seconds_between()",
    "first": "min(x), max(x) or max_by(x, y): either engine takes any row",
    "generate_series": "range(0, n) as numbers(i)",
    "hash": "md5(concat_ws('|', …)), the macro hash_key()",
    "initcap": "upper(left(x, 1)) || lower(substr(x, 2))",
    "isnan": "x = cast('nan' as double): of NULL it is NULL on DuckDB, false on Spark",
    "last": "min(x), max(x) or max_by(x, y): either engine takes any row",
    "list": "no list, or a macro that orders it",
    "log": "ln(x) or log10(x): it is log10 on DuckDB and ln on Spark",
    "median": "percentile_cont(0.5) within group (order by x)",
    "mode": "a count and row_number(): of two values either engine takes any",
    "quantile_cont": "percentile_cont(p) within group (order by x)",
    "regexp_matches": "the macro matches()",
    "regexp_replace": "the macro remove_all(): DuckDB replaces once, Spark everywhere",
    "regr_slope": "sums: a single row is nan on DuckDB, NULL on Spark",
    "sha256": "the macro sha256()",
    "split": "split_part(x, y, n): Spark splits by a regular expression",
    "strftime": "substr(cast(d as string), …) or extract()",
    "string_agg": "the macro join_texts()",
    "unnest": "range(0, n) as numbers(i), or a macro",
}
# Words before a bracket that are no functions.
GRAMMAR = (
    "all and any as between by case cross distinct else end except exists filter from "
    "group having in intersect interval is join lateral like not on or order over "
    "partition rollup select then union using values when where with"
)
TYPES = {"bigint", "boolean", "date", "decimal", "double", "int", "string", "timestamp"}


@rule("one of SAME in tests/python/portable.py; a new one once both engines agree")
def function_names(statement: Statement) -> Iterator[str]:
    """A function that is not known to be the same on both engines."""
    allowed = set(" ".join([GRAMMAR, *SAME.values()]).split()) | statement.macros
    words = statement.tokens
    for before, word, after in zip([None, *words], words, words[1:], strict=False):
        name = word.text.lower()
        if after.token_type is not TokenType.L_PAREN or name in allowed:
            continue
        named = before is not None and before.token_type is TokenType.ALIAS
        is_text = word.token_type is TokenType.STRING
        if name.isidentifier() and not named and not is_text:
            advice = f", which is {OTHERS[name]}" if name in OTHERS else ""
            yield f"{name}(){advice}"


@rule(f"cast(x as …) with one of {', '.join(sorted(TYPES))}")
def type_names(statement: Statement) -> Iterator[str]:
    """Other names of types, and ::, are not read by every Spark."""
    words = statement.tokens
    for word in words:
        if word.token_type is TokenType.DCOLON:
            yield "::"
    for before, word, after in zip(words, words[1:], words[2:], strict=False):
        closes = after.token_type in (TokenType.R_PAREN, TokenType.L_PAREN)
        if before.token_type is TokenType.ALIAS and closes:
            kind = word.token_type in sqlglot.Parser.TYPE_TOKENS
            if kind and word.text.lower() not in TYPES | {"("}:
                yield f"as {word.text}"


@rule("a name that needs no quotes")
def quoted_names(statement: Statement) -> Iterator[str]:
    """A text in double quotes is a name to DuckDB and a literal to Spark. (dbt writes
    relations so, and in Spark's way on Spark.)"""
    for name in statement.tree.find_all(exp.Identifier):
        if name.args.get("quoted") and not isinstance(name.parent, exp.Table):
            yield name


@rule("[0-9] or [.] in a pattern, chr(10) in a text, and like '50!%' escape '!'")
def backslashes(statement: Statement) -> Iterator[str]:
    r"""In a text, '\d' or '\n' is two characters to DuckDB and an escape to Spark."""
    for word in statement.tokens:
        if word.token_type is TokenType.STRING and "\\" in word.text:
            yield f"'{word.text}'"


@rule("a plain select; lists, structs and JSON through a macro of macros/portable.sql")
def syntax(statement: Statement) -> Iterator[exp.Expression]:
    """Only one engine reads it, or the other counts array places from 0."""
    refused = (
        *(exp.Qualify, exp.Bracket, exp.Array, exp.Struct, exp.Lambda, exp.Unnest),
        *(exp.Explode, exp.IntDiv, exp.IgnoreNulls, exp.RespectNulls, exp.SimilarTo),
        *(exp.RegexpLike, exp.BitwiseXor, exp.JSONExtract, exp.JSONExtractScalar),
        *(exp.Pivot, exp.TableSample, exp.Columns),
    )
    looked_at = (exp.Star, exp.With, exp.Join, exp.Window)
    for node in statement.tree.find_all(*refused, *looked_at):
        changed = isinstance(node, exp.Star) and any(node.args.values())
        if isinstance(node, refused) or changed:
            yield node
        elif isinstance(node, exp.With) and node.args.get("recursive"):
            yield "with recursive"
        elif isinstance(node, exp.Join) and node.method in ("ASOF", "POSITIONAL"):
            yield node
        elif isinstance(node, exp.Window):
            yield from _window(node)


def _window(window: exp.Window) -> Iterator[exp.Expression]:
    """What a window may not have."""
    inner = window.this
    if isinstance(inner, exp.Filter) or inner.find(exp.Distinct):
        yield window
    spec = window.args.get("spec")
    if spec and str(spec.args.get("kind", "ROWS")).upper() != "ROWS":
        yield spec


# --------------------------------------------------------------- order and which rows


@rule("order by x nulls last")
def null_order(statement: Statement) -> Iterator[exp.Expression]:
    """NULL comes last on DuckDB and first on Spark. (Downwards it is last on both;
    percentiles pass it by.)"""
    orders = list(statement.tree.find_all(exp.Ordered))
    if not any(order.args.get("nulls_first") for order in orders):
        return
    # Where both grammars see NULL first, it is written.
    by_duckdb = sqlglot.parse_one(statement.sql, dialect=DuckDB).find_all(exp.Ordered)
    for order, same in zip(orders, by_duckdb, strict=True):
        within = order.find_ancestor(exp.WithinGroup, exp.Window, exp.Select)
        written = same.args.get("nulls_first") or not order.args.get("nulls_first")
        if not written and not isinstance(within, exp.WithinGroup):
            yield f"order by {order.this.sql(dialect=DuckDB)}"


@rule("order by … limit n, by what tells all rows apart")
def unordered_limit(statement: Statement) -> Iterator[exp.Expression]:
    """Without an order, each engine takes other rows."""
    for query in statement.tree.find_all(exp.Select, exp.SetOperation):
        if query.args.get("limit") and not query.args.get("order"):
            yield query.args["limit"]


# --------------------------------------------------------------------- dates and texts


@rule("days, or a difference of years and months; hours are seconds_between() / 3600")
def difference_units(statement: Statement) -> Iterator[exp.Expression]:
    """Weeks, quarters, hours and minutes are boundaries passed on DuckDB, full ones on
    Spark."""
    words = statement.tokens
    same = ("day", "month", "year", "second")
    for name, _, unit in zip(words, words[1:], words[2:], strict=False):
        is_unit = name.text == "datediff" and unit.token_type is TokenType.STRING
        if is_unit and unit.text.lower() not in same:
            yield f"datediff in {unit.text}"


@rule("year, quarter, month, day, hour or minute")
def parts_of_dates(statement: Statement) -> Iterator[exp.Expression]:
    """Sunday is 0 or 1, seconds are whole or not, and the rest has other names."""
    same = ("YEAR", "QUARTER", "MONTH", "DAY", "HOUR", "MINUTE")
    for node in statement.tree.find_all(exp.Extract):
        if node.name.upper() not in same:
            yield node


@rule("places from 1 on, or from the end with right()")
def places_in_texts(statement: Statement) -> Iterator[exp.Expression]:
    """substr(x, 0, n) has one character less on DuckDB; below 0, left() and right()
    leave characters out on DuckDB and give '' on Spark."""
    for node in statement.tree.find_all(exp.Substring, exp.Left, exp.Right):
        in_text = isinstance(node, exp.Substring)
        start = node.args.get("start" if in_text else "expression")
        negative = isinstance(start, exp.Neg) and not in_text
        if negative or (isinstance(start, exp.Literal) and start.name == "0"):
            yield node


@rule("replace() or split_part() for what is not a blank")
def trimmed_characters(statement: Statement) -> Iterator[exp.Expression]:
    """trim(text, characters) is trim(characters, text) on Spark."""
    for node in statement.tree.find_all(exp.Trim):
        if node.args.get("expression") is not None:
            yield node


# --------------------------------------------------------------------- types and casts

_FLOATS = ("DOUBLE", "FLOAT")
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_WHOLE_MAKERS = ("floor", "ceil", "sign", "trunc")
_KEEPS = ("BOUND_CASE", "BOUND_OPERATOR", "BOUND_CAST")


@rule("cast(round(x) as bigint) or cast(floor(x) as bigint)")
def casts_to_whole_numbers(statement: Statement) -> Iterator[Bound]:
    """A cast to an integer rounds on DuckDB and cuts on Spark."""
    for cast in statement.bound:
        if cast.is_cast and cast.type in _WHOLE and not cast.is_constant:
            child = cast.node["child"]
            if _type(child) in (*_FLOATS, "DECIMAL") and not _is_whole(child):
                yield cast


def _is_whole(node: dict) -> bool:
    """True for a number that has no decimals, whatever its type."""
    if _type(node) in (*_WHOLE, "NULL") or node.get("name") in _WHOLE_MAKERS:
        return True
    if _type(node) == "DECIMAL" and _digits(node)[1] == 0:
        return True
    if node.get("name") == "round":
        return len(node["children"]) == 1
    choices = _choices(node)
    if node.get("name") in ("+", "-", "*"):
        choices = node["children"]
    return bool(choices) and all(map(_is_whole, choices))


def _choices(node: dict) -> list[dict]:
    """What an expression hands on unchanged; nothing where it computes."""
    if node["expression_class"] == "BOUND_CASE":
        return [*(c["then_expr"] for c in node["case_checks"]), node["else_expr"]]
    if node["expression_class"] == "BOUND_CAST":
        return [node["child"]]
    handed_on = node.get("name") in ("greatest", "least")
    if handed_on or node["expression_class"] == "BOUND_OPERATOR":
        return node.get("children", [])
    return []


@rule("cast(x as double) / nullif(y, 0), and 28e0 for 28.0")
def decimal_divisions(statement: Statement) -> Iterator[Bound]:
    """A quotient of decimals is a double on DuckDB and a decimal of few places on
    Spark."""
    for division in statement.bound:
        if division.name == "/":
            types = [_type(operand) for operand in division.operands]
            if "DECIMAL" in types and not {*_FLOATS, "INTERVAL"} & set(types):
                yield division


@rule("sum() and count(), divided; percentile_cont over cast(x as double)")
def decimal_averages(statement: Statement) -> Iterator[Bound]:
    """Of decimals, quantiles are decimals on DuckDB and doubles on Spark; avg the other
    way round."""
    names = ("quantile_cont", "median", "avg", "mean")
    for aggregate in statement.bound:
        if aggregate.name in names:
            first = (aggregate.operands or [{}])[0]
            if first and _type(first) == "DECIMAL":
                yield aggregate


@rule("a factor cast to double, or to a decimal of fewer digits")
def wide_decimals(statement: Statement) -> Iterator[Bound]:
    """Where a product or sum needs more than 38 digits, Spark drops decimals."""
    for node in statement.bound:
        if node.name in ("+", "-", "*") and node.type == "DECIMAL":
            width, scale = _digits(node.node, node.sql) or (0, 0)
            if width > 38 and max(38 - (width - scale), min(scale, 6)) < scale:
                yield node


def _digits(node: dict, sql: bytes = b"") -> tuple[int, int] | None:
    """Digits in all and behind the point, as Spark counts them, beyond 38, too."""
    operands = [_digits(_unwrapped(n, sql), sql) for n in node.get("children", [])]
    if node.get("name") in ("+", "-", "*") and len(operands) == 2 and all(operands):
        (width_1, scale_1), (width_2, scale_2) = operands
        if node["name"] == "*":
            return width_1 + width_2 + 1, scale_1 + scale_2
        scale = max(scale_1, scale_2)
        return max(width_1 - scale_1, width_2 - scale_2) + scale + 1, scale
    kind = node.get("return_type") or node.get("value", {}).get("type", {})
    if kind.get("id") == "DECIMAL":
        width = kind["type_info"]["width"]
        # A sum of 18 digits has 38 on DuckDB and 28 on Spark.
        return 28 if width == 38 else width, kind["type_info"].get("scale", 0)
    return {"INTEGER": (10, 0), "BIGINT": (20, 0), "HUGEINT": (20, 0)}.get(
        kind.get("id")
    )


@rule("cast(x as decimal(18, 4)) before it becomes a text")
def doubles_as_texts(statement: Statement) -> Iterator[Bound]:
    """1e-05 or 10000000.0 on DuckDB is 1.0E-5 and 1.0E7 on Spark."""
    for cast in statement.bound:
        to_text = cast.is_cast and cast.type == "VARCHAR"
        if to_text and _type(cast.node["child"]) in _FLOATS:
            yield cast


@rule("round(x * 10000) / 10000, and that as decimal(18, 4)")
def rounded_doubles(statement: Statement) -> Iterator[Bound]:
    """Spark rounds the digits that a double is shown with, DuckDB the double: 1.005 is
    1.01 or 1.00."""
    for node in statement.bound:
        if node.name == "round" and len(node.operands) == 2:
            if _type(node.node["children"][0]) in _FLOATS:
                yield node
        elif node.is_cast and node.type == "DECIMAL" and not node.is_constant:
            child = node.node["child"]
            if _type(child) in _FLOATS and not _has_few_places(child):
                yield node


def _has_few_places(node: dict) -> bool:
    """True for whole numbers, and for whole numbers divided by a constant."""
    if node.get("name") == "/":
        dividend, divisor = node["children"]
        constant = _bare(divisor)["expression_class"] == "BOUND_CONSTANT"
        return constant and _is_whole(dividend)
    choices = _choices(node)
    return _is_whole(node) or (bool(choices) and all(map(_has_few_places, choices)))


@rule("case when matches(x, '^…$') then cast(x as date); decimal(18, 0), then bigint")
def texts_as_values(statement: Statement) -> Iterator[Bound]:
    """'2024-05' is a date to Spark alone, '1e5' and '1.7' are integers to DuckDB alone.
    (What the loader has written as one of its types is safe.)"""
    for cast in statement.bound:
        wanted = _READS.get(cast.type)
        if cast.is_cast and wanted and not cast.is_constant:
            if _type(cast.node["child"]) != "VARCHAR" or _is_asked(cast):
                continue
            names = {
                part.node.get("alias")
                for part in _expressions(cast.node["child"], (), cast.sql)
                if part.node["expression_class"] in ("BOUND_REF", "BOUND_COLUMN_REF")
            }
            loaded = {statement.loaded.get(name, "text") for name in names}
            if not loaded <= wanted:
                yield cast


# What a text may have been before the loader wrote it, by what it becomes.
_DATES = {"date", "timestamp", "epoch_us"}
_READS = {
    "DATE": _DATES,
    "TIMESTAMP": _DATES,
    **{kind: {"integer"} for kind in _WHOLE},
}


def _is_asked(cast: Bound) -> bool:
    """True where a case looks at the text before it is cast."""
    for parent in cast.parents:
        for check in parent.node.get("case_checks", []):
            asked = _expressions(check["when_expr"], (), cast.sql)
            if any(part.name in ("regexp_matches", "~~", "!~~") for part in asked):
                return True
    return False


@rule("cast(d + interval '1' day as date)")
def dates_with_intervals(statement: Statement) -> Iterator[Bound]:
    """A date and an interval are a timestamp on DuckDB and a date on Spark."""
    for node in statement.bound:
        if node.name in ("+", "-") and node.type == "TIMESTAMP":
            types = [_type(operand) for operand in node.operands]
            if "DATE" in types and not _ends_as_date(node):
                yield node


def _ends_as_date(node: Bound) -> bool:
    """True if what is around a date says what it is, or only compares it."""
    for parent in reversed(node.parents):
        kind = parent.node["expression_class"]
        if kind in ("BOUND_COMPARISON", "BOUND_BETWEEN"):
            return True
        if parent.is_written_cast:
            return parent.type in ("DATE", "TIMESTAMP")
        if kind not in _KEEPS and parent.name not in ("least", "greatest", "+", "-"):
            return False
    return False


@rule("the macro datediff(), in days")
def dates_subtracted(statement: Statement) -> Iterator[Bound]:
    """A date less a date is a number on DuckDB and an interval on Spark."""
    for node in statement.bound:
        if node.name == "-" and [_type(o) for o in node.operands] == ["DATE"] * 2:
            yield node


@rule("sum(cast(x as int))")
def sums_of_booleans(statement: Statement) -> Iterator[Bound]:
    """Spark adds no booleans."""
    for node in statement.bound:
        if node.name == "sum" and node.node["arguments"][0]["id"] == "BOOLEAN":
            yield node


_RESULTS = ("VARCHAR", "BIGINT", "INTEGER", "DOUBLE", "DATE", "TIMESTAMP", "BOOLEAN")


@rule("cast(sum(x) as bigint), cast(x as decimal(18, 4)), … in the last select")
def column_types(statement: Statement) -> Iterator[str]:
    """A sum of integers has 128 bits on DuckDB and 64 on Spark: a column of another
    type is another column."""
    for name, kind in statement.result():
        if kind not in _RESULTS and not kind.startswith("DECIMAL("):
            yield f"{name} is {kind}"
