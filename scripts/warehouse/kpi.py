"""`warehouse kpi`: a KPI of the published build over time, whole or by a dimension."""

import textwrap
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from difflib import get_close_matches
from math import isfinite
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from warehouse.catalog import (
    find_kpi,
    kpi_names,
    plain_description,
    theme_label,
)
from warehouse.errors import UserError
from warehouse.paths import data_dir, target_name
from warehouse.publications import live_words
from warehouse.report import words
from warehouse.report.published import Published
from warehouse.status import GRAINS, MISSING, judged, period_sentence, plan_text
from warehouse.values import text

if TYPE_CHECKING:
    from rich.console import Console

# How many periods are shown where nobody says how many, by grain.
LAST = {"hour": 24, "day": 14, "week": 8, "month": 12, "quarter": 8, "year": 5}
SHOWN_MEMBERS = 20
LABEL_WIDTH = 22
BARS = "▁▂▃▄▅▆▇█"
BAR_WIDTH = 10
LINE = {
    "box": box.SIMPLE_HEAD,
    "show_edge": False,
    "pad_edge": False,
    "padding": (0, 1, 0, 0),
}
# Numbers of a row of kpi_scorecard that a row of kpi_values goes with.
COMPARED = (
    "previous_value", "previous_change", "previous_change_rate", "last_year_change",
    "last_year_change_rate", "value_lower", "value_upper", "plan_value",
    "plan_attainment", "plan_status", "direction_status",
)  # fmt: skip


# Of a KPI in the list of all.
WHOLE = (
    "period_start", "value", "previous_change", "previous_change_rate",
    "last_year_change", "is_new", "is_mature", "is_partial",
)  # fmt: skip


