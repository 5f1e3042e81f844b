"""How texts become canonical values, as SQL expressions inside DuckDB.

Every expression yields NULL for what it cannot read; `is_empty` tells that apart from a
cell that holds nothing. Canonical forms: numbers `-1234.5`, dates `2026-09-23`, wall
clock `2026-09-23 10:00:00`, moments `2026-09-23 08:00:00Z`.
"""

from dataclasses import dataclass, field
from typing import Any

import duckdb

from warehouse.errors import UserError

NUMBERS = ("number", "integer", "percent")
DATES = ("date", "timestamp")
TROUBLE = "a value is not what it should be"  # marks our own errors inside DuckDB

_EMPTY = ("", "-", "--", "–", "—", "null", "n/a", "nan", "(none)")
_MONEY = r"(?:[A-Z]{3}|kr\.?|zł|Kč|lei|Fr\.?|Rs\.?|R|RM|Rp|S/|[A-Za-z]{0,3}\p{Sc})"
_GAP = r"[\s\x{00A0}\x{202F}\x{2009}]*"
_GROUP = r"[\s\x{00A0}\x{202F}\x{2009}'’]"
# What staging can hold: decimal(18, 4), and a year that a shop can have meant.
_PLAIN = r"-?[0-9]{1,14}(?:[.][0-9]+)?"
_HOLDABLE = r"-?0*[0-9]{1,14}(?:[.][0-9]*)?"
YEARS = ("1971", "2199")
_ISO_TIMES = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d %I:%M %p",
    "%Y-%m-%d %I:%M:%S %p",
    "%Y-%m-%d %H",
)
_MONTHS = ("%b %d %Y", "%B %d %Y", "%d %b %Y", "%d %B %Y", "%d %b %y")

# Kinds of dates: what they look like. The first match counts.
_KINDS = {
    "iso": r"^[0-9]{4}([-/.])[0-9]{1,2}[-/.][0-9]{1,2}(?:[T ].*)?$",
    "compact": r"^[0-9]{8}$",
    "epoch": r"^[0-9]{10}(?:[0-9]{3}){0,2}$",
    "serial": r"^[0-9]{5}(?:[.][0-9]+)?$",
    "slash": r"^[0-9]{1,2}/[0-9]{1,2}/(?:[0-9]{4}|[0-9]{2})(?:[ T,].*)?$",
    "dash": r"^[0-9]{1,2}-[0-9]{1,2}-(?:[0-9]{4}|[0-9]{2})(?:[ T,].*)?$",
    "dot": r"^[0-9]{1,2}[.][0-9]{1,2}[.](?:[0-9]{4}|[0-9]{2})(?:[ T,].*)?$",
    "words": r"^(?:[A-Za-z]{3,9}[.]? [0-9]{1,2}|[0-9]{1,2}[ -][A-Za-z]{3,9})"
    r",?[ -][0-9]{2,4}(?:,? .*)?$",
}
_NUMERIC = ("slash", "dash", "dot")
_WORDS_DATE = (
    r"^((?:[A-Za-z]{3,9}[.]? [0-9]{1,2}|[0-9]{1,2}[ -][A-Za-z]{3,9}),?[ -]"
    r"(?:[0-9]{4}|[0-9]{2}))"
)
EXPECTED = {
    "number": "a number",
    "integer": "a whole number",
    "percent": "a percentage",
    "boolean": "true or false",
    "epoch_s": "seconds since 1970",
    "epoch_ms": "milliseconds since 1970",
    "epoch_us": "microseconds since 1970",
}


def text(value: Any) -> str:
    """A SQL string literal."""
    made = "'" + str(value).replace("'", "''") + "'"
    if "\0" in made:  # the parser ends at one
        made = f"({made.replace(chr(0), chr(39) + ' || chr(0) || ' + chr(39))})"
    return made


def name(identifier: str) -> str:
    """A SQL identifier."""
    return '"' + identifier.replace('"', '""') + '"'


