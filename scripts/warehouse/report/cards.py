"""One page a KPI: what it is, how it stands, where, since when, and what proves it."""

import re

from warehouse.catalog import Kpi
from warehouse.proof import proof_of
from warehouse.report import panels, words
from warehouse.report.charts import spark
from warehouse.report.published import Published

# What shops' numbers can be laid beside each other of.
ADDED_UP = ("sum", "distinct")
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
        "proof": proof_of().get(kpi_id),
        "worked": _worked(data, kpi),
        "example": _example(source, kpi, data) if source else None,
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
    return tuple(words.number(row[name]) for name in ("numerator", "denominator"))


def _worked(data: Published, kpi: dict) -> dict | None:
    """The newest complete period written out: what is divided, or what adds up.

    Returns:
        When, terms (text and what it is), what stands between them, the result, and a
        note; None if no complete period has a value.
    """
    grain = data.grain
    rows = [
        row
        for row in data.series(kpi["kpi_id"], grain)
        if row["value"] is not None and not row["is_partial"]
    ]
    if not rows:
        return None
    row = rows[-1]
    unit, currency = kpi["unit"], data.currency
    found = {
        "when": words.full_period(grain, row["period_start"]),
        "result": words.value(row["value"], unit, currency),
        "terms": [],
        "between": "+",
        "note": "",
    }
    if kpi["kind"] == "ratio" and row["denominator"]:
        names = kpi["formula"].split(" ÷ ")
        if len(names) != 2 or ";" in kpi["formula"]:
            names = ["numerator", "denominator"]
        parts = (row["numerator"], row["denominator"])
        found["between"] = "÷"
        found["terms"] = [
            (words.number(part), name) for part, name in zip(parts, names, strict=True)
        ]
        factor = row["value"] / (parts[0] / parts[1]) if parts[0] else 1
        if round(factor, 6) != 1:
            found["note"] = f"times {words.number(factor)}"
        return found
    parts = data.rows(
        """select member, value from warehouse.main.kpi_scorecard
        where kpi_id = ? and grain = ? and period_start = ? and dimension = 'shop'
            and value <> 0
        order by value desc, member""",
        [kpi["kpi_id"], grain, row["period_start"]],
    )
    if len(parts) < 2 or data.filters.dimension or kpi["kind"] not in ADDED_UP:
        return found
    total = sum(part["value"] for part in parts)
    adds = abs(total - row["value"]) <= 1e-6 * max(abs(total), 1)
    if not adds and kpi["kind"] == "sum":
        return found  # some of it belongs to no shop
    found["terms"] = [
        (
            words.value(part["value"], unit, currency),
            data.member("shop", part["member"]),
        )
        for part in parts
    ]
    if not adds:
        found["note"] = (
            f"The shops add up to {words.value(total, unit, currency)}; who is in two "
            "of them counts once in the whole."
        )
    return found


def _example(source: Kpi, kpi: dict, data: Published) -> dict | None:
    """The first unit test as two small tables: what is given, what must come out."""
    if not source.examples:
        return None
    test = source.examples[0]
    given = [row for one in test["given"] for row in one.get("rows") or []]
    expected = test["expect"]["rows"]
    if not all(isinstance(row, dict) for row in (*given, *expected)):
        return None
    # What is alike in all rows tells nothing.
    everything = [*given, *expected]
    alike = {
        name
        for name in ("grain", "period_start", "dimension", "member")
        if len({str(row.get(name)) for row in everything}) == 1
    }
    return {
        "words": " ".join(str(test.get("description", "")).split()),
        "tables": [
            (title, _table(rows, alike, kpi if rows is expected else None, data))
            for title, rows in (("From these rows", given), ("comes this", expected))
        ],
    }


def _table(
    rows: list[dict], alike: set[str], kpi: dict | None, data: Published
) -> dict:
    """Heads, cells, and which columns are numbers."""
    names = [n for n in dict.fromkeys(n for row in rows for n in row) if n not in alike]
    numbers = {
        name
        for name in names
        if any(isinstance(row.get(name), int | float) for row in rows)
    }

    def cell(row: dict, name: str) -> str:
        value = row.get(name)
        if value is None:
            return words.MISSING
        if name == "value" and kpi:
            return words.value(value, kpi["unit"], data.currency)
        if name in numbers and not isinstance(value, bool):
            return words.number(value)
        return str(value).removesuffix(" 00:00:00")

    return {
        "heads": [(name.replace("_", " "), name in numbers) for name in names],
        "rows": [[cell(row, name) for name in names] for row in rows],
    }


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
                                bool(now["is_partial"]),
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
