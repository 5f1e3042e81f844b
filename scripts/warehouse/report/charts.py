"""The geometry of charts: Python computes, HTML and CSS draw.

A plot is an SVG that stretches with its box while text, lines and dots keep their size,
so one file reads well on a phone and on a wide screen. x runs from 0 to 1000 and y from
0 (top) to 100; points sit in the middle of equal slots, as columns do.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, floor, log10

from warehouse.report.words import compact, value

WIDTH, HEIGHT = 1000, 100
# Units that the ticks of an axis do not show.
UNIT_WORDS = ("seconds", "minutes", "hours", "days", "months", "points", "position")
Values = Sequence[float | None]


@dataclass
class Series:
    """One line or set of columns.

    Attributes:
        name: What the legend calls it.
        values: A value for each label; None where there is none.
        style: line, column, past (a thin line), or plan (a dashed one).
    """

    name: str
    values: Values
    style: str = "line"


@dataclass
class Chart:
    """A drawn chart, ready for the template.

    Attributes:
        unit: The word for the unit, where the ticks do not show it.
        so_far: The slot under way in words, with its value if there is one subject;
            empty if none is.
        paths: SVG path data with its CSS classes.
        ticks: Height in percent of the plot and text of each horizontal line.
        marks: Position in percent, text, and whether phones show it, of the x axis.
        legend: Name and CSS class of each series; empty for a single one.
        rows: The table behind it: label, then each series' value as text.
        heads: The table's column names.
        label: The chart in one sentence, for those who do not see it.
    """

    label: str
    unit: str = ""
    so_far: str = ""
    paths: list[tuple[str, str]] = field(default_factory=list)
    ticks: list[tuple[float, str]] = field(default_factory=list)
    marks: list[tuple[float, str, bool]] = field(default_factory=list)
    legend: list[tuple[str, str]] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    is_empty: bool = False


def draw(
    label: str,
    slots: Sequence[str],
    series: Sequence[Series],
    unit: str,
    currency: str,
    *,
    slot_name: str = "Period",
    band: tuple[Values, Values] | None = None,
    open_end: bool = False,
    long_slots: Sequence[str] | None = None,
) -> Chart:
    """Lay out lines and columns over common slots.

    Args:
        label: What the chart shows, in one sentence.
        slots: Names along the x axis, oldest first.
        series: What is drawn, the first one being the subject.
        unit: The values' unit.
        currency: ISO code of the reporting currency.
        slot_name: The first column of the table behind the chart.
        band: Lower and upper bounds around the first series.
        open_end: The last slot is under way: its column is lighter, the line to it
            dashed, its dot hollow, and where it would squeeze the finished ones into
            less than a third of the height, it stands at the edge.
        long_slots: The slots' names in the table, where there is room.
    """
    chart = Chart(
        label,
        unit if unit in UNIT_WORDS else "",
        heads=[slot_name, *(one.name for one in series)],
    )
    lines = [one.values for one in series] + list(band or ())
    known = [v for one in series for v in one.values if v is not None]
    if not known:
        chart.is_empty = True
        return chart
    columns = any(one.style == "column" for one in series)
    ticks = _ticks(lines, open_end, columns)
    low, high = ticks[0], ticks[-1]
    step = ticks[1] - ticks[0]

    def height(number: float) -> float:
        share = min(max((number - low) / (high - low), 0.0), 1.0)
        return round(HEIGHT * (1 - share), 2)

    chart.ticks = [
        (100 - height(tick), compact(tick, unit, currency, step)) for tick in ticks
    ]
    chart.marks = _marks(slots)
    if band:
        chart.paths.append(("band", _band(*band, height)))
    # What is compared lies under the subject, columns under lines.
    colour = 0
    subjects, others = [], []
    for one in series:
        css = f"{one.style} c{colour % 8}" if one.style in ("line", "column") else None
        chart.legend.append((one.name, css or one.style))
        if one.style == "column":
            body, rest = one.values, [None] * len(one.values)
            if open_end:
                body = [*one.values[:-1], None]
                rest = [*([None] * (len(one.values) - 1)), one.values[-1]]
            others.append((css, _columns(body, height, height(max(low, 0)))))
            others.append((f"{css} open", _columns(rest, height, height(max(low, 0)))))
        elif css and open_end:
            body, to_end = _parted(one.values)
            subjects.append((css, _line(body, height)))
            subjects.append((f"{css} open", _line(to_end, height)))
            subjects.append((f"{css} dot", _dots(body, height)))
            end = [*([None] * (len(one.values) - 1)), one.values[-1]]
            subjects.append((f"{css} dot end", _dots(end, height)))
            subjects.append(("hollow", _dots(end, height)))
        else:
            subjects.append((css or one.style, _line(one.values, height)))
            if css:
                subjects.append((f"{css} dot", _dots(one.values, height)))
        colour += one.style in ("line", "column")
    chart.paths += [path for path in (*others, *subjects) if path[1]]
    if len(series) == 1:
        chart.legend = []
    names = list(long_slots or slots)
    if open_end:
        names[-1] += " so far"
    if open_end and any(one.values[-1] is not None for one in series):
        chart.so_far = f"{slots[-1]} so far"
        if len(series) == 1 or series[1].style in ("past", "plan"):
            # It may stand at the edge of the plot.
            chart.so_far += f": {value(series[0].values[-1], unit, currency)}"
    chart.rows = [
        [name, *(value(one.values[i], unit, currency) for one in series)]
        for i, name in enumerate(names)
    ]
    return chart


def _ticks(lines: Sequence[Values], open_end: bool, columns: bool) -> list[float]:
    """Ticks around all values; what is under way may take two thirds of the height."""
    whole = scale([v for line in lines for v in line if v is not None], columns)
    done = [v for line in lines for v in line[:-1] if v is not None]
    if not open_end or len(set(done)) < 2:
        return whole
    finished = scale(done, columns)
    room = finished[-1] - finished[0]
    return finished if room < (whole[-1] - whole[0]) / 3 else whole


def _parted(values: Values) -> tuple[list[float | None], list[float | None]]:
    """A line without its last value, and what leads to that one."""
    body, to_end = [*values[:-1], None], [None] * len(values)
    to_end[-2:] = values[-2:]
    return body, to_end


def spark(values: Values, open_end: bool = False) -> dict[str, str]:
    """A line without axes: path data of the line, its open end and its last point.

    Args:
        values: Oldest first; fewer than two known values draw nothing.
        open_end: The last value is of a period under way: a dashed line leads to it.
    """
    known = [v for v in values if v is not None]
    if len(known) < 2:
        return {}
    last = max(i for i, v in enumerate(values) if v is not None)
    ends_open = open_end and last == len(values) - 1
    low, high = min(known), max(known)
    done = known[:-1]
    if ends_open and 0 < max(done) - min(done) < (high - low) / 3:
        low, high = min(done), max(done)
    room = (high - low) or abs(high) or 1

    def height(number: float) -> float:
        share = (number - low) / room if high > low else 0.5
        return round(90 - 80 * min(max(share, 0.0), 1.0), 1)

    only_last = [v if i == last else None for i, v in enumerate(values)]
    body, end = list(values), ""
    if ends_open:
        body, to_end = _parted(values)
        end = _line(to_end, height)
    return {
        "line": _line(body, height),
        "open": end,
        "dot": _dots(only_last, height),
    }


def scale(values: Sequence[float], from_zero: bool = False, lines: int = 4) -> list:
    """Round ticks that enclose the values.

    Args:
        values: At least one.
        from_zero: 0 must be on the axis, as it must for columns.
        lines: About how many steps.

    Returns:
        Ascending ticks, at least two.
    """
    low, high = min(values), max(values)
    # Where the distance to 0 is small beside the range, 0 is the honest floor.
    if from_zero or (low >= 0 and low < 0.35 * high):
        low = min(low, 0)
    if from_zero:
        high = max(high, 0)
    if high - low < 1e-12 * max(abs(high), abs(low), 1e-12):
        low, high = (low - abs(low) / 2, high + abs(high) / 2) if high else (0, 1)
        if from_zero or values[0] > 0:
            low = max(low, 0)
    raw = (high - low) / lines
    power = 10 ** floor(log10(raw))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= raw * 0.999)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [round(i * step, 12) for i in range(first, max(last, first + 1) + 1)]


def _marks(slots: Sequence[str], wide: int = 7) -> list[tuple[float, str, bool]]:
    """Labels of the x axis, counted from the newest; every second one on phones."""
    step = max(1, ceil(len(slots) / wide))
    shown = list(range(len(slots) - 1, -1, -step))
    return [
        (round(100 * (i + 0.5) / len(slots), 2), slots[i], n % 2 == 0 or len(shown) < 5)
        for n, i in enumerate(shown)
    ][::-1]


def _x(i: int, n: int) -> float:
    return round(WIDTH * (i + 0.5) / n, 1)


def _line(values: Values, height) -> str:
    """A path that breaks where values are missing."""
    parts, pen = [], False
    for i, number in enumerate(values):
        if number is not None:
            parts.append(f"{'L' if pen else 'M'}{_x(i, len(values))} {height(number)}")
        pen = number is not None
    return "".join(parts)


def _dots(values: Values, height) -> str:
    """Lines of no length: round caps make them dots that no stretching distorts."""
    return "".join(
        f"M{_x(i, len(values))} {height(number)}h0"
        for i, number in enumerate(values)
        if number is not None
    )


def _columns(values: Values, height, base: float) -> str:
    """A rectangle for each value, from the base line."""
    n = len(values)
    half = round(WIDTH / n * 0.34, 1)
    return "".join(
        f"M{_x(i, n) - half:.1f} {base}V{height(number)}h{2 * half:.1f}V{base}z"
        for i, number in enumerate(values)
        if number is not None
    )


def _band(lower: Values, upper: Values, height) -> str:
    """Polygons between two lines, where both are known."""
    n, parts, run = len(lower), [], []
    for i in range(n + 1):
        if i < n and lower[i] is not None and upper[i] is not None:
            run.append(i)
            continue
        if len(run) > 1:
            there = "L".join(f"{_x(j, n)} {height(upper[j])}" for j in run)
            back = "L".join(f"{_x(j, n)} {height(lower[j])}" for j in reversed(run))
            parts.append(f"M{there}L{back}z")
        run = []
    return "".join(parts)