@dataclass
class Plan:
    """How numbers and dates of one table in one file are written."""

    decimal: str = "."
    dates: dict[str, tuple[str, str]] = field(default_factory=dict)  # kind and order
    time_zone: str | None = None
    percent_without_sign: bool = False

    def date_kind(self, column: str) -> tuple[str, str]:
        return self.dates.get(column, ("iso", ""))

    def expected(self, column: str, kind: str) -> str:
        """In words: what a value of this type looks like in this file."""
        if kind in EXPECTED:
            mark = " with a decimal comma" if self.decimal == "," else ""
            return EXPECTED[kind] + (mark if kind in NUMBERS else "")
        shape, order = self.date_kind(column)
        sep = {"slash": "/", "dash": "-", "dot": "."}.get(shape, "-")
        form = {
            "iso": "yyyy-mm-dd",
            "compact": "yyyymmdd",
            "epoch": "a Unix time",
            "serial": "a day number of Excel",
            "words": "Jul 8, 2025",
        }.get(shape) or sep.join({"d": "dd", "m": "mm", "y": "yyyy"}[c] for c in order)
        what = "date" if kind == "date" else "moment"
        return f"a {what} of the years {' to '.join(YEARS)} written {form}"


def is_empty(x: str) -> str:
    """Whether a typed cell holds nothing."""
    trimmed = f"lower(trim({x}, {_BLANKS}))"
    return f"({x} is null or {_among(trimmed, *_EMPTY)})"


def _among(x: str, *words: str) -> str:
    """As `x in (…)`, of which DuckDB would make a join that every row goes through."""
    return f"list_contains([{', '.join(map(text, words))}], {x})"


_BLANKS = "' ' || chr(9) || chr(10) || chr(13) || chr(160) || chr(8239)"


def canonical(x: str, kind: str, plan: Plan, column: str) -> str:
    """The SQL that reads a text as its type: NULL where it is not readable."""
    if kind == "text":
        return x
    if kind == "number":
        return _number(x, plan.decimal)
    if kind == "integer":
        whole = f"regexp_replace({_number(x, plan.decimal)}, '[.]0+$', '')"
        return f"case when not contains({whole}, '.') then {whole} end"
    if kind == "percent":
        return _percent(x, plan)
    if kind == "boolean":
        low = f"lower(trim({x}, {_BLANKS}))"
        return (
            f"case when {x} in ('true', 'false') then {x} "
            f"when {_among(low, 'true', 'yes', '1', 't', 'y', '1.0')} then 'true' "
            f"when {_among(low, 'false', 'no', '0', 'f', 'n', '0.0')} then 'false' end"
        )
    if kind.startswith("epoch"):
        power = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}[kind]
        return _epoch(x, power)
    return _date(x, kind, plan, column)


def _number(x: str, decimal: str) -> str:
    point = "[.]" if decimal == "." else ","
    group = rf"(?:{_GROUP}|{',' if decimal == '.' else '[.]'})"
    body = (
        rf"(?:[0-9]+|[0-9]{{1,3}}(?:{group}[0-9]{{2,3}})*{group}[0-9]{{3}})?"
        rf"(?:{point}[0-9]*)?"
    )
    shape = (
        # An apostrophe before the sign keeps spreadsheets from reading a formula.
        rf"{_GAP}'?(?:{_MONEY}{_GAP})?[-+−(]?{_GAP}(?:{_MONEY}{_GAP})?-?{body}"
        rf"{_GAP}(?:{_MONEY})?[)]?{_GAP}"
    )
    dot = f"replace(regexp_replace({x}, '[^0-9{decimal}]', '', 'g'), '{decimal}', '.')"
    clean = f"regexp_replace(regexp_replace({dot}, '^[.]', '0.'), '[.]$', '')"
    sign = f"case when regexp_matches({x}, '[-−(]') then '-' else '' end"
    scientific = rf"{_GAP}[-+]?[0-9]+(?:{point}[0-9]+)?[eE][-+]?[0-9]+{_GAP}"
    as_double = f"try_cast(replace(trim({x}), '{decimal}', '.') as double)"
    slow = (
        f"case when {_full(x, shape)} and regexp_matches({x}, '[0-9]') "
        f"then {sign} || {clean} "
        f"when {_full(x, scientific)} then "
        f"{_trim_zeros(f'cast(try_cast({as_double} as decimal(38, 12)) as varchar)')} "
        "end"
    )
    holdable = f"case when {_full('v_number', _HOLDABLE)} then v_number end"
    return (
        f"case when {_full(x, _PLAIN)} and {'true' if decimal == '.' else _no_dot(x)} "
        f"then {x} else {_let(slow, 'v_number', holdable)} end"
    )