@dataclass
class Answer:
    """A KPI's numbers.

    Attributes:
        kpi: Its row of `kpi_catalog`.
        grain: Of its periods.
        dimension: What it is cut by; all for the whole alone.
        periods: Rows of `dim_periods`, oldest first; the last may be under way.
        rows: By member, `all` first, then the largest; a row a period, None for a gap.
        names: What people call the members.
        build: The publication's manifest.
    """

    kpi: dict
    grain: str
    dimension: str
    periods: list[dict]
    rows: dict[str, list[dict | None]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    build: dict = field(default_factory=dict)

    @property
    def is_under_way(self) -> bool:
        """Whether the newest period still goes on."""
        return bool(self.periods) and self.periods[-1]["is_partial"]

    def values(self, member: str) -> list[float | None]:
        """The values of a member, a period each."""
        return [row["value"] if row else None for row in self.rows[member]]

    def trend(self, member: str) -> list[float | None]:
        """The values of the complete periods: a half one would look like a fall."""
        values = self.values(member)
        return values[:-1] if self.is_under_way and len(values) > 1 else values

    def document(self) -> dict:
        """What machines get."""
        return {
            "kpi": self.kpi,
            "grain": self.grain,
            "dimension": self.dimension,
            "currency": self.build["currency"],
            "build_id": self.build["build_id"],
            "as_of": self.build["as_of"],
            "rows": [
                {"member_name": self.names[member], **row}
                for member, rows in self.rows.items()
                for row in rows
                if row
            ],
        }


class _Shelf:
    """The KPIs of the publication that readers see."""

    def __init__(self, target: str | None):
        folder = data_dir(target or target_name()) / "published" / "current"
        self.data = Published(folder.resolve())

    def find(self, name: str) -> dict:
        """The KPI of that id, or of that name in any language, as `find_kpi`."""
        names: dict[str, set[str]] = {}
        for kpi_id, kpi in self.data.catalog.items():
            aliases = [
                alias
                for key, value in kpi.items()
                if key.startswith("aliases_")
                for alias in (value or "").split(" · ")
            ]
            for alias, ids in kpi_names(kpi_id, kpi["label"], aliases).items():
                names.setdefault(alias, set()).update(ids)
        return self.data.catalog[find_kpi(name, names)]

    def cuts(self, kpi_id: str) -> dict[str, set[str]]:
        """The grains of a KPI with the dimensions that it has at each."""
        found: dict[str, set[str]] = {}
        for row in self.data.rows(
            "select distinct grain, dimension from kpi_values"
            f" where kpi_id = {text(kpi_id)} and not grain like '%to_date'"
        ):
            found.setdefault(row["grain"], set()).add(row["dimension"])
        return found

    def periods(self, kpi_id: str, grain: str, last: int) -> list[dict]:
        """The newest periods of a grain, oldest first; hours end at the KPI's last."""
        if grain == "hour":
            newest = self.data.rows(
                "select max(period_start) as moment from kpi_values"
                f" where kpi_id = {text(kpi_id)} and grain = 'hour'"
            )[0]["moment"]
            starts = [newest - timedelta(hours=ago) for ago in reversed(range(last))]
            return [{"period_start": s, "is_partial": False} for s in starts]
        rows = self.data.rows(
            "select grain, period_start, period_end, days, elapsed_days,"
            " not is_complete as is_partial from dim_periods"
            f" where grain = {text(grain)} and period_start <= (select"
            " max(period_start) from dim_periods where is_current and grain ="
            f" {text(grain)}) order by period_start desc limit {last}"
        )
        return rows[::-1]

    def rows(
        self, kpi_id: str, grain: str, dimension: str, since: datetime
    ) -> list[dict]:
        """A KPI's rows of the whole and of a dimension, with their comparison."""
        compared = ", ".join(f"kpi_scorecard.{name}" for name in COMPARED)
        return self.data.rows(
            f"""select kpi_values.period_start, kpi_values.dimension,
                kpi_values.member, kpi_values.numerator, kpi_values.denominator,
                kpi_values.value, {compared},
                coalesce(kpi_scorecard.is_new, false) as is_new,
                coalesce(kpi_scorecard.is_mature, true) as is_mature,
                kpi_scorecard.kpi_id is not null as is_compared
            from kpi_values
            -- In a live publication the values may be newer than what they are
            -- compared with: then there is no comparison.
            left join kpi_scorecard
                on kpi_values.kpi_id = kpi_scorecard.kpi_id
                and kpi_values.grain = kpi_scorecard.grain
                and kpi_values.period_start = kpi_scorecard.period_start
                and kpi_values.dimension = kpi_scorecard.dimension
                and kpi_values.member = kpi_scorecard.member
                and kpi_values.value is not distinct from kpi_scorecard.value
            where kpi_values.kpi_id = {text(kpi_id)}
                and kpi_values.grain = {text(grain)}
                and kpi_values.dimension in ('all', {text(dimension)})
                and kpi_values.period_start >= timestamp '{since}'
            order by kpi_values.period_start, kpi_values.dimension, kpi_values.member"""
        )


def kpi(
    console: "Console",
    name: str | None = None,
    *,
    by: str | None = None,
    grain: str = "month",
    last: int | None = None,
    members: list[str] | None = None,
    shop: str | None = None,
    parts: bool = False,
    target: str | None = None,
) -> Answer | dict:
    """Print a KPI over time, or all KPIs by theme.

    Args:
        console: Where to print; 80 columns are enough.
        name: Its id, or a name in any language; all KPIs when left out.
        by: A dimension to cut it by.
        grain: hour, day, week, month, quarter or year.
        last: How many periods; as many as `LAST` says when left out.
        members: Only these members of the dimension, by key or name.
        shop: Short for `by` shop and this member.
        parts: Whether numerator and denominator are shown, too.
        target: A dbt target; the one in force when left out.

    Returns:
        The numbers.

    Raises:
        UserError: Nothing is published; there is no such KPI, dimension, grain or
            member: those that there are stand in the hint.
    """
    if shop:
        if by not in (None, "shop") or members:
            raise UserError(
                "A KPI is cut by one dimension at a time.",
                "Use --shop alone, or --by and --member.",
            )
        by, members = "shop", [shop]
    shelf = _Shelf(target)
    try:
        if name is None:
            if by or members:
                raise UserError(
                    "Which KPI is meant?", "`warehouse kpi` lists all of them."
                )
            return _all(console, shelf.data, grain)
        found = ask(shelf, name, by, grain, last, members)
    finally:
        shelf.data.close()
    _print(console, found, parts)
    return found


def ask(
    shelf: _Shelf,
    name: str,
    by: str | None,
    grain: str,
    last: int | None,
    members: list[str] | None,
) -> Answer:
    """A KPI's numbers; arguments and errors as in `kpi`."""
    kpi = shelf.find(name)
    kpi_id = kpi["kpi_id"]
    cuts = shelf.cuts(kpi_id)
    if not cuts:
        raise UserError(
            f"{kpi_id} has no value yet.",
            f"It is fed by {kpi['sources']}: export one of them, then `warehouse run`.",
        )
    if grain not in cuts:
        raise UserError(
            f"{kpi_id} has no grain {grain!r}.",
            f"It has {', '.join(g for g in LAST if g in cuts)}.",
        )
    dimension = by or (_holding(shelf, kpi_id, grain, members) if members else "all")
    if dimension not in cuts[grain]:
        there = ", ".join(sorted(cuts[grain] - {"all"}))
        raise UserError(
            f"{kpi_id} cannot be cut by {dimension!r} at the grain {grain}.",
            f"It can be cut by {there}." if there else "There is only the whole of it.",
        )
    periods = shelf.periods(kpi_id, grain, last or LAST[grain])
    answer = Answer(kpi, grain, dimension, periods, build=shelf.data.manifest)
    place = {period["period_start"]: i for i, period in enumerate(periods)}
    for row in shelf.rows(kpi_id, grain, dimension, periods[0]["period_start"]):
        if row["period_start"] in place:
            line = answer.rows.setdefault(row["member"], [None] * len(periods))
            line[place[row["period_start"]]] = row
    for line in answer.rows.values():
        _compare(line, answer)
    answer.names = {
        member: "All" if member == "all" else shelf.data.member(dimension, member)
        for member in answer.rows
    }
    answer.rows = {
        member: answer.rows[member]
        for member in _chosen(answer, members)
        if member == "all" or any(v is not None for v in answer.values(member))
    }
    return answer


def spark(values: list[float | None]) -> str:
    """Values as a line of bars, from the smallest to the largest; gaps are blank."""
    known = [value for value in values if value is not None and isfinite(value)]
    if not known:
        return ""
    low, high = min(known), max(known)
    scale = (len(BARS) - 1) / (high - low) if high > low else 0
    return "".join(
        " "
        if value is None or not isfinite(value)
        else BARS[round((value - low) * scale) if scale else 3]
        for value in values
    )


def _bars(values: list[float | None]) -> list[str]:
    """A bar from zero for each value; none where some are below zero."""
    largest = max((value for value in values if value is not None), default=0)
    if largest <= 0 or any(value is not None and value < 0 for value in values):
        return [""] * len(values)
    eighths = [round((value or 0) / largest * BAR_WIDTH * 8) for value in values]
    return ["█" * (n // 8) + (" ▏▎▍▌▋▊▉"[n % 8] if n % 8 else "") for n in eighths]


def _holding(shelf: _Shelf, kpi_id: str, grain: str, members: list[str]) -> str:
    """The one dimension of a KPI that has a member of this name."""
    rows = shelf.data.rows(
        "select distinct dimension, member from kpi_values where"
        f" kpi_id = {text(kpi_id)} and grain = {text(grain)} and dimension <> 'all'"
    )
    wanted = members[0].lower()
    found = {
        row["dimension"]
        for row in rows
        if wanted
        in (
            row["member"].lower(),
            shelf.data.member(row["dimension"], row["member"]).lower(),
        )
    }
    if len(found) == 1:
        return found.pop()
    dimensions = ", ".join(sorted(found or {row["dimension"] for row in rows}))
    if found:
        raise UserError(
            f"Several dimensions have a member {members[0]!r}.",
            f"Say which with --by: {dimensions}.",
        )
    raise UserError(
        f"No dimension of {kpi_id} has a member {members[0]!r}.",
        f"--by shows the members of each: {dimensions}.",
    )


def _chosen(answer: Answer, members: list[str] | None) -> list[str]:
    """The members in the order of the table: the whole, then the largest."""

    def size(member: str) -> float:
        part = "denominator" if answer.kpi["kind"] == "ratio" else "value"
        return sum(abs(row[part] or 0) for row in answer.rows[member] if row)

    there = sorted(answer.rows, key=lambda m: (m != "all", -size(m), m))
    if not members:
        return there
    known = {
        name.lower(): member
        for member in there
        for name in (answer.names[member], member)
    }
    chosen = []
    for wanted in members:
        if wanted.lower() not in known:
            # The whole stands beside its members always, and is none of them.
            parts = {name: member for name, member in known.items() if member != "all"}
            near = get_close_matches(wanted.lower(), parts, n=3, cutoff=0.5)
            listed = [parts[name] for name in near] or [m for m in there if m != "all"]
            raise UserError(
                f"{answer.kpi['kpi_id']} has no {answer.dimension} {wanted!r} in these "
                "periods.",
                f"{'Do you mean' if near else 'It has'} "
                f"{', '.join(dict.fromkeys(listed[:SHOWN_MEMBERS]))}"
                f"{'?' if near else '.'}",
            )
        chosen.append(known[wanted.lower()])
    return [m for m in there if m == "all" or m in chosen]


def _compare(line: list[dict | None], answer: Answer) -> None:
    """Fill the change where the scorecard has none: against the period before, unless
    this one is still under way."""
    for i, row in enumerate(line):
        if row is None or row["is_compared"]:
            continue
        before = line[i - 1] if i else None
        if before and None not in (before["value"], row["value"]):
            if answer.periods[i]["is_partial"]:
                continue
            change = row["value"] - before["value"]
            row["previous_value"], row["previous_change"] = before["value"], change
            if before["value"]:
                row["previous_change_rate"] = change / abs(before["value"])


# ---------------------------------------------------------------------------- printing


def _print(console: "Console", answer: Answer, parts: bool) -> None:
    """The numbers as a table, then what they mean."""
    kpi = answer.kpi
    title = Text(kpi["label"], "bold")
    if answer.dimension != "all":
        title.append(f" by {answer.dimension.replace('_', ' ')}")
    elif (trend := spark(answer.trend("all"))) and len(trend) < console.width // 2:
        title.append(f"  {trend}", "cyan")
    console.print(title, highlight=False)
    if answer.grain in GRAINS:
        now, count = answer.periods[-1], len(answer.periods)
        last = words.full_period(answer.grain, now["period_start"])
        said = f"{count} {answer.grain}s to {last}" if count > 1 else last
        if now["is_partial"]:
            said += f", day {now['elapsed_days']} of {now['days']}"
        console.print(said, style="dim", highlight=False)
    console.print()
    if answer.dimension == "all":
        _print_whole(console, answer, parts)
    else:
        _print_members(console, answer, parts)
    console.print()
    _print_meaning(console, answer)


def _print_whole(console: "Console", answer: Answer, parts: bool) -> None:
    """A line a period: value, change, plan; the newest last."""
    unit, better = answer.kpi["unit"], answer.kpi["better"]
    values = words.column(answer.values("all"), unit, answer.build["currency"])
    bars = _bars(answer.values("all"))
    has_plan = any(row and row["plan_value"] is not None for row in answer.rows["all"])
    has_interval = any(
        row and row["value_lower"] is not None for row in answer.rows["all"]
    )
    table = Table(**LINE)
    table.add_column(answer.grain.capitalize(), no_wrap=True)
    table.add_column("", no_wrap=True, style="cyan")
    table.add_column("Value", justify="right", no_wrap=True)
    if parts:
        table.add_column("Numerator", justify="right", no_wrap=True)
        table.add_column("Denominator", justify="right", no_wrap=True)
    elif has_interval and console.width >= 100:
        table.add_column("95% interval", justify="right", no_wrap=True, style="dim")
    table.add_column("Change", justify="right", no_wrap=True)
    # A year's period before is the same one last year.
    on_year = answer.grain != "year" and (
        answer.grain not in ("hour", "day") or console.width >= 100
    )
    if on_year:
        table.add_column("On year", justify="right", no_wrap=True)
    if has_plan:
        table.add_column("Plan", justify="right", no_wrap=True)
    for i, (period, row) in enumerate(
        zip(answer.periods, answer.rows["all"], strict=True)
    ):
        mark = "*" if period["is_partial"] else ""
        cells = [
            _period(answer.grain, period["period_start"], long=True) + mark,
            bars[i],
            Text(values[i], "bold"),
        ]
        if parts:
            cells += [_part(row, "numerator"), _part(row, "denominator")]
        elif has_interval and console.width >= 100:
            cells.append(_interval(row, unit, answer.build["currency"]))
        cells.append(_change(row, unit, better, "previous"))
        if on_year:
            cells.append(_change(row, unit, better, "last_year"))
        if has_plan:
            cells.append(plan_text(row, False, better) if row else "")
        table.add_row(*cells)
    console.print(table)


def _print_members(console: "Console", answer: Answer, parts: bool) -> None:
    """A line a member: its trend, as many of the newest periods as there is room for,
    and how the newest one changed."""
    unit, better = answer.kpi["unit"], answer.kpi["better"]
    shown = list(answer.rows)[: SHOWN_MEMBERS + 1]
    names = [answer.names[member] for member in shown]
    trends = {member: spark(answer.trend(member)) for member in shown}
    everything = words.column(
        [value for member in shown for value in answer.values(member)],
        unit,
        answer.build["currency"],
    )
    count = len(answer.periods)
    cells = {m: everything[i * count :][:count] for i, m in enumerate(shown)}
    last = {m: answer.rows[m][-1] for m in shown}
    changes = {m: _change(last[m], unit, better, "previous") for m in shown}
    heads = [
        _period(answer.grain, period["period_start"])
        + ("*" if period["is_partial"] else "")
        for period in answer.periods
    ]

    head = answer.dimension.replace("_", " ").capitalize()
    label = max(map(len, [head, *names]))
    label = min(label, LABEL_WIDTH if console.width < 100 else 40)
    trend = min(max(map(len, trends.values())), max(8, console.width // 5))
    wide = max(map(len, [*heads, *everything]))
    change = max(len("Change"), *(text.cell_len for text in changes.values()))
    taken = label + trend + change + 3 * 2
    if parts:
        pieces = [
            _part(last[m], n) for m in shown for n in ("numerator", "denominator")
        ]
        taken += 2 * (max(len("Denominator"), *map(len, pieces)) + 2)
    fitting = max(1, min(count, (console.width - taken) // (wide + 2)))

    table = Table(**LINE)
    table.add_column(head, width=label, no_wrap=True, overflow="ellipsis")
    table.add_column("Trend", no_wrap=True, style="cyan", min_width=max(trend, 5))
    for i, name in enumerate(heads[-fitting:], start=count - fitting):
        style = "bold" if i == count - 1 else ""
        table.add_column(name, justify="right", no_wrap=True, style=style)
    table.add_column("Change", justify="right", no_wrap=True)
    if parts:
        table.add_column("Numerator", justify="right", no_wrap=True)
        table.add_column("Denominator", justify="right", no_wrap=True)
    for member, name in zip(shown, names, strict=True):
        row = [Text(name, "bold" if member == "all" else ""), trends[member][-trend:]]
        row += [*cells[member][-fitting:], changes[member]]
        if parts:
            row += [_part(last[member], n) for n in ("numerator", "denominator")]
        table.add_row(*row)
    console.print(table)
    if hidden := len(answer.rows) - len(shown):
        console.print(
            f"… and {hidden:,} more: name them with --member, or see all with --json",
            style="dim",
            highlight=False,
        )


def _print_meaning(console: "Console", answer: Answer) -> None:
    """What the number is, what the marks are, and where to read on."""
    kpi = answer.kpi
    width = min(console.width, 100)
    formula = f"= {kpi['formula']}"
    console.print(Text(textwrap.fill(formula, width)), style="bold", highlight=False)
    meaning = textwrap.fill(plain_description(kpi["description"]), width)
    console.print(Text(meaning), highlight=False)
    facts = [
        kpi["unit"],
        {"up": "more is better", "down": "less is better"}.get(
            kpi["better"], "neither direction is better"
        ),
        f"data to {answer.build['as_of']}",
    ]
    if live := live_words(answer.build):
        facts.append(live)
    if answer.is_under_way:
        facts.append(
            f"* so far; its changes are against the same days of the {answer.grain} "
            "before, and of a year ago"
        )
    console.print(textwrap.fill(" · ".join(facts), width), style="dim", highlight=False)
    more = f"more: warehouse explain {kpi['kpi_id']}"
    console.print(more, style="dim", highlight=False)


def _all(console: "Console", data: Published, grain: str) -> dict:
    """Every KPI by theme with its newest value."""
    if grain not in data.now:
        raise UserError(
            f"There is no grain {grain!r}.", f"It is one of {', '.join(GRAINS)}."
        )
    console.print(period_sentence(data.now[grain]), style="dim", highlight=False)
    rows = []
    themes: dict[str, list[list]] = {}
    found = _wholes(data, grain)
    for kpi_id, kpi in data.catalog.items():
        series = found.get(kpi_id, {})
        start = data.now[grain]["period_start"]
        row = series.get(start) or {**dict.fromkeys(WHOLE), "is_mature": True}
        row["period_start"] = start
        complete = [r["value"] for r in series.values() if not r["is_partial"]]
        rows.append(
            {
                **{name: kpi[name] for name in ("kpi_id", "label", "theme", "unit")},
                **{name: row[name] for name in ("period_start", "value")},
                **{name: row[name] for name in ("previous_change", "last_year_change")},
            }
        )
        themes.setdefault(kpi["theme"], []).append(
            [
                kpi_id,
                Text(words.short(kpi["label"]), "dim"),
                Text(words.value(row["value"], kpi["unit"], data.currency), "bold"),
                _change(row, kpi["unit"], kpi["better"], "previous"),
                spark(complete)[-LAST[grain] :],
            ]
        )
    lines = [line for of_theme in themes.values() for line in of_theme]
    texts = [[getattr(cell, "plain", cell) for cell in line] for line in lines]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    heads = ("KPI", "", "Value", "Change", "Trend")
    # The words give way first, then the trend: the id is what people type.
    room = console.width - sum(widths) + widths[1] - 8
    if room >= 12:
        kept = (0, 1, 2, 3, 4)
        widths[1] = min(widths[1], room)
    elif room >= 0:
        kept = (0, 2, 3, 4)
    else:
        kept = (0, 2, 3)
    for theme, of_theme in themes.items():
        table = Table(
            title=theme_label(theme), title_justify="left", title_style="bold", **LINE
        )
        for i in kept:
            table.add_column(
                heads[i],
                justify="right" if i in (2, 3) else "left",
                min_width=widths[i],
                max_width=widths[i],
                no_wrap=True,
                style="cyan" if i == 4 else "",
            )
        for line in of_theme:
            table.add_row(*(line[i] for i in kept))
        console.print()
        console.print(table)
    console.print()
    console.print(
        "One of them: warehouse kpi ID [--by DIMENSION] [--grain GRAIN] [--last N]; "
        "what it means: warehouse explain ID",
        style="dim",
        highlight=False,
    )
    return {"grain": grain, "build_id": data.manifest["build_id"], "kpis": rows}


def _wholes(data: Published, grain: str) -> dict[str, dict[datetime, dict]]:
    """The newest periods of every KPI's whole, oldest first."""
    now = data.now[grain]["period_start"]
    found: dict[str, dict[datetime, dict]] = {}
    for row in data.rows(
        f"""select kpi_id, {", ".join(WHOLE)} from kpi_scorecard
        where dimension = 'all' and grain = {text(grain)} and period_start in (
            select period_start from dim_periods
            where grain = {text(grain)} and period_start <= timestamp '{now}'
            order by period_start desc limit {LAST[grain] + 1}
        )
        order by period_start"""
    ):
        found.setdefault(row["kpi_id"], {})[row["period_start"]] = row
    return found


def _period(grain: str, start: datetime, long: bool = False) -> str:
    """A period as the head of a column, or at the beginning of a line."""
    if grain == "hour":
        return f"{start.day} {start:%b %H}h"
    if long and grain == "day":
        return f"{start:%a} {start.day} {start:%b}"
    return words.period(grain, start)


def _change(row: dict | None, unit: str, better: str, than: str) -> Text:
    """The change of a row in the colour of good or bad news."""
    if row is None:
        return Text(f"{MISSING}  ", "dim")
    written = words.change(row, unit, than) if row["is_mature"] else "early"
    return judged(written, row[f"{than}_change"], better)


def _part(row: dict | None, name: str) -> str:
    """A numerator or denominator: whole where it is."""
    number = row[name] if row else None
    if number is None:
        return MISSING
    return f"{number:,.{0 if float(number).is_integer() else 2}f}"


def _interval(row: dict | None, unit: str, currency: str) -> str:
    """From where to where a counted share may lie."""
    if row is None or row["value_lower"] is None:
        return MISSING
    ends = (row["value_lower"], row["value_upper"])
    return " – ".join(words.value(end, unit, currency) for end in ends)
