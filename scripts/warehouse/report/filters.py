"""Filters: what a reader narrows a page to, and how that reaches every query.

A filter never changes a query. It changes what the names in it stand for: `rows_of`
writes, for each relation that a filter touches, the SELECT that takes its place. Values
from the address are DuckDB variables, never text of SQL.
"""

from dataclasses import dataclass, fields
from datetime import date, datetime
from difflib import get_close_matches
from urllib.parse import parse_qsl, urlencode

from warehouse.errors import UserError
from warehouse.report.words import GRAINS

MOST_PERIODS = 400
# One select in the form offers every slice: `only=shop:alder_eu` is `shop=alder_eu`.
ONLY = "only"
OWN = ("grain", "from", "to", "last")
# Of the page, not of its numbers.
IGNORED = ("lang",)
FORM = "Choose with the filters at the top of the page."


class FilterError(UserError):
    """The address asks for what the data do not have."""


@dataclass(frozen=True)
class Filters:
    """What a page is narrowed to; nothing, unless said.

    Attributes:
        grain: Instead of each panel's own.
        first: A day of the first period shown.
        to: A day of the newest period shown; the data's newest when left out.
        last: How many periods are shown, instead of `first`.
        dimension: What the numbers are cut by; a KPI is cut by one dimension at a time.
        member: The slice of it that stands for the whole.
    """

    grain: str | None = None
    first: date | None = None
    to: date | None = None
    last: int | None = None
    dimension: str | None = None
    member: str | None = None

    def __bool__(self) -> bool:
        return any(getattr(self, one.name) is not None for one in fields(self))

    @property
    def ranged(self) -> bool:
        """True where the reader says which periods to show."""
        return bool(self.first or self.last)

    @property
    def query(self) -> str:
        """As an address says it, always in the same order; empty without filters."""
        said = [
            ("grain", self.grain),
            ("from", self.first),
            ("to", self.to),
            ("last", self.last),
            (self.dimension, self.member),
        ]
        return urlencode([(name, str(value)) for name, value in said if value])


def read_filters(
    query: str, members: dict[str, list[str]], first: date, newest: date
) -> Filters:
    """The filters of an address, each value one that exists.

    Args:
        query: What stands behind the question mark; fields left empty say nothing.
        members: What can be chosen, by dimension.
        first: The first day of the data.
        newest: Their newest day.

    Raises:
        FilterError: If a name or a value is not one that the data have.
    """
    said: dict[str, str] = {}
    # Nobody says more than a handful: a flood of names is no filter.
    if len(query) > 4000 or query.count("&") > 20:
        raise FilterError("The address says too much.", FORM)
    for name, value in parse_qsl(query, max_num_fields=30):
        if name == ONLY:
            name, _, value = value.partition(":")
        if name in said:
            raise FilterError(f"The address says {name} twice.", FORM)
        if name not in IGNORED:
            said[name] = value.strip()
    grain = said.pop("grain", None)
    if grain is not None and grain not in GRAINS:
        raise FilterError(
            f"There is no grain {grain!r}.", f"It is one of {', '.join(GRAINS)}."
        )
    start, to = (_day(said.pop(name, None), name) for name in ("from", "to"))
    last = _count(said.pop("last", None))
    if start and last:
        raise FilterError(
            "The address says both from and last.",
            "Say the first day, or how many periods; not both.",
        )
    for name, day in (("from", start), ("to", to)):
        if day and (day > newest or (name == "to" and day < first)):
            raise FilterError(
                f"There are no data of {day}.",
                f"They are from {first} to {newest}; {name} is a day of these.",
            )
    if start and start > (to or newest):
        raise FilterError(f"From {start} to {to}: that ends before it begins.", FORM)
    if len(said) > 1:
        raise FilterError(
            f"The address says {' and '.join(said)}.",
            "A KPI is cut by one dimension at a time: the marts hold each slice of "
            "each, and no pairs. Choose one of them.",
        )
    for dimension, member in said.items():
        if dimension not in members:
            raise FilterError(
                f"There is no filter {dimension!r}.",
                f"There are {', '.join([*OWN, *members])}.",
            )
        if member not in members[dimension]:
            near = get_close_matches(member, members[dimension], 3, 0.5)
            raise FilterError(
                f"There is no {dimension} {member!r}.",
                f"Did you mean {' or '.join(near or members[dimension][:8])}?",
            )
    dimension, member = next(iter(said.items()), (None, None))
    return Filters(grain, start, to, last, dimension, member)