def _no_dot(x: str) -> str:
    return f"not contains({x}, '.')"


def _full(x: str, pattern: str) -> str:
    return f"regexp_full_match({x}, {text(pattern)})"


def _trim_zeros(x: str) -> str:
    return f"regexp_replace(regexp_replace({x}, '([.][0-9]*?)0+$', '\\1'), '[.]$', '')"


def _percent(x: str, plan: Plan) -> str:
    bare = f"regexp_replace({x}, {text(_GAP + '%' + _GAP + '$')}, '')"
    share = f"try_cast({_number(bare, plan.decimal)} as decimal(30, 12))"
    hundredth = _trim_zeros(f"cast({share} * 0.01 as varchar)")
    whole = hundredth if plan.percent_without_sign else _number(x, plan.decimal)
    return f"case when contains({x}, '%') then {hundredth} else {whole} end"


def _epoch(x: str, power: int) -> str:
    micros = (
        f"case when {_full(x, '-?[0-9]{1,17}')} "
        f"then try_cast({x} as bigint) * {power} "
        f"else try_cast(round(try_cast({x} as double) * {power}) as bigint) end"
    )
    return _possible(f"cast(make_timestamp({micros}) as varchar) || 'Z'")


def _possible(moment: str) -> str:
    """A date or a moment as text, or NULL where no shop can have meant it."""
    first, last = YEARS
    is_possible = f"substr(v_when, 1, 4) between '{first}' and '{last}'"
    is_possible += " and substr(v_when, 5, 1) = '-'"
    return _let(moment, "v_when", f"case when {is_possible} then v_when end")


