"""What needs a look: the newest alerts and the diagnoses that hold."""

from datetime import date

import duckdb
from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from warehouse.values import text

SHOWN_ALERTS = 8
# How many days back the end of an alert's period may lie to be new, by grain.
NEW_FOR = {"day": 7, "week": 14, "month": 31}
RULES = {
    "beyond_limits": "out of the usual",
    "two_of_three": "near the limit twice",
    "eight_on_a_side": "eight in a row {side}",
    "six_trending": "six in a row {trend}",
    "plan_behind": "behind plan",
    "plan_at_risk": "plan at risk",
}
SEVERITIES = {"high": ("!", "red"), "medium": ("~", "yellow"), "low": ("·", "dim")}
WIDTHS = {"narrow": 20, "wide": 44}


def read_news(connection: duckdb.DuckDBPyConnection) -> tuple[list[dict], list[dict]]:
    """The newest bad news, one line a KPI, and every diagnosis.

    Args:
        connection: A published warehouse; one from before alerts existed has none.
    """
    try:
        alerts = read_rows(connection, _alerts_query(), [SHOWN_ALERTS])
        diagnoses = read_rows(
            connection,
            """select diagnoses.*, kpi_catalog.label as size_label
            from diagnoses
            left join kpi_catalog on diagnoses.size_kpi_id = kpi_catalog.kpi_id
            order by diagnosis_order, dimension <> 'all', member""",
        )
    except duckdb.CatalogException:
        return [], []
    return alerts, diagnoses


def print_news(
    console: Console, alerts: list[dict], diagnoses: list[dict], value_text, wide: bool
) -> None:
    """Both lists, readable in 80 columns.

    Args:
        console: Where to print.
        alerts: Of `read_news`.
        diagnoses: Of `read_news`.
        value_text: Writes a value of a unit as people do.
        wide: Whether there is room for whole labels.
    """
    if not alerts and not diagnoses:
        return
    console.print()
    console.print("[bold]What needs a look[/]")
    if alerts:
        console.print()
        console.print(_alerts_table(alerts, value_text, wide))
    else:
        console.print("No new alerts.", style="dim")
    if diagnoses:
        console.print()
        _print_diagnoses(console, diagnoses, value_text)


def _alerts_query() -> str:
    new = " or ".join(
        f"(kpi_alerts.grain = '{grain}' and date_diff('day',"
        f" dim_periods.period_end, newest.day) <= {days})"
        for grain, days in NEW_FOR.items()
    )
    # The worst and widest first; a KPI that alarms in many slices is one line.
    rank = """
        case kpi_alerts.severity when 'high' then 1 when 'medium' then 2 else 3 end,
        kpi_alerts.dimension <> 'all',
        kpi_alerts.period_start desc,
        kpi_alerts.dimension,
        kpi_alerts.member,
        kpi_alerts.rule"""
    return f"""
        select * from (
            select kpi_alerts.*, kpi_catalog.label, kpi_catalog.unit,
                count(distinct kpi_alerts.dimension || kpi_alerts.member)
                    filter (kpi_alerts.dimension <> 'all')
                    over (partition by kpi_alerts.kpi_id) as slices,
                row_number() over (partition by kpi_alerts.kpi_id order by {rank}) as n
            from kpi_alerts
            inner join kpi_catalog using (kpi_id)
            inner join dim_periods using (grain, period_start)
            cross join (
                select max(period_end) as day from dim_periods
                where grain = 'day' and is_current
            ) as newest
            where kpi_alerts.direction = 'bad' and ({new})
        ) as kpi_alerts
        where n = 1
        order by {rank}, kpi_id
        limit ?"""


