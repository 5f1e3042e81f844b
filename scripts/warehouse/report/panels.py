"""What a board can show: each kind of panel turns its YAML and rows into template data.

The template `panels.html` has a macro of the same name for each kind.
"""

from collections.abc import Callable
from datetime import date, datetime
from itertools import groupby

import duckdb

from warehouse.catalog import theme_label
from warehouse.news import RULES, read_news
from warehouse.paths import PROJECT
from warehouse.proof import mutations, proof_of
from warehouse.report import words
from warehouse.report.boards import Block, Panel, Query, read_query, sql_error
from warehouse.report.charts import Chart, Series, draw, spark
from warehouse.report.filters import follows_period, follows_slice
from warehouse.report.published import HISTORY, Published, Rows
from warehouse.status import attained

# Where to look for the reason of a change, unless a board says otherwise.
REASONS = (
    "channel", "category", "shop", "country", "device", "customer_type", "queue",
    "kind", "carrier", "platform", "warehouse",
)  # fmt: skip
SHOWN_REASONS = 5
MOST_TABS = 12
COLUMN_KEYS = {"name", "label", "unit", "unit_of", "of", "bar", "better", "spark"}
UNITS = (
    "money", "count", "percent", "number", "ratio", "seconds", "minutes", "hours",
    "days", "months", "points", "position", "relative", *words.TEXT_UNITS,
)  # fmt: skip

# What queries look words up in; seeds and dimensions are more of it.
LOOKUPS = {"kpi_catalog"}

# Kind: the options it needs, those it may have, and what prepares it.
_kinds: dict[str, tuple[set, set, Callable]] = {}


def kind(name: str, needs: set | None = None, may: set | None = None) -> Callable:
    """Register what prepares a kind of panel."""

    def register(function: Callable) -> Callable:
        _kinds[name] = (needs or set(), may or set(), function)
        return function

    return register


def kinds() -> dict[str, tuple[set, set]]:
    """The options that each kind needs, and those that it may have."""
    return {name: (needs, may) for name, (needs, may, _) in _kinds.items()}


def prepare(panel: Panel, data: Published, variables: dict) -> dict:
    """What the template shows of a panel.

    Args:
        panel: A checked panel.
        data: The build to read.
        variables: The project's variables, for var() in queries.

    Raises:
        UserError: If the panel asks for what is not there, with file and line.
    """
    filters, rows, note = data.filters, None, ""
    reason = _not_cut(panel, data)
    if panel.sql:
        chosen = {"grain": filters.grain} if filters.grain else {}
        query = read_query(panel, data.tables, variables | chosen)
        reason = _not_known(query, data)
        try:
            rows = data.ask(query.sql)
        except duckdb.Error as error:
            raise sql_error(panel, error) from error
        rows.takes_grain = "grain" in query.asked
        reason = reason or _not_by_grain(query, rows, data)
        own = panel.options.get("grain", "month")
        fixed = not rows.takes_grain and _by_period(query, data)
        if fixed and filters.grain not in (None, own):
            note = f"Always by {own}: it is not kept by {filters.grain}."
    default = "week" if panel.kind == "trend" else "month"
    shown = {} if reason else _kinds[panel.kind][2](panel, data, rows)
    grain = _grain(panel, data, default, rows)
    return {"grain": grain, "reason": reason, "fixed": note, **shown}


def _not_cut(panel: Panel, data: Published) -> str:
    """Why a panel of several slices shows nothing under the filters; mostly empty."""
    cuts = panel.kind in ("cut", "drivers") or "by" in panel.options
    if cuts and data.filters.dimension:
        return (
            "A KPI is cut by one dimension at a time: take the filter "
            f"{_plain(data.filters.dimension)} off to see this."
        )
    if cuts and data.filters.grain == "day":
        return "By day the whole is known, not its slices."
    if panel.kind == "diagnoses" and data.is_past:
        return f"Known for {words.value(data.newest_day, 'date', '')} only."
    return ""


def _not_known(query: Query, data: Published) -> str:
    """Why a query cannot follow the filters; mostly empty."""
    columns = [set(data.columns.get(name, ())) for name in _numbers(query)]
    dimension = data.filters.dimension
    if dimension and not all(follows_slice(known, dimension) for known in columns):
        return f"This is not known by {_plain(dimension)}."
    if data.is_past and not all(follows_period(known) for known in columns):
        return f"Known for {words.value(data.newest_day, 'date', '')} only."
    return ""


def _numbers(query: Query) -> list[str]:
    """The relations that a query has its numbers from."""
    lookups = {path.stem for path in (PROJECT / "seeds").glob("*.csv")} | LOOKUPS
    return [r for r in query.refs if r not in lookups and not r.startswith("dim_")]


