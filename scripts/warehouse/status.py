"""Print the published scorecard: what a shop looks at in the morning."""

from datetime import date
from functools import partial
from math import ceil, floor
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from warehouse.catalog import theme_label
from warehouse.errors import UserError
from warehouse.news import print_news, read_news, read_rows
from warehouse.paths import data_dir, target_name
from warehouse.publications import manifest_of

if TYPE_CHECKING:
    from warehouse.health import Health

GRAINS = ("day", "week", "month", "quarter", "year")
SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "PLN": "zł", "RUB": "₽"}
PLAN_WORDS = {
    "on_track": ("on track", "+", "green"),
    "at_risk": ("at risk", "~", "yellow"),
    "behind": ("behind", "!", "red"),
}
COLUMNS = ("KPI", "Value", "Before", "Change", "On year", "Plan")
# From this width on, labels are written out and the plan has words instead of marks.
WIDE = 100
MISSING = "–"
SHOWN_RESTATEMENTS = 30


def status(console: Console, target: str | None = None, grain: str = "month") -> dict:
    """Print the newest period of every KPI beside its past and its plan.

    Args:
        console: Where to print; 80 columns are enough.
        target: A dbt target; the one in force when left out.
        grain: day, week, month, quarter or year.

    Returns:
        The build, its scorecard as rows of `kpi_scorecard`, alerts, diagnoses, and how
        it stands; all but the last empty if nothing is published.

    Raises:
        UserError: If the grain is unknown.
    """
    if grain not in GRAINS:
        raise UserError(
            f"There is no grain {grain!r}.", f"It is one of {', '.join(GRAINS)}."
        )
    from warehouse.health import health, print_health

    target = target or target_name()
    stands = health(target)
    folder = data_dir(target) / "published" / "current"
    if not (manifest := manifest_of(folder)):
        first = "warehouse demo, then " if target == "demo" else ""
        console.print(
            f"Nothing is published for the target {target} yet. Run {first}"
            f"warehouse run --target {target}.",
            highlight=False,
            soft_wrap=True,
        )
        print_health(console, stands)
        nothing = {"build_id": None, "kpis": [], "alerts": [], "diagnoses": []}
        return {**nothing, "health": stands}

    shops, rows, news = _read(folder / "warehouse.duckdb", grain)
    _print_header(console, manifest, shops, rows)
    currency = manifest["currency"]
    wide = console.width >= WIDE
    themes: dict[str, list[list[Text]]] = {}
    # A year's period before is the same one last year.
    shown = [i for i, n in enumerate(COLUMNS) if n != "On year" or grain != "year"]
    columns = [COLUMNS[i] for i in shown]
    for row in rows:
        cells = _cells(row, currency, wide)
        themes.setdefault(row["theme"], []).append([cells[i] for i in shown])
    lines = [line for of_theme in themes.values() for line in of_theme]
    # The same widths everywhere, so that the eye finds a column again.
    widths = [
        max([len(name), *(line[column].cell_len for line in lines)])
        for column, name in enumerate(columns)
    ]
    # Between two columns lie a padding and a border, a space each.
    gaps = 2 * len(columns)
    widths[0] = min(widths[0], console.width - sum(widths[1:]) - gaps)
    for theme, of_theme in themes.items():
        console.print()
        console.print(_theme_table(theme, of_theme, columns, widths))
    print_news(console, *news, partial(format_value, currency=currency), wide)
    _print_footer(console, manifest, stands)
    alerts, diagnoses = news
    return {
        "build_id": manifest["build_id"],
        "as_of": manifest["as_of"],
        "currency": currency,
        "kpis": rows,
        "alerts": alerts,
        "diagnoses": diagnoses,
        "health": stands,
    }