def _day(text: str | None, name: str) -> date | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise FilterError(
            f"{name} is a day such as 2026-09-23, not {text!r}."
        ) from None


def _count(text: str | None) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_PERIODS):
        raise FilterError(
            f"last is how many periods to show, 1 to {MOST_PERIODS}, not {text!r}."
        )
    return int(text)


# -------------------------------------------------------------- what a relation becomes


def follows_period(columns: set[str]) -> bool:
    """Whether a relation knows which period a row is of."""
    return "period_start" in columns


def follows_slice(columns: set[str], dimension: str) -> bool:
    """Whether a relation can be narrowed to a slice of a dimension."""
    return bool(_key(columns, dimension)) or {"dimension", "member"} <= columns


def rows_of(name: str, columns: list[str], filters: Filters) -> str | None:
    """The SELECT that stands for a relation under filters; None if none touches it.

    Args:
        name: The relation, published in the catalogue `warehouse`.
        columns: Its columns.
        filters: What is chosen. Values come as the variables of `variables`.
    """
    known, conditions, changed = set(columns), [], {}
    helper = name.startswith("dim_")
    if {"grain", "period_start"} <= known:
        conditions += [
            f"coalesce({name}.period_start >= {_by_grain('first')}, true)",
            f"coalesce({name}.period_start <= {_by_grain('newest')}, true)",
        ]
        if "is_current" in known:
            changed["is_current"] = (
                f"coalesce({name}.period_start = {_by_grain('newest')}, is_current)"
            )
    elif "period_start" in known:
        # Without a grain they are months.
        conditions += [
            f"{name}.period_start >= getvariable('first_month')",
            f"{name}.period_start <= getvariable('newest_month')",
        ]
    if filters.dimension and not helper:
        key = _key(known, filters.dimension)
        if key:
            conditions.append(f"{name}.{key} = getvariable('member')")
        elif {"dimension", "member"} <= known:
            conditions += [
                f"{name}.dimension = getvariable('dimension')",
                f"{name}.member = getvariable('member')",
            ]
            # The slice stands for the whole.
            changed |= {"dimension": "'all'", "member": "'all'"}
    if not conditions:
        return None
    chosen = ", ".join(
        f"{changed[column]} as {column}" if column in changed else f'"{column}"'
        for column in columns
    )
    return (
        f"select {chosen} from warehouse.main.{name} as {name} "
        f"where {' and '.join(conditions)}"
    )


def bounds(
    starts: dict[str, list], filters: Filters
) -> dict[str, tuple[datetime, datetime]]:
    """The first and the newest period shown of each grain.

    Args:
        starts: The starts of all periods by grain, ascending, up to the one under way.
        filters: What is chosen.
    """
    found = {}
    for grain, known in starts.items():
        shown = [s for s in known if not filters.to or s.date() <= filters.to]
        shown = shown or known[:1]
        newest = shown[-1]
        if filters.last:
            shown = shown[-filters.last :]
        if filters.first:
            # The period that the first day lies in.
            before = [s for s in shown if s.date() <= filters.first]
            shown = [s for s in shown if s.date() > filters.first]
            shown = before[-1:] + shown
        found[grain] = (shown[0], newest)
    return found


def variables(
    limits: dict[str, tuple[datetime, datetime]], filters: Filters
) -> dict[str, object]:
    """What the SELECTs of `rows_of` ask for by `getvariable`."""
    found: dict[str, object] = {}
    for grain, (first, newest) in limits.items():
        found |= {f"first_{grain}": first, f"newest_{grain}": newest}
    return found | {"dimension": filters.dimension, "member": filters.member}


def _by_grain(which: str) -> str:
    whens = " ".join(f"when '{g}' then getvariable('{which}_{g}')" for g in GRAINS)
    return f"case grain {whens} end"


def _key(columns: set[str], dimension: str) -> str | None:
    """The column that holds a dimension's members: `shop_id`, `device`."""
    return next((c for c in (f"{dimension}_id", dimension) if c in columns), None)