def _by_period(query: Query, data: Published) -> bool:
    """Whether the numbers of a query are those of periods."""
    columns = [set(data.columns.get(name, ())) for name in _numbers(query)]
    return any(follows_period(known) for known in columns)


def _not_by_grain(query: Query, rows: Rows, data: Published) -> str:
    """Why a query has no rows of the chosen grain; empty if it could have."""
    wanted = data.filters.grain
    if rows or not (wanted and rows.takes_grain):
        return ""
    for name in _numbers(query):
        if "grain" not in data.columns.get(name, ()):
            continue
        found = data.rows(f'select distinct grain from warehouse.main."{name}"')
        known = [g for g in words.GRAINS if {"grain": g} in found]
        if known and wanted not in known:
            return f"Known by {' and '.join(known)}, not by {wanted}."
    return ""


def _plain(dimension: str) -> str:
    return dimension.replace("_", " ")


def shown_kpis(panel: Panel, data: Published) -> list[str]:
    """The KPIs that a panel shows."""
    options = panel.options
    if "theme" in options:
        return [
            k for k, kpi in data.catalog.items() if kpi["theme"] == options["theme"]
        ]
    return options.get("kpis") or ([options["kpi"]] if "kpi" in options else [])


# ------------------------------------------------------------------- panels about KPIs


@kind("tiles", needs={"kpis"}, may={"grain"})
def tiles(panel: Panel, data: Published, rows: None) -> dict:
    """KPIs in large: value, change, plan, spark line."""
    grain = _grain(panel, data)
    return {"tiles": [tile(data, kpi_id, grain) for kpi_id in _kpis(panel, data)]}


def tile(data: Published, kpi_id: str, grain: str) -> dict:
    """A KPI's newest period beside its past and its plan, as texts."""
    kpi, row = data.catalog[kpi_id], data.current(kpi_id, grain)
    unit = kpi["unit"]
    attainment = row["plan_attainment"]
    change = words.change(row, unit) if row["is_mature"] else "early"
    before = data.now.get(grain, {}).get("previous_period_start")
    year = data.now.get(grain, {}).get("last_year_period_start")
    # A year's period before is the same one last year.
    on_year = words.change(row, unit, "last_year") if grain != "year" else words.MISSING
    return {
        "kpi": kpi,
        "row": row,
        "value": words.value(row["value"], unit, data.currency),
        "change": change,
        "tone": tone(row, change),
        "before": words.period(grain, before) if before else "",
        "on_year": on_year,
        "year": _year_before(grain, year) if year else "",
        "plan": words.value(row["plan_value"], unit, data.currency),
        "attained": None if attainment is None else int(attainment * 100),
        "plan_words": _plan_words(row, kpi["better"]),
        "spark": spark(data.spark(kpi_id, grain), bool(row["is_partial"])),
        "missing": (
            "no value in this period"
            if data.filters.dimension in {None, *data.dimensions.get(kpi_id, ())}
            else f"not known by {_plain(data.filters.dimension)}"
        ),
    }


def _plan_words(row: dict, better: str) -> str:
    """How far the plan is met and whether that is good; empty without a plan."""
    attainment, status = row["plan_attainment"], row["plan_status"]
    if attainment is None:
        return ""
    share = attained(attainment, better)
    if better != "down":
        # Nothing to say of what is on its way.
        judged = {"at_risk": ", at risk", "behind": ", behind"}.get(status, "")
        return f"{share} of plan{judged}"
    judged = {"at_risk": ", at risk", "behind": ", too high"}.get(status, ", good")
    return f"{'on' if share == 'on it' else share} plan{judged}"


@kind("scorecard", may={"theme", "kpis", "grain"})
def scorecard(panel: Panel, data: Published, rows: None) -> dict:
    """A line for each KPI of a theme or a list."""
    grain = _grain(panel, data)
    if "kpis" in panel.options:
        chosen = _kpis(panel, data)
    else:
        theme = panel.options.get("theme")
        chosen = [k for k, kpi in data.catalog.items() if kpi["theme"] == theme]
        if not chosen:
            themes = dict.fromkeys(kpi["theme"] for kpi in data.catalog.values())
            raise panel.wrong(
                f"there is no theme {theme!r}; it is one of {', '.join(themes)}.",
                "theme",
            )
    return {
        "tiles": [tile(data, kpi_id, grain) for kpi_id in chosen],
        "grain": grain,
        "has_year": grain != "year",
        "has_plan": any(
            data.current(kpi_id, grain)["plan_attainment"] is not None
            for kpi_id in chosen
        ),
    }


@kind("trend", needs={"kpi"}, may={"grain", "periods", "by", "members"})
def trend(panel: Panel, data: Published, rows: None) -> dict:
    """A KPI over time: beside last year and plan, or cut by a dimension."""
    kpi_id = _kpi(panel, data, panel.options["kpi"], "kpi")
    grain = _grain(panel, data, "week")
    periods = panel.options.get("periods")
    if "by" not in panel.options:
        return {"chart": kpi_chart(data, kpi_id, grain, periods), "kpi": kpi_id}
    return {"chart": _by_member(panel, data, kpi_id, grain, periods), "kpi": kpi_id}


