"""One page a KPI: what it is, how it stands, where, since when, and what proves it."""

import re

from warehouse.catalog import Kpi
from warehouse.report import panels, words
from warehouse.report.charts import spark
from warehouse.report.published import Published

GRAIN_ORDER = ("month", "week", "day", "quarter", "year")


def card(data: Published, kpi_id: str) -> dict:
    """What the template shows of a KPI.

    Args:
        data: The build to read.
        kpi_id: A KPI of the catalogue.
    """
    kpi = data.catalog[kpi_id]
    charts = []
    for grain in sorted(GRAIN_ORDER, key=lambda grain: grain != data.grain):
        chart = panels.kpi_chart(data, kpi_id, grain)
        if not chart.is_empty:
            charts.append((grain, chart))
    row = data.current(kpi_id, data.grain)
    source = data.yaml.get(kpi_id)
    return {
        "kpi": kpi,
        "tile": panels.tile(data, kpi_id, data.grain),
        "interval": _interval(row, kpi, data),
        "parts": _parts(row, kpi, data),
        "charts": charts,
        "slices": _slices(data, kpi),
        "moved": panels.what_moved(data, kpi_id, data.grain),
        "alerts": [panels.alert(data, row) for row in data.alerts.get(kpi_id, [])],
        "paragraphs": _paragraphs(kpi["description"]),
        "sql": source.path.read_text().strip() if source else "",
        "tests": _tests(source) if source else [],
        "elsewhere": source.meta.get("elsewhere", {}) if source else {},
    }


def _interval(row: dict, kpi: dict, data: Published) -> tuple[str, str] | None:
    """The 95 % interval of a counted share."""
    if row["value_lower"] is None:
        return None
    return tuple(
        words.value(row[name], kpi["unit"], data.currency)
        for name in ("value_lower", "value_upper")
    )


def _parts(row: dict, kpi: dict, data: Published) -> tuple[str, str] | None:
    """Numerator and denominator of the period, as texts; None where it is no ratio."""
    if kpi["kind"] != "ratio" or None in (row["numerator"], row["denominator"]):
        return None
    return tuple(
        f"{row[name]:,.{0 if float(row[name]).is_integer() else 2}f}"
        for name in ("numerator", "denominator")
    )


def _slices(data: Published, kpi: dict) -> list[dict]:
    """The newest month by each dimension: value, change, twelve months before."""
    found, now = [], data.current(kpi["kpi_id"], data.grain)
    for dimension, members in sorted(
        data.slices(kpi["kpi_id"]).items(), key=lambda item: place(item[0])
    ):
        lines, largest, hidden = [], 0.0, 0
        for member, rows in members.items():
            row = next((r for r in rows if r["is_current"]), None)
            if row is None or row["value"] is None:
                continue
            hidden = row["members"] - len(members)
            largest = max(largest, abs(row["value"]))
            lines.append((member, row, rows))
        if lines:
            found.append(
                {
                    "dimension": dimension.replace("_", " "),
                    "hidden": max(hidden, 0),
                    "lines": [
                        {
                            "name": data.member(dimension, member),
                            "value": words.value(
                                row["value"], kpi["unit"], data.currency
                            ),
                            "share": round(100 * abs(row["value"]) / (largest or 1), 1),
                            "change": (change := words.change(row, kpi["unit"])),
                            "tone": panels.tone(row, change),
                            "weight": (
                                words.value(row["denominator"], "count", "")
                                if kpi["kind"] == "ratio"
                                else ""
                            ),
                            "spark": spark(
                                [r["value"] for r in rows],
                                panels.grows(now, kpi),
                            ),
                        }
                        for member, row, rows in lines
                    ],
                }
            )
    return found


def place(dimension: str) -> tuple[int, str]:
    """Channels, categories and shops first."""
    order = panels.REASONS
    return (order.index(dimension) if dimension in order else len(order), dimension)


def _paragraphs(description: str) -> list[str]:
    """The words of a description, without the grain that all KPIs share."""
    grain = re.compile(r"^One row per [^.]*\.\s*")
    return [
        text
        for part in description.split("\n\n")
        if (text := grain.sub("", " ".join(part.split())))
    ]


def _tests(kpi: Kpi) -> list[tuple[str, str]]:
    """Name and words of the unit tests beside a KPI."""
    return [
        (name.removeprefix(f"kpi_{kpi.kpi_id}").strip("_").replace("_", " "), text)
        for name, text in kpi.tests
    ]