def _date(x: str, kind: str, plan: Plan, column: str) -> str:
    shape, order = plan.date_kind(column)
    t = f"trim({x}, {_BLANKS})"
    match = regexp = _KINDS[shape]
    if shape == "epoch":
        power = f"case length({t}) when 10 then 1000000 when 13 then 1000 else 1 end"
        moment = f"make_timestamp(try_cast({t} as bigint) * {power})"
        made = f"cast(cast({moment} as date) as varchar)"
        made = made if kind == "date" else f"cast({moment} as varchar) || 'Z'"
        made = _possible(made)
        return f"case when regexp_matches({t}, {text(match)}) then {made} end"
    if shape == "serial":
        days = f"try_cast({t} as double)"
        moment = (
            f"(timestamp '1899-12-30 00:00:00' + to_days(cast(floor({days}) as int)) "
            f"+ to_seconds(cast(round(({days} - floor({days})) * 86400) as bigint)))"
        )
        made = (
            f"cast(cast({moment} as date) as varchar)"
            if kind == "date"
            else _moment(moment, "''", plan)
        )
        made = _possible(made)
        return f"case when regexp_matches({t}, {text(match)}) then {made} end"
    if shape == "iso":
        parts = r"^([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})"
        day = _glue("v_text", parts, "ymd")
        rest = f"regexp_replace(v_text, {text(parts + '[T ]?')}, '')"
    elif shape == "compact":
        day = _glue("v_text", r"^([0-9]{4})([0-9]{2})([0-9]{2})", "ymd")
        rest = "''"
    elif shape == "words":
        words = f"regexp_extract(v_text, {text(_WORDS_DATE)}, 1)"
        words = f"regexp_replace(regexp_replace({words}, '[.,]', ''), ',', '')"
        words = f"replace(regexp_replace({words}, '[.,]', '', 'g'), '-', ' ')"
        formats = ", ".join(text(f) for f in _MONTHS)
        day = f"strftime(try_strptime({words}, [{formats}]), '%Y-%m-%d')"
        rest = f"regexp_replace(v_text, {text(_WORDS_DATE + ',? ?')}, '')"
    else:
        parts = r"^([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4}|[0-9]{2})"
        day = _glue("v_text", parts, order)
        rest = f"regexp_replace(v_text, {text(parts + '[T ,]*')}, '')"
    zone = r" ?(Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)$"
    formats = ", ".join(text(f) for f in _ISO_TIMES)
    moment = (
        "case when v_clock = '' then try_cast(v_day as timestamp) "
        f"else try_strptime(v_day || ' ' || v_clock, [{formats}]) end"
    )
    if kind == "date":
        made = f"strftime({moment}, '%Y-%m-%d')"
    else:
        made = _let(moment, "v_moment", _moment("v_moment", "v_offset", plan))
    clock = f"upper(trim(regexp_replace(v_rest, {text(zone)}, '')))"
    made = _let(f"regexp_extract(v_rest, {text(zone)}, 1)", "v_offset", made)
    made = _let(rest, "v_rest", _let(clock, "v_clock", made))
    made = _let(day, "v_day", made)
    slow = (
        f"case when regexp_matches({t}, {text(regexp)}) "
        f"then {_possible(_let(t, 'v_text', made))} end"
    )
    if shape != "iso":
        return slow
    # The common cases without regular expressions, which cost ten times as much.
    first, last = YEARS
    is_possible = f"substr({x}, 1, 4) between '{first}' and '{last}'"
    if kind == "date":
        return (
            f"case when length({x}) = 10 and substr({x}, 5, 1) = '-' "
            f"and {is_possible} and try_cast({x} as date) is not null "
            f"then {x} else {slow} end"
        )
    clock = f"substr({x}, 1, 19)"
    is_clock = (
        f"substr({x}, 5, 1) = '-' and substr({x}, 17, 1) = ':' "
        f"and {is_possible} and try_cast({clock} as timestamp) is not null"
    )
    zulu = (
        f"when length({x}) = 20 and substr({x}, 20, 1) = 'Z' and {is_clock} "
        f"then replace({x}, 'T', ' ') "
    )
    zoned = f"try_cast({clock} || substr({x}, 21, 3) || ':' || substr({x}, 24, 2) "
    zoned += "as timestamptz)"
    shifted = (
        f"when length({x}) = 25 and substr({x}, 20, 1) = ' ' and {is_clock} "
        f"and {zoned} is not null then "
        f"cast(cast({zoned} as timestamp) as varchar) || 'Z' "
    )
    wall = f"when length({x}) = 19 and {is_clock} then replace({x}, 'T', ' ') "
    if plan.time_zone:
        wall = ""
    return f"case {wall}{zulu}{shifted}else {slow} end"


def _let(value: str, variable: str, body: str) -> str:
    """SQL that computes a value once for an expression that names it often.

    Expressions grow by copying; without this they take longer to plan than to run.
    """
    return f"list_transform([{value}], lambda {variable}: {body})[1]"


def _glue(t: str, pattern: str, order: str) -> str:
    """The date parts of a text as yyyy-mm-dd."""

    def part(letter: str) -> str:
        found = f"regexp_extract({t}, {text(pattern)}, {order.index(letter) + 1})"
        if letter == "y":
            return (
                f"case when length({found}) = 2 then '20' || {found} else {found} end"
            )
        return f"lpad({found}, 2, '0')"

    return f"({part('y')} || '-' || {part('m')} || '-' || {part('d')})"


def _moment(moment: str, offset: str, plan: Plan) -> str:
    """A timestamp with its offset as UTC; without one as wall clock or by the zone."""
    digits = f"regexp_replace({offset}, '[^0-9]', '', 'g')"
    minutes = (
        f"(cast(substr({digits}, 1, 2) as int) * 60 "
        f"+ cast(coalesce(nullif(substr({digits}, 3, 2), ''), '0') as int))"
    )
    signed = f"case when {offset}[1] = '-' then -{minutes} else {minutes} end"
    wall = f"cast(({moment}) as varchar)"
    if plan.time_zone:
        zoned = f"timezone('UTC', timezone({text(plan.time_zone)}, ({moment})))"
        wall = f"cast({zoned} as varchar) || 'Z'"
    return (
        f"case when {offset} = '' then {wall} "
        f"when regexp_matches({offset}, '[0-9]') "
        f"then cast(({moment}) - to_minutes({signed}) as varchar) || 'Z' "
        f"else cast(({moment}) as varchar) || 'Z' end"
    )