def kpi_chart(
    data: Published, kpi_id: str, grain: str, periods: int | None = None
) -> Chart:
    """A KPI's whole over time: columns for sums, a line with its interval for rates."""
    kpi = data.catalog[kpi_id]
    rows = data.series(kpi_id, grain, periods)
    adds = kpi["is_additive"] or kpi["kind"] == "distinct"
    series = [
        Series(
            words.short(kpi["label"]),
            [row["value"] for row in rows],
            "column" if adds else "line",
        )
    ]
    past = [row["last_year_value"] for row in rows]
    if grain in ("week", "month") and any(value is not None for value in past):
        # The last year's value of a period under way is cut alike.
        series.append(Series("A year before", past, "past"))
    if any(row["plan_value"] is not None for row in rows):
        series.append(Series("Plan", [row["plan_value"] for row in rows], "plan"))
    band = None
    if any(row["value_lower"] is not None for row in rows):
        band = (
            [row["value_lower"] for row in rows],
            [row["value_upper"] for row in rows],
        )
    return draw(
        f"{kpi['label']} by {grain}",
        [words.period(grain, row["period_start"]) for row in rows],
        series,
        kpi["unit"],
        data.currency,
        slot_name=grain.capitalize(),
        band=band,
        open_end=bool(rows and rows[-1]["is_partial"]),
        long_slots=[words.full_period(grain, row["period_start"]) for row in rows],
    )


def _by_member(
    panel: Panel, data: Published, kpi_id: str, grain: str, periods: int | None
) -> Chart:
    """A line for each of the largest members of a dimension."""
    dimension = panel.options["by"]
    count = panel.options.get("members", 5)
    kpi = data.catalog[kpi_id]
    starts = data.starts.get(grain, [])
    starts = starts if data.filters.ranged else starts[-(periods or HISTORY[grain]) :]
    found = data.rows(
        """select member, period_start, value,
            sum(coalesce(denominator, 0)) over by_member as weight,
            sum(abs(coalesce(numerator, value, 0))) over by_member as size
        from kpi_scorecard
        where kpi_id = ? and grain = ? and dimension = ? and period_start >= ?
        window by_member as (partition by member)
        order by weight desc, size desc, member, period_start""",
        [kpi_id, grain, dimension, starts[0] if starts else None],
    )
    if not found and dimension not in data.dimensions.get(kpi_id, ()):
        slices = ", ".join(sorted(data.dimensions.get(kpi_id, ()))) or "nothing"
        raise panel.wrong(
            f"{kpi_id} is not cut by {dimension}; it is cut by {slices}.", "by"
        )
    series = []
    for member, rows in groupby(found, key=lambda row: row["member"]):
        values = {row["period_start"]: row["value"] for row in rows}
        if len(series) < count and any(v is not None for v in values.values()):
            name = data.member(dimension, member)
            series.append(Series(name, [values.get(start) for start in starts]))
    return draw(
        f"{kpi['label']} by {grain} and {dimension.replace('_', ' ')}",
        [words.period(grain, start) for start in starts],
        series,
        kpi["unit"],
        data.currency,
        slot_name=grain.capitalize(),
        open_end=bool(starts) and _under_way(data, grain, starts[-1]),
        long_slots=[words.full_period(grain, start) for start in starts],
    )


@kind("cut", needs={"kpis", "by"}, may={"grain", "members"})
def cut(panel: Panel, data: Published, rows: None) -> dict:
    """Several KPIs by the members of a dimension, side by side."""
    grain, dimension = _grain(panel, data), panel.options["by"]
    kpi_ids = _kpis(panel, data)
    start = data.now[grain]["period_start"] if grain in data.now else None
    found: dict[str, dict[str, dict]] = {}
    for row in data.rows(
        """select kpi_id, member, value, denominator, numerator, previous_change,
            previous_change_rate, is_new, is_mature, direction_status
        from kpi_scorecard
        where grain = ? and period_start = ? and dimension = ?
            and list_contains(?, kpi_id)
        order by member""",
        [grain, start, dimension, kpi_ids],
    ):
        found.setdefault(row["member"], {})[row["kpi_id"]] = row
    for kpi_id in kpi_ids:
        if not any(kpi_id in row for row in found.values()):
            slices = sorted(data.dimensions.get(kpi_id, ()))
            if slices and dimension not in slices:
                raise panel.wrong(
                    f"{kpi_id} is not cut by {dimension}; it is cut by "
                    f"{', '.join(slices)}.",
                    "by",
                )

    def weight(member: str) -> float:
        row = found[member].get(kpi_ids[0], {})
        parts = (row.get("denominator") or 0, abs(row.get("numerator") or 0))
        return max(parts)

    members = sorted(found, key=weight, reverse=True)[
        : panel.options.get("members", 12)
    ]
    members = [m for m in members if any(r["value"] for r in found[m].values())]
    return {
        "kpis": [data.catalog[kpi_id] for kpi_id in kpi_ids],
        "dimension": dimension.replace("_", " "),
        "lines": [
            {
                "name": data.member(dimension, member),
                "cells": [_cut_cell(found[member].get(k), k, data) for k in kpi_ids],
            }
            for member in members
        ],
    }


