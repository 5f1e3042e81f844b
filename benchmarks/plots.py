"""How costs grow: the exponent of a power law, and lines on logarithmic axes as SVG."""

from collections.abc import Sequence
from html import escape
from math import ceil, exp, floor, log, log10

Points = Sequence[tuple[float, float]]
WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 56, 190, 34, 44
COLOURS = ("#2f6fab", "#c8553d", "#4a8c5c", "#8a63a6", "#b8860b")
STYLE = """
text{font:12px system-ui,sans-serif;fill:#333}
.title{font-weight:600;font-size:13px}
.grid{stroke:#8884;stroke-width:1}
.line{fill:none;stroke-width:2}
@media(prefers-color-scheme:dark){text{fill:#ddd}}
"""


def exponent(points: Points) -> float | None:
    """The b of y = a·x^b, by least squares over the logarithms.

    Args:
        points: x and y, all above 0.

    Returns:
        1 where twice the work costs twice as much; None with fewer than two x.
    """
    logs = [(log(x), log(y)) for x, y in points]
    if len({x for x, _ in logs}) < 2:
        return None
    middle = sum(x for x, _ in logs) / len(logs)
    height = sum(y for _, y in logs) / len(logs)
    over = sum((x - middle) * (y - height) for x, y in logs)
    return over / sum((x - middle) ** 2 for x, _ in logs)


def draw(title: str, lines: dict[str, Points], across: str, unit: str) -> str:
    """Lines over logarithmic axes.

    Args:
        title: Above the plot.
        lines: Points by name, in the order of their x; their exponent is written
            beside the name.
        across: What the x axis counts.
        unit: Of y: s or GB.

    Returns:
        The SVG file's text; it needs nothing besides, and knows light and dark pages.
    """
    every = [point for points in lines.values() for point in points]
    xs, ys = ticks([x for x, _ in every]), ticks([y for _, y in every])

    def at_x(x: float) -> float:
        return round(place(x, xs) * (WIDTH - LEFT - RIGHT) + LEFT, 1)

    def at_y(y: float) -> float:
        return round((1 - place(y, ys)) * (HEIGHT - TOP - BOTTOM) + TOP, 1)

    right, low = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'role="img" aria-label="{escape(title)}"><style>{STYLE}</style>',
        f'<text class="title" x="{LEFT}" y="18">{escape(title)}</text>',
        f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 8}" text-anchor="middle">'
        f"{escape(across)}</text>",
    ]
    for y in ys:
        parts.append(
            f'<path class="grid" d="M{LEFT} {at_y(y)}H{right}"/>'
            f'<text x="{LEFT - 6}" y="{at_y(y) + 4}" text-anchor="end">'
            f"{short(y)} {unit}</text>"
        )
    for x in xs:
        parts.append(
            f'<path class="grid" d="M{at_x(x)} {TOP}V{low}"/>'
            f'<text x="{at_x(x)}" y="{low + 16}" text-anchor="middle">{short(x)}</text>'
        )
    names = spread({name: at_y(points[-1][1]) for name, points in lines.items()})
    for colour, (name, points) in zip(COLOURS, lines.items(), strict=False):
        path = "L".join(f"{at_x(x)} {at_y(y)}" for x, y in points)
        dots = "".join(
            f'<circle cx="{at_x(x)}" cy="{at_y(y)}" r="3.5" fill="{colour}"/>'
            for x, y in points
        )
        power = exponent(points)
        words = name if power is None else f"{name}: n^{power:.2f}"
        parts.append(
            f'<path class="line" stroke="{colour}" d="M{path}"/>{dots}'
            f'<text x="{right + 10}" y="{names[name] + 4}" style="fill:{colour}">'
            f"{escape(words)}</text>"
        )
    return "\n".join([*parts, "</svg>", ""])


def ticks(values: Sequence[float]) -> list[float]:
    """1, 2 and 5 of each power of ten, from below the smallest to above the largest."""
    low, high = floor(log10(min(values)) - 1e-9), ceil(log10(max(values)) + 1e-9)
    every = [m * 10.0**power for power in range(low, high + 1) for m in (1, 2, 5)]
    first = max(t for t in every if t <= min(values) * 1.0001)
    last = min(t for t in every if t >= max(values) * 0.9999 and t > first)
    within = [t for t in every if first <= t <= last]
    if len(within) > 7:  # whole powers are enough
        within = [t for t in within if t in (first, last) or log10(t) % 1 < 1e-9]
    return within


def place(value: float, within: Sequence[float]) -> float:
    """Where a value lies on a logarithmic axis, from 0 to 1."""
    low, high = within[0], within[-1]
    return log(value / low) / log(high / low)


def spread(heights: dict[str, float], apart: float = 16) -> dict[str, float]:
    """Heights of labels, moved down where they would lie on one another."""
    found, last = {}, -exp(9)
    for name, height in sorted(heights.items(), key=lambda item: item[1]):
        last = found[name] = max(height, last + apart)
    return found


def short(number: float) -> str:
    """A tick in a few letters: 0.5, 20, 5k, 1M."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:g}{letter}"
    return f"{number:g}"