def make_plan(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    columns: list[tuple[str, str, str]],
    reader: dict[str, Any],
    delimiter: str | None,
    where: str,
    file: str,
) -> Plan:
    """Find out from all values of a file how its numbers and dates are written.

    Args:
        connection: Where the relation can be read.
        relation: A FROM clause that yields the columns, `_row` and `_line`.
        columns: Expression, lake name and type of every typed column.
        reader: The table's reader options.
        delimiter: Of a delimited text; a semicolon makes a decimal comma likely.
        where: Rows that count (summary rows do not).
        file: The file's name for messages.

    Raises:
        UserError: Dates or numbers can be read in two ways, or are written in two ways.
    """
    plan = base_plan(reader)
    _decimal_mark(connection, relation, columns, reader, delimiter, where, file, plan)
    _date_kinds(connection, relation, columns, reader, where, file, plan)
    return plan


def base_plan(reader: dict[str, Any]) -> Plan:
    """The plan before any evidence: ISO dates and the contract's decimal mark."""
    return Plan(
        decimal="," if reader.get("decimal") == "," else ".",
        time_zone=reader.get("time_zone"),
        percent_without_sign=bool(reader.get("percent_without_sign")),
    )


def _decimal_mark(connection, relation, columns, reader, delimiter, where, file, plan):
    numbers = [(x, column) for x, column, kind in columns if kind in NUMBERS]
    if not numbers or reader.get("decimal", "auto") != "auto":
        return
    comma = "^[0-9.]*,([0-9]{1,2}|[0-9]{4,})$|^0?,[0-9]+$|^[0-9]{4,},[0-9]+$"
    comma += "|^[0-9]{1,3}([.][0-9]{2,3})+,[0-9]*$|^[0-9]{1,3}([.][0-9]{3}){2,}$"
    dot = "^[0-9,]*[.]([0-9]{1,2}|[0-9]{4,})$|^0?[.][0-9]+$|^[0-9]{4,}[.][0-9]+$"
    dot += "|^[0-9]{1,3}(,[0-9]{2,3})+[.][0-9]*$|^[0-9]{1,3}(,[0-9]{2,3}){2,}$"
    counts = []
    for x, _ in numbers:
        body = f"regexp_replace({x}, '[^0-9.,]', '', 'g')"
        for pattern in (
            comma,
            dot,
            "^[1-9][0-9]{0,2},[0-9]{3}$",
            "^[1-9][0-9]{0,2}[.][0-9]{3}$",
        ):
            counts.append(
                f"count(*) filter (contains({x}, ',') and "
                f"regexp_matches({body}, {text(pattern)}))"
                if pattern not in (dot, "^[1-9][0-9]{0,2}[.][0-9]{3}$")
                else f"count(*) filter (contains({x}, '.') and "
                f"regexp_matches({body}, {text(pattern)}))"
            )
    row = connection.execute(
        f"select {', '.join(counts)} from {relation} where {where}"
    ).fetchone()
    commas, dots, comma_groups, dot_groups = (sum(row[i::4]) for i in range(4))
    if commas and dots:
        if commas <= 0.01 * dots or dots <= 0.01 * commas:
            plan.decimal = "," if commas > dots else "."
            return  # the few others are rejected one by one
        shown = []
        for mark, pattern in ((",", comma), (".", dot)):
            for x, column in numbers:
                hit = connection.execute(
                    f"select coalesce(_line, _row), {x} from {relation} where {where} "
                    f"and contains({x}, '{mark}') and regexp_matches("
                    f"regexp_replace({x}, '[^0-9.,]', '', 'g'), {text(pattern)}) "
                    "order by _row limit 1"
                ).fetchone()
                if hit:
                    shown.append(f"line {hit[0]}, column {column}: {hit[1]!r}")
                    break
        raise UserError(
            f"{file}: some numbers have a decimal comma, others a decimal point "
            f"({'; '.join(shown)}).",
            "Export the file again with one format, or set `decimal` in the reader "
            "options of the contract.",
        )
    if commas or dots:
        plan.decimal = "," if commas else "."
    elif delimiter == ";" and (comma_groups or dot_groups):
        raise UserError(
            f"{file}: its numbers look like 1{',' if comma_groups else '.'}234, which "
            "is one thousand two hundred thirty-four or one point two.",
            'Set `decimal: "."` or `decimal: ","` in the reader options of the '
            "contract.",
        )