def _cut_cell(row: dict | None, kpi_id: str, data: Published) -> dict:
    """A member's KPI with its change, as texts."""
    if row is None or row["value"] is None:
        return {"text": words.MISSING, "change": "", "tone": "calm"}
    unit = data.catalog[kpi_id]["unit"]
    change = words.change(row, unit) if row["is_mature"] else ""
    return {
        "text": words.value(row["value"], unit, data.currency),
        "change": "" if change == words.MISSING else change,
        "tone": tone(row, change),
    }


@kind("drivers", needs={"kpis"}, may={"grain", "by"})
def drivers(panel: Panel, data: Published, rows: None) -> dict:
    """What moved each KPI: the members with the largest part in its change."""
    grain = _grain(panel, data)
    first = panel.options.get("by")
    found = [
        moved
        for kpi_id in _kpis(panel, data)
        if (moved := what_moved(data, kpi_id, grain, first))
    ]
    return {"moves": found}


def what_moved(
    data: Published, kpi_id: str, grain: str, first: str | None = None
) -> dict | None:
    """The change of a KPI since the period before and who made it.

    Args:
        data: The build to read.
        kpi_id: The KPI.
        grain: week, month, quarter or year.
        first: The dimension to prefer.

    Returns:
        The tile, the dimension and the largest contributions; None without a change.
    """
    row = data.current(kpi_id, grain)
    if not row["previous_change"] or not row["is_mature"]:
        return None
    kpi = data.catalog[kpi_id]
    by_dimension = data.drivers(grain).get(kpi_id, {})
    order = [d for d in (first, *REASONS) if d in by_dimension]
    if not order:
        return None
    dimension = order[0]
    rows = by_dimension[dimension]
    largest = max(abs(r["contribution"]) for r in rows) or 1
    shown = [r for r in rows if abs(r["contribution"]) > largest / 200][:SHOWN_REASONS]
    rest = sum(r["contribution"] for r in rows) - sum(r["contribution"] for r in shown)
    sign = {"up": 1, "down": -1}.get(kpi["better"], 0)
    reasons = [
        {
            "name": data.member(dimension, r["member"]),
            "contribution": r["contribution"],
            "text": (
                text := words.signed(r["contribution"], kpi["unit"], data.currency)
            ),
            "share": round(100 * abs(r["contribution"]) / largest, 1),
            # What rounds to nothing is neither good nor bad.
            "tone": _sign_tone(r["contribution"] * sign * (text[0] in "+−")),
            "why": _why(r, kpi, data),
        }
        for r in shown
    ]
    return {
        "tile": tile(data, kpi_id, grain),
        "change": words.signed(row["previous_change"], kpi["unit"], data.currency),
        "dimension": dimension.replace("_", " "),
        "reasons": reasons,
        "others": len(rows) - len(shown),
        "rest": words.signed(rest, kpi["unit"], data.currency),
    }


def _why(row: dict, kpi: dict, data: Published) -> str:
    """One contribution in words: its own rate, or its share of the whole."""
    unit, currency = kpi["unit"], data.currency
    if row["member_status"] == "appeared":
        return "new in this period"
    if row["member_status"] == "vanished":
        return "gone in this period"
    if row["mix_effect"] is None:
        return ""
    if row["member_status"] == "no_denominator":
        return "counts above the line only"
    if abs(row["rate_effect"]) >= abs(row["mix_effect"]):
        before, now = (
            words.value(row[name], unit, currency)
            for name in ("rate_before", "rate_now")
        )
        return f"own rate {before} → {now}"
    before, now = (f"{row[name]:.1%}" for name in ("share_before", "share_now"))
    return f"share of the whole {before} → {now}"


@kind("alerts")
def alerts(panel: Panel, data: Published, rows: None) -> dict:
    """The newest alerts that are bad news, a line a KPI."""
    found, _ = read_news(data.connection)
    return {"alerts": [alert(data, row) for row in found]}