def restated(console: Console, target: str | None = None) -> dict:
    """Print which values of closed periods publications have changed, the newest first,
    months of the whole before days and shops.

    Args:
        console: Where to print; 80 columns are enough.
        target: A dbt target; the one in force when left out.

    Returns:
        `restatements`: the rows that are shown, with the number of all as `total`.
    """
    folder = data_dir(target or target_name()) / "published" / "current"
    if not (manifest := manifest_of(folder)):
        console.print("Nothing is published yet: run warehouse run.", highlight=False)
        return {"restatements": []}
    currency = manifest["currency"]
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        rows = read_rows(
            connection,
            """select restatements.*, kpi_catalog.label, kpi_catalog.unit,
                count(*) over () as total
            from restatements
            inner join kpi_catalog using (kpi_id)
            order by published_at desc, dimension <> 'all',
                case grain when 'month' then 1 when 'year' then 2 when 'quarter' then 3
                    when 'week' then 4 else 5 end,
                kpi_order, period_start, member
            limit ?""",
            [SHOWN_RESTATEMENTS],
        )
    if not rows:
        console.print("No publication has changed a closed period.", highlight=False)
        return {"restatements": []}
    table = Table(
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0)
    )
    table.add_column("Published", no_wrap=True)
    table.add_column("KPI", no_wrap=True, overflow="ellipsis", min_width=12)
    table.add_column("Period", no_wrap=True)
    table.add_column("Where", no_wrap=True, overflow="ellipsis", max_width=11)
    for name in ("Was", "Is", "Difference"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        moved = row["difference"]
        written = format_value(moved, row["unit"], currency)
        if row["unit"] == "percent" and moved is not None:
            written = f"{'−' if moved < 0 else ''}{abs(moved) * 100:.1f} pt"
        table.add_row(
            f"{row['published_at']:%d %b %H:%M}",
            Text(row["label"].split(" (")[0]),
            f"{row['grain']} {row['period_start']:%Y-%m-%d}",
            "all" if row["dimension"] == "all" else Text(row["member"]),
            Text(format_value(row["old_value"], row["unit"], currency), "dim"),
            Text(format_value(row["new_value"], row["unit"], currency), "bold"),
            f"+{written}" if moved and moved > 0 else written,
        )
    console.print(table)
    console.print(
        f"{len(rows)} of {rows[0]['total']:,} values; all of them: table restatements.",
        style="dim",
        highlight=False,
    )
    return {"restatements": rows}


def format_value(value: float | None, unit: str, currency: str) -> str:
    """A KPI's value as people write it.

    Args:
        value: The stored value; shares of 1 for percents. None is a dash.
        unit: A unit of `kpi_catalog`.
        currency: ISO code of the reporting currency.
    """
    if value is None:
        return MISSING
    sign = "−" if value < 0 else ""
    size = abs(value)
    if unit == "money":
        # Cents matter in a price, not in a year's sales.
        number = f"{size:,.0f}" if size >= 1000 else f"{size:,.2f}"
        symbol = SYMBOLS.get(currency)
        return f"{sign}{symbol}{number}" if symbol else f"{sign}{number} {currency}"
    if unit == "percent":
        return f"{sign}{size:.2%}" if size < 0.1 else f"{sign}{size:.1%}"
    if unit == "count":
        return f"{sign}{size:,.0f}"
    suffix = {
        "seconds": " s", "minutes": " min", "hours": " h", "days": " d",
        "months": " mo", "points": " pts",
    }  # fmt: skip
    digits = 2 if unit in ("ratio", "number") else 1
    return f"{sign}{size:,.{digits}f}{suffix.get(unit, '')}"


def format_change(
    change: float | None, rate: float | None, unit: str, is_new: bool = False
) -> str:
    """A change with its direction: in percent, and in points where percents change.

    Args:
        change: Value less the value it is compared with.
        rate: That change over the size of the value it is compared with.
        unit: A unit of `kpi_catalog`.
        is_new: True where there was nothing before.
    """
    if is_new and rate is None:
        return "new"
    # A score around 0 has no rate of change to speak of.
    if change is None or (rate is None and unit not in ("percent", "points")):
        return MISSING
    if unit == "percent":
        size = f"{abs(change) * 100:.1f} pt"
    elif unit == "points":
        size = f"{abs(change):.1f} pts"
    else:
        size = f"{abs(rate):.1%}" if abs(rate) < 10 else "> 999%"
    if size.startswith("0.0"):
        return f"= {size}"
    return f"{'▲' if change > 0 else '▼'} {size}"


def _read(path: Path, grain: str) -> tuple[list[str], list[dict], tuple]:
    """The shops' names, every KPI's current period, and what needs a look."""
    with duckdb.connect(str(path), read_only=True) as connection:
        shops = connection.execute(
            "select coalesce(shop_name, shop_id) from dim_shops order by shop_id"
        ).fetchall()
        # A KPI without a value in the period is shown with a dash: it is not forgotten.
        rows = read_rows(
            connection,
            """select
                kpi_catalog.kpi_id,
                kpi_catalog.label,
                kpi_catalog.theme,
                kpi_catalog.unit,
                kpi_catalog.better,
                dim_periods.grain,
                dim_periods.period_start,
                dim_periods.elapsed_days,
                dim_periods.days,
                not dim_periods.is_complete as is_partial,
                kpi_scorecard.value,
                kpi_scorecard.previous_value,
                kpi_scorecard.previous_change,
                kpi_scorecard.previous_change_rate,
                kpi_scorecard.last_year_change,
                kpi_scorecard.last_year_change_rate,
                coalesce(kpi_scorecard.is_new, false) as is_new,
                coalesce(kpi_scorecard.is_mature, true) as is_mature,
                coalesce(kpi_scorecard.direction_status, 'none') as direction_status,
                kpi_scorecard.plan_attainment,
                coalesce(kpi_scorecard.plan_status, 'none') as plan_status
            from kpi_catalog
            cross join dim_periods
            left join kpi_scorecard
                on kpi_scorecard.kpi_id = kpi_catalog.kpi_id
                and kpi_scorecard.grain = dim_periods.grain
                and kpi_scorecard.period_start = dim_periods.period_start
                and kpi_scorecard.dimension = 'all'
            where dim_periods.is_current and dim_periods.grain = ?
            order by kpi_catalog.kpi_order""",
            [grain],
        )
        news = read_news(connection)
    return [name for (name,) in shops], rows, news


def _print_header(
    console: Console, manifest: dict, shops: list[str], rows: list[dict]
) -> None:
    """Whose numbers these are, how fresh they are, and what they are compared with."""
    console.print(f"[bold]{escape(', '.join(shops))}[/]", highlight=False)
    if rows:
        console.print(period_sentence(rows[0]), highlight=False)
    warnings = len(manifest["warnings"])
    parts = [
        f"data to {manifest['as_of']}",
        f"build {manifest['build_id'].split('.')[0]}",
        f"{manifest['checks']} checks passed",
    ]
    if warnings:
        parts.append(f"{warnings} warning{'s' if warnings > 1 else ''}")
    console.print(" · ".join(parts), style="dim", highlight=False)


def period_sentence(row: dict) -> str:
    """The period in words, with what it is compared with while it is under way.

    Args:
        row: A row with grain, period_start, elapsed_days, days and is_partial.
    """
    start: date = row["period_start"]
    grain = row["grain"]
    names = {
        "day": f"{start:%A}, {start.day} {start:%B %Y}",
        "week": f"Week of {start.day} {start:%B %Y}",
        "month": f"{start:%B %Y}",
        "quarter": f"Quarter {(start.month + 2) // 3} of {start:%Y}",
        "year": f"{start:%Y}",
    }
    if not row["is_partial"]:
        return f"{names[grain]}, complete."
    elapsed = row["elapsed_days"]
    return (
        f"{names[grain]}, day {elapsed} of {row['days']}. Earlier {grain}s are cut at "
        "the same day; plans of sums are due in proportion."
    )


def _cells(row: dict, currency: str, wide: bool) -> list[Text]:
    """A KPI's line: label, value, value before, change, change on the year, plan."""
    unit = row["unit"]
    change = format_change(
        row["previous_change"], row["previous_change_rate"], unit, row["is_new"]
    )
    on_year = format_change(row["last_year_change"], row["last_year_change_rate"], unit)
    if not row["is_mature"]:
        change, on_year = "early", MISSING
    label = row["label"]
    if not wide:
        label = label.split(" (")[0]
    return [
        Text(label),
        Text(format_value(row["value"], unit, currency), style="bold"),
        Text(format_value(row["previous_value"], unit, currency), style="dim"),
        judged(change, row["previous_change"], row["better"]),
        judged(on_year, row["last_year_change"], row["better"]),
        plan_text(row, wide, row["better"]),
    ]


def _theme_table(
    theme: str, lines: list[list[Text]], columns: list[str], widths: list[int]
) -> Table:
    """One theme's KPIs; only the label gives way when the terminal is narrow."""
    table = Table(
        title=theme_label(theme),
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    table.add_column(
        columns[0], width=widths[0], min_width=12, no_wrap=True, overflow="ellipsis"
    )
    for name, width in zip(columns[1:], widths[1:], strict=True):
        table.add_column(name, justify="right", no_wrap=True, min_width=width)
    for line in lines:
        table.add_row(*line)
    return table


def judged(text: str, change: float | None, better: str) -> Text:
    """A change in the colour of good or bad news, bad news with an exclamation mark."""
    if change is None or better == "none" or text.startswith(("=", MISSING)):
        return Text(f"{text}  ", style="dim")
    if (change > 0) == (better == "up"):
        return Text(f"{text}  ", style="green")
    return Text(f"{text} !", style="red")


def attained(attainment: float, better: str) -> str:
    """How far a plan is met: `96%`, or where less is better `8% over` and `31% under`.

    Args:
        attainment: Of `kpi_scorecard`: value over plan, or plan over value where down
            is better. 1 is on plan.
        better: up or down.
    """
    # Rounded against us: 99.9% of a plan is not all of it, 0.1% over is over it.
    if better != "down":
        return f"{floor(round(attainment * 100, 6))}%"
    over = round((1 / attainment - 1) * 100, 6)
    if over > 0:
        return f"{ceil(over)}% over"
    return f"{floor(-over)}% under" if over <= -1 else "on it"


def plan_text(row: dict, wide: bool, better: str) -> Text:
    """How much of the plan is met, and what that means."""
    if row["plan_status"] not in PLAN_WORDS:
        return Text("")
    word, mark, colour = PLAN_WORDS[row["plan_status"]]
    attainment = row["plan_attainment"]
    share = f"{attained(attainment, better)} " if attainment else ""
    return Text(f"{share}{word.ljust(8) if wide else mark}", style=colour)


def _print_footer(console: Console, manifest: dict, stands: "Health") -> None:
    """How it stands, what needs a look, and how to read the marks."""
    from warehouse.build import list_rows
    from warehouse.health import print_health

    console.print()
    print_health(console, stands)
    if manifest.get("restated"):
        console.print(
            f"{manifest['restated']:,} values of closed periods differ from the build "
            "before: warehouse status --restated",
            style="yellow",
            highlight=False,
            soft_wrap=True,
        )
    for warning in manifest["warnings"]:
        rows = f" ({warning['rows']:,} rows)" if warning["rows"] else ""
        says = warning.get("says") or "A test found rows that are worth a look."
        console.print(
            f"[yellow]warning[/] {escape(says)}{rows} "
            f"[dim]List them: {escape(list_rows(warning['name']))}[/]",
            highlight=False,
        )
    console.print(
        "Before: the period before · On year: against a year ago · ! bad news · "
        "early: returns are still to come · pt: percentage points · "
        "Plan: share of it, or over and under it where less is better; ~ at risk, ! "
        "behind by more than a tenth",
        style="dim",
        highlight=False,
    )