def _date_kinds(connection, relation, columns, reader, where, file, plan):
    dates = [(x, column) for x, column, kind in columns if kind in DATES]
    forced = reader.get("date_format")
    if not dates:
        return
    selects = []
    for x, _ in dates:
        t = f"trim({x}, {_BLANKS})"
        shape = "case " + " ".join(
            f"when regexp_matches({t}, {text(p)}) then {text(k)}"
            for k, p in _KINDS.items()
        )
        first = f"try_cast(regexp_extract({t}, '^([0-9]+)', 1) as int)"
        second = f"try_cast(regexp_extract({t}, '^[0-9]+[-/.]([0-9]+)', 1) as int)"
        selects.append(
            f"select {shape} else 'other' end as kind, count(*), "
            f"max({first}) as first, max({second}) as second, "
            f"min(coalesce(_line, _row)) as line, arg_min({x}, _row) as example, "
            f"arg_max({x}, {first}), arg_max({x}, {second}), "
            f"arg_max(coalesce(_line, _row), {first}), "
            f"arg_max(coalesce(_line, _row), {second}) "
            f"from {relation} where {where} and not {is_empty(x)} group by 1"
        )
    seen: dict[str, tuple] = {}
    for (_, column), select in zip(dates, selects, strict=True):
        rows = [r for r in connection.execute(select).fetchall() if r[0] != "other"]
        if len(rows) > 1:
            a, b = sorted(rows, key=lambda r: -r[1])[:2]
            raise UserError(
                f"{file}: the column {column} holds dates in two formats: line {a[4]} "
                f"has {a[5]!r}, line {b[4]} has {b[5]!r}.",
                "Export the column in one format (best: 2026-09-23). A spreadsheet "
                "that turned some texts into dates may have swapped day and month: "
                "take the platform's own file.",
            )
        if rows:
            seen[column] = rows[0]
    orders: dict[str, str] = {}
    for column, row in seen.items():
        kind, first, second = row[0], row[2], row[3]
        plan.dates[column] = (kind, "")
        if kind == "serial" and forced != "excel":
            raise UserError(
                f"{file}: the column {column} holds day numbers of a spreadsheet "
                f"(line {row[4]}: {row[5]!r}), which count from 1900 or from 1904.",
                "Format the column as dates like 2026-09-23 and save the file again, "
                "or set `date_format: excel` in the reader options of the contract.",
            )
        if kind in _NUMERIC and forced == "iso":
            raise UserError(
                f"{file}: dates like 2026-09-23 are expected in column {column}; line "
                f"{row[4]} has {row[5]!r}.",
                "Export the file again with such dates, or set `date_format: dmy` or "
                "`date_format: mdy` in the reader options of the contract.",
            )
        if kind not in _NUMERIC:
            continue
        if forced in ("dmy", "mdy", "ymd"):
            orders[column] = forced
        elif first > 12 and second > 12:
            raise UserError(
                f"{file}: the column {column} holds dates in two formats: line "
                f"{row[8]} has {row[6]!r} (day first), line {row[9]} has {row[7]!r} "
                "(month first).",
                "Export the column in one format (best: 2026-09-23).",
            )
        elif first > 12:
            orders[column] = "dmy"
        elif second > 12:
            orders[column] = "mdy"
    known = set(orders.values())
    for column, row in seen.items():
        if row[0] not in _NUMERIC:
            continue
        if column not in orders and len(known) != 1:
            raise UserError(
                f"{file}: the dates of column {column} can be read in two ways, day "
                f"first or month first (line {row[4]}: {row[5]!r}).",
                "Set `date_format: dmy` or `date_format: mdy` in the reader options "
                "of the contract, or export the file with dates like 2026-09-23.",
            )
        plan.dates[column] = (row[0], orders.get(column) or next(iter(known)))