def alert(data: Published, row: dict) -> dict:
    """An alert as texts."""
    above = row["side"] == "above"
    return {
        "kpi": data.catalog[row["kpi_id"]],
        "severity": row["severity"],
        "direction": row["direction"],
        "since": words.since(row["grain"], row["first_seen"]),
        "grain": row["grain"],
        "where": (
            data.whole
            if row["dimension"] == "all"
            else data.member(row["dimension"], row["member"])
        ),
        "value": words.value(row["value"], row["unit"], data.currency),
        "usual": words.value(row["centre"], row["unit"], data.currency),
        "is_plan": row["rule"].startswith("plan"),
        "why": RULES[row["rule"]].format(
            side="above" if above else "below", trend="up" if above else "down"
        ),
    }


@kind("diagnoses")
def diagnoses(panel: Panel, data: Published, rows: None) -> dict:
    """The common problems: those that hold with their evidence, then the rest."""
    _, found = read_news(data.connection)
    problems = []
    for _, group in groupby(found, key=lambda row: row["diagnosis_order"]):
        group = list(group)
        holding = [row for row in group if row["holds"]]
        row = (holding or group)[0]
        unit = row["size_unit"]
        problems.append(
            {
                "label": row["label"],
                "question": row["question"],
                "holds": True if holding else row["holds"],
                "where": (
                    ""
                    if row["dimension"] == "all"
                    else data.member(row["dimension"], row["member"])
                ),
                "kpi": data.catalog.get(row["size_kpi_id"]),
                "value": words.value(row["size_value"], unit, data.currency),
                "reference": words.value(row["size_reference"], unit, data.currency),
                "money": (
                    words.value(row["size_money"], "money", data.currency)
                    if row["size_money"]
                    else ""
                ),
                "evidence": _evidence(row, data),
                "causes": [c.strip() for c in (row["likely_causes"] or "").split(";")],
            }
        )
    problems.sort(key=lambda p: (not p["holds"], p["holds"] is None))
    return {"problems": problems}


def _evidence(problem: dict, data: Published) -> list[str]:
    """The KPIs that show a problem, each beside what it was."""
    found = data.rows(
        """select kpi_id, min(condition_group) as condition_group,
            min(measure) as measure, arg_min(value, measure) as value,
            arg_min(earlier_value, measure) as earlier
        from diagnosis_evidence
        where diagnosis_id = ? and dimension = ? and member = ? and value is not null
        group by kpi_id
        order by condition_group nulls last, kpi_id""",
        [problem[name] for name in ("diagnosis_id", "dimension", "member")],
    )
    lines = []
    for row in found:
        kpi = data.catalog[row["kpi_id"]]
        now, earlier = (
            words.value(row[name], kpi["unit"], data.currency)
            for name in ("value", "earlier")
        )
        when = "a year ago" if row["measure"].startswith("last_year") else "before"
        was = "" if row["earlier"] is None else f" ({when} {earlier})"
        lines.append(f"{words.short(kpi['label'])} {now}{was}")
    return lines


# ------------------------------------------------------------------- panels about rows


@kind("table", needs={"query", "columns"}, may={"tabs", "tab_label", "grain"})
def table(panel: Panel, data: Published, rows: Rows) -> dict:
    """Rows as they come; by tab if a column says which tab."""
    columns = _columns(panel, data, rows)
    return {
        "columns": columns,
        "tabs": [
            {"name": name, "rows": _body(group, columns, data)}
            for name, group in _tabs(panel, data, rows)
        ],
        "tab_label": panel.options.get("tab_label", "Period"),
    }


@kind("lines", needs={"query", "x", "unit"}, may={"y", "series", "value", "grain"})
def lines(panel: Panel, data: Published, rows: Rows) -> dict:
    """Lines over the rows of a query, one a column or one a value of `series`."""
    return {"chart": _plot(panel, data, rows, "line")}


@kind("columns", needs={"query", "x", "unit"}, may={"y", "series", "value", "grain"})
def columns(panel: Panel, data: Published, rows: Rows) -> dict:
    """Columns over the rows of a query."""
    return {"chart": _plot(panel, data, rows, "column")}


@kind("bars", needs={"query", "label", "value", "unit"}, may={"of", "detail"})
def bars(panel: Panel, data: Published, rows: Rows) -> dict:
    """A horizontal bar a row."""
    options = panel.options
    _need(panel, rows, "label", "value")
    unit = _unit(panel, options)
    largest = max((abs(float(r[options["value"]] or 0)) for r in rows), default=0) or 1
    return {
        "bars": [
            {
                "name": _named(row[options["label"]], options, data),
                "text": words.value(row[options["value"]], unit, data.currency),
                "share": round(
                    100 * abs(float(row[options["value"]] or 0)) / largest, 1
                ),
                "detail": row.get(options.get("detail", "")) or "",
            }
            for row in rows
        ]
    }