def read_rows(
    connection: duckdb.DuckDBPyConnection, query: str, parameters=None
) -> list[dict]:
    """The rows of a query, each by column name.

    Args:
        connection: Where to ask.
        query: With a ? for each parameter, and no other.
        parameters: Texts, numbers and moments. They are written into the query: DuckDB
            reads in numpy and pandas to look at a parameter, half a second of them.
    """
    first, *rest = query.split("?")
    for value, part in zip(parameters or (), rest, strict=True):
        first += _literal(value) + part
    result = connection.execute(first)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _literal(value: str | int | float | date) -> str:
    """A value as SQL."""
    if isinstance(value, str):
        return text(value)
    return f"timestamp '{value}'" if isinstance(value, date) else repr(value)


def _alerts_table(alerts: list[dict], value_text, wide: bool) -> Table:
    """A line an alert: when, what, where, how much, against what, by which rule."""
    table = Table(
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0)
    )
    table.add_column("", width=1)
    table.add_column("Since", no_wrap=True)
    table.add_column(
        "KPI",
        no_wrap=True,
        overflow="ellipsis",
        max_width=WIDTHS["wide" if wide else "narrow"],
    )
    table.add_column("Where", no_wrap=True, overflow="ellipsis", max_width=11)
    table.add_column("Value", justify="right", no_wrap=True)
    table.add_column("Usual", justify="right", no_wrap=True, style="dim")
    table.add_column("Why", no_wrap=True, overflow="ellipsis")
    for alert in alerts:
        mark, colour = SEVERITIES[alert["severity"]]
        label = alert["label"] if wide else alert["label"].split(" (")[0]
        above = alert["side"] == "above"
        why = RULES[alert["rule"]].format(
            side="above" if above else "below", trend="up" if above else "down"
        )
        table.add_row(
            Text(mark, style=colour),
            _when(alert["grain"], alert["first_seen"]),
            Text(label),
            Text("all" if alert["dimension"] == "all" else alert["member"]),
            Text(value_text(alert["value"], alert["unit"]), style="bold"),
            value_text(alert["centre"], alert["unit"]),
            why,
        )
    return table


def _when(grain: str, start: date) -> str:
    """The period in a few letters."""
    if grain == "month":
        return f"{start:%b}"
    day = f"{start.day} {start:%b}"
    return f"w {day}" if grain == "week" else day


def _print_diagnoses(console: Console, diagnoses: list[dict], value_text) -> None:
    """Those that hold, with size, evidence and where to look; how many do not."""
    problems: dict[str, list[dict]] = {}
    for row in diagnoses:
        problems.setdefault(row["diagnosis_id"], []).append(row)
    unknown = 0
    for rows in problems.values():
        holding = [row for row in rows if row["holds"]]
        if not holding:
            unknown += all(row["holds"] is None for row in rows)
            continue
        # The whole speaks for its shops; where it is well, the shops speak.
        for row in holding[:1] if holding[0]["dimension"] == "all" else holding:
            where = "" if row["dimension"] == "all" else f" in {row['member']}"
            line = Text("! ", style="red") + Text(f"{row['label']}{where}", "bold red")
            if row["size_value"] is not None:
                line.append(
                    f": {row['size_label'].split(' (')[0].lower()} "
                    f"{value_text(row['size_value'], row['size_unit'])}",
                    style="default",
                )
                if row["size_reference"] is not None:
                    sound = value_text(row["size_reference"], row["size_unit"])
                    line.append(f" against {sound}", style="default")
                if row["size_money"]:
                    line.append(
                        f", up to {value_text(row['size_money'], 'money')}",
                        style="default",
                    )
            console.print(line, highlight=False)
            for more in (row["evidence"], f"Look at: {row['likely_causes']}"):
                if more:
                    console.print(Padding(Text(more, style="dim"), (0, 0, 0, 2)))
    held = sum(any(row["holds"] for row in rows) for rows in problems.values())
    rest = f"{len(problems) - held - unknown} of {len(problems)} diagnoses do not hold"
    if unknown:
        rest += f", {unknown} cannot be told from the data"
    console.print(f"{rest}.", style="dim", highlight=False)