@kind(
    "heatmap",
    needs={"query", "row", "column", "value", "unit"},
    may={"size", "head", "size_label"},
)
def heatmap(panel: Panel, data: Published, rows: Rows) -> dict:
    """A value for each row and column, the darker the higher."""
    options = panel.options
    _need(
        panel, rows, "row", "column", "value", *(["size"] if "size" in options else [])
    )
    unit = _unit(panel, options)
    heads = sorted({row[options["column"]] for row in rows})
    known = [
        float(r[options["value"]]) for r in rows if r[options["value"]] is not None
    ]
    # The first column of a cohort is 100 %: it would wash out all others.
    inner = sorted(v for v in known if v < max(known, default=0)) or known
    top = inner[int(len(inner) * 0.98)] if inner else 1
    floor = min(inner, default=0)
    lines = []
    for name, group in groupby(rows, key=lambda row: row[options["row"]]):
        group = list(group)
        cells = {row[options["column"]]: row[options["value"]] for row in group}
        lines.append(
            {
                "name": words.period("month", name) if isinstance(name, date) else name,
                "size": (
                    words.value(group[0][options["size"]], "count", data.currency)
                    if "size" in options
                    else ""
                ),
                "cells": [
                    {
                        "text": (
                            ""
                            if cells.get(h) is None
                            else words.value(cells[h], unit, data.currency)
                        ),
                        "heat": (
                            0
                            if cells.get(h) is None
                            else _between(float(cells[h]), floor, top)
                        ),
                    }
                    for h in heads
                ],
            }
        )
    return {
        "heads": heads,
        "lines": lines,
        "head": options.get("head", ""),
        "size_label": options.get("size_label", ""),
    }


@kind("funnel", needs={"query", "step", "value"}, may={"tabs", "tab_label", "grain"})
def funnel(panel: Panel, data: Published, rows: Rows) -> dict:
    """Steps from the widest to the narrowest, with what goes on and what is lost."""
    options = panel.options
    _need(panel, rows, "step", "value")
    tabs = []
    for name, group in _tabs(panel, data, rows):
        first = float(group[0][options["value"]] or 0) if group else 0
        steps, before = [], None
        for row in group:
            number = float(row[options["value"]] or 0)
            steps.append(
                {
                    "name": data.member("step", str(row[options["step"]])),
                    "text": words.value(number, "count", data.currency),
                    "share": round(100 * number / first, 2) if first else 0,
                    "overall": words.value(
                        number / first if first else None, "percent", ""
                    ),
                    "rate": (
                        words.value(number / before, "percent", "") if before else ""
                    ),
                    "lost": (
                        words.value(before - number, "count", "") if before else ""
                    ),
                }
            )
            before = number
        tabs.append({"name": name, "steps": steps})
    return {"tabs": tabs, "tab_label": options.get("tab_label", "Slice")}


@kind("text", needs={"text"})
def text(panel: Panel, data: Published, rows: None) -> dict:
    """Words."""
    return {"text": panel.options["text"]}


# ------------------------------------------------------ panels about the build itself


@kind("checks")
def checks(panel: Panel, data: Published, rows: None) -> dict:
    """What the build tested, and what it warned of."""
    manifest = data.manifest
    counts: dict[str, dict[str, int]] = {}
    for key, number in manifest["dbt"].items():
        what, status = key.rsplit(" ", 1)
        if status != "no-op":  # an exposure is words
            counts.setdefault(what, {})[status] = number
    return {
        "build": manifest["build_id"].split(".")[0],
        "published": datetime.fromisoformat(manifest["published_at"]),
        "as_of": date.fromisoformat(str(manifest["as_of"])[:10]),
        "passed": manifest["checks"],
        "warnings": [{"says": "", **one} for one in manifest["warnings"]],
        "counts": counts,
        "rows": sum(manifest["tables"].values()),
        "tables": len(manifest["tables"]),
        "views": len(manifest["views"]),
    }


@kind("ledger")
def ledger(panel: Panel, data: Published, rows: None) -> dict:
    """What the loader did with the files: landed = loaded + rejected."""
    return {
        "total": data.manifest["files"],
        "sources": [
            {**row, "loaded_on": _day(row["loaded_on"])}
            for row in data.manifest.get("sources", [])
        ],
    }


def _day(text: str) -> str:
    """A day of a manifest as the report writes days."""
    try:
        return words.value(date.fromisoformat(text), "date", "")
    except ValueError:
        return text


@kind("proof")
def proof(panel: Panel, data: Published, rows: None) -> dict:
    """What proves each KPI, by theme."""
    found = [proof_of()[kpi_id] for kpi_id in data.catalog if kpi_id in proof_of()]
    themes: dict[str, list] = {}
    for one in found:
        themes.setdefault(one.kpi.meta["theme"], []).append(one)
    return {
        "facts": _coverage(found),
        "tabs": [
            (
                theme_label(theme),
                [(data.catalog[one.kpi.kpi_id], one) for one in of_theme],
            )
            for theme, of_theme in themes.items()
        ],
    }


def _coverage(found: list) -> list[tuple[str, str]]:
    """Each kind of proof, and how many KPIs have it."""
    share = f"of {len(found)}"
    tried = [result for results in mutations().values() for result in results]
    return [
        ("With unit tests", f"{sum(bool(one.unit_tests) for one in found)} {share}"),
        ("With identities", f"{sum(bool(one.identities) for one in found)} {share}"),
        (
            "Computed a second time",
            f"{sum(one.has_second_opinion for one in found)} {share}",
        ),
        (
            "With published answers",
            f"{sum(bool(one.real_data) for one in found)} {share}",
        ),
        ("Mutations noticed", f"{tried.count('killed')} of {len(tried)}"),
    ]


# ----------------------------------------------------------------------------- helpers


def tone(row: dict, change: str) -> str:
    """good, bad or calm, by the direction that the catalogue calls better.

    Args:
        row: A row of `kpi_scorecard`.
        change: How the change is written: one that rounds to nothing is calm.
    """
    if change.startswith("="):
        return "calm"
    return {"improved": "good", "worsened": "bad"}.get(row["direction_status"], "calm")


def _sign_tone(number: float) -> str:
    return "good" if number > 0 else "bad" if number < 0 else "calm"


def _grain(
    panel: Panel, data: Published, default: str = "month", rows: Rows | None = None
) -> str:
    """The reader's grain, where the panel can follow it; else the panel's own."""
    grain = panel.options.get("grain", default)
    if grain not in words.GRAINS:
        raise panel.wrong(
            f"there is no grain {grain!r}; it is one of {', '.join(words.GRAINS)}.",
            "grain",
        )
    follows = rows.takes_grain if panel.sql else True
    return data.filters.grain if data.filters.grain and follows else grain


def _kpis(panel: Panel, data: Published) -> list[str]:
    names = panel.options["kpis"]
    if not isinstance(names, list):
        raise panel.wrong("kpis is a list of KPI ids.", "kpis")
    return [_kpi(panel, data, name, "kpis") for name in names]


def _kpi(panel: Panel, data: Published, name: str, key: str) -> str:
    if name not in data.catalog:
        raise panel.wrong(
            f"there is no KPI {name!r}.", key, "KPIS.md lists the ids of all KPIs."
        )
    return name


def _unit(panel: Panel, options: Block) -> str:
    unit = options.get("unit", "text")
    if unit not in UNITS:
        raise panel.wrong(
            f"there is no unit {unit!r}; it is one of {', '.join(UNITS)}."
        )
    return unit


def _between(number: float, low: float, high: float) -> float:
    """Where a number lies between two others, 0 to 1."""
    return round(max(0.0, min(1.0, (number - low) / ((high - low) or 1))), 3)


def _need(panel: Panel, rows: Rows, *keys: str) -> None:
    """The query must give the columns that the options name."""
    for key in keys:
        _has(panel, rows, panel.options[key], key)


def _has(panel: Panel, rows: Rows, column: str, key: str | None) -> None:
    if column not in rows.names:
        raise panel.wrong(
            f"the query has no column {column!r}; it has {', '.join(rows.names)}.", key
        )


def _columns(panel: Panel, data: Published, rows: Rows) -> list[dict]:
    """The columns of a table, checked, with what all their cells share."""
    listed = panel.options["columns"]
    if not isinstance(listed, list) or not all(isinstance(c, Block) for c in listed):
        raise panel.wrong("columns is a list of {name, label, unit}.", "columns")
    found = []
    for column in listed:
        at = Panel(panel.kind, column, panel.path, panel.sql)
        if "name" not in column:
            raise at.wrong("a column needs a name.")
        for key in column:
            if key not in COLUMN_KEYS:
                known = ", ".join(sorted(COLUMN_KEYS))
                raise at.wrong(f"a column has no {key}; it has {known}.", key)
        _has(at, rows, column["name"], "name")
        unit = "number" if "unit_of" in column else _unit(at, column)
        if "unit_of" in column:
            _has(at, rows, column["unit_of"], "unit_of")
        numbers = [
            abs(float(row[column["name"]] or 0))
            for row in rows
            if column.get("bar") and not isinstance(row[column["name"]], str)
        ]
        found.append(
            {
                "spark": False,
                **column,
                "unit": unit,
                "label": column.get(
                    "label", column["name"].replace("_", " ").capitalize()
                ),
                "is_number": unit not in words.TEXT_UNITS and not column.get("spark"),
                "largest": max(numbers, default=0) or 1,
            }
        )
    return found


def _body(rows: list[dict], columns: list[dict], data: Published) -> list[list[dict]]:
    """The rows' cells as texts, each column written alike."""
    written = [_column(rows, column, data) for column in columns]
    return [list(cells) for cells in zip(*written, strict=True)]


def _column(rows: list[dict], column: dict, data: Published) -> list[dict]:
    """A column's cells: text, and its bar, line or tone."""
    raw = [row[column["name"]] for row in rows]
    empty = {"tone": "", "share": None, "text": "", "spark": {}}
    if column["spark"]:
        lines = [[None if v is None else float(v) for v in line or []] for line in raw]
        now = data.now.get("month", {"is_partial": False})
        return [{**empty, "spark": spark(line, now["is_partial"])} for line in lines]
    if not column["is_number"]:
        return [{**empty, "text": _named(value, column, data)} for value in raw]
    if column.get("better") in ("up", "down"):
        sign = 1 if column["better"] == "up" else -1
        return [
            empty | {"text": words.MISSING}
            if value is None
            else {
                **empty,
                "text": words.signed(float(value), column["unit"], data.currency),
                "tone": _sign_tone(float(value) * sign),
            }
            for value in raw
        ]
    if "unit_of" in column:
        units = [row[column["unit_of"]] for row in rows]
        texts = [
            words.value(value, unit, data.currency)
            for value, unit in zip(raw, units, strict=True)
        ]
    else:
        texts = words.column(raw, column["unit"], data.currency)
    shares = [
        round(100 * abs(float(value)) / column["largest"], 1)
        if column.get("bar") and value is not None
        else None
        for value in raw
    ]
    return [
        {**empty, "text": text, "share": share}
        for text, share in zip(texts, shares, strict=True)
    ]


def _named(raw: object, options: dict, data: Published) -> str:
    """A text cell: a member of a dimension by its name, a date as a date."""
    if raw is not None and "of" in options:
        return data.member(options["of"], str(raw))
    return words.value(raw, "text", data.currency)


def _tabs(panel: Panel, data: Published, rows: Rows) -> list[tuple[str, list]]:
    """Rows by tab, in the query's order; one without a name where there are no tabs."""
    column = panel.options.get("tabs")
    if not column:
        return [("", rows)]
    _need(panel, rows, "tabs")
    groups: dict[object, list[dict]] = {}
    for row in rows:
        groups.setdefault(row[column], []).append(row)
    grain = _grain(panel, data, "day", rows)

    def title(name: object) -> str:
        if not isinstance(name, date):
            return data.member(column, str(name))
        still = _under_way(data, grain, name)
        return words.period(grain, name) + (" so far" if still else "")

    return [(title(name), group) for name, group in list(groups.items())[:MOST_TABS]]


def _plot(panel: Panel, data: Published, rows: Rows, style: str) -> Chart:
    """Lines or columns from rows."""
    options = panel.options
    _need(panel, rows, "x")
    unit = _unit(panel, options)
    slots = list(dict.fromkeys(row[options["x"]] for row in rows))
    series = []
    if "series" in options:
        if "value" not in options:
            raise panel.wrong(
                "with series there is a value, the column to draw.", "series"
            )
        _need(panel, rows, "series", "value")
        names = dict.fromkeys(row[options["series"]] for row in rows)
        for name in names:
            values = {
                row[options["x"]]: row[options["value"]]
                for row in rows
                if row[options["series"]] == name
            }
            series.append(
                Series(
                    data.member(options["series"], str(name)),
                    [
                        None if values.get(s) is None else float(values[s])
                        for s in slots
                    ],
                    style,
                )
            )
    else:
        for column in options.get("y") or []:
            at = Panel(panel.kind, column, panel.path, panel.sql)
            _has(at, rows, column.get("name"), "name")
            values = [row[column["name"]] for row in rows]
            series.append(
                Series(
                    column.get("label", column["name"]),
                    [None if v is None else float(v) for v in values],
                    style,
                )
            )
        if not series:
            raise panel.wrong("say y: [{name, label}], or series: and value:.")
    grain = _grain(panel, data, "day", rows) if "grain" in options else None
    texts = [
        words.period(grain, slot) if grain and isinstance(slot, date) else str(slot)
        for slot in slots
    ]
    return draw(
        panel.options.get("title", ""),
        texts,
        series,
        unit,
        data.currency,
        slot_name=(grain or options["x"]).replace("_", " ").capitalize(),
        open_end=bool(grain and slots and _under_way(data, grain, slots[-1])),
    )


def _under_way(data: Published, grain: str, start: object) -> bool:
    """Whether a period is the newest and not over."""
    now = data.now.get(grain)
    if not (now and now["is_partial"] and isinstance(start, date)):
        return False
    start = start.date() if isinstance(start, datetime) else start
    return now["period_start"].date() == start


def _year_before(grain: str, start) -> str:
    """A period of another year: a day says of which, the others do anyway."""
    is_day = grain in ("day", "week")
    return words.since("day", start) if is_day else words.period(grain, start)
