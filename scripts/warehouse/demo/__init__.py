"""`warehouse demo`: the exports of a believable shop, the same for the same seed."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.errors import UserError
from warehouse.paths import data_dir
from warehouse.work import work

if TYPE_CHECKING:
    from rich.console import Console

    from warehouse.demo.generate import Made


def demo(
    console: "Console",
    orders: int = 20_000,
    start: str = "2024-10-01",
    end: str = "2026-09-23",
    seed: int = 7,
    sessions_per_order: float = 16.0,
    out: Path | None = None,
) -> "Made":
    """Make the demo shop and say what was made.

    Args:
        console: Gets the progress bar and the summary.
        orders: Orders of every kind over both shops.
        start, end: Shop-local dates (YYYY-MM-DD) of the first and the last order.
        seed: Any whole number.
        sessions_per_order: Tracked visits for each order.
        out: Gets `landing/` and `truth/`; the demo's data folder when left out.

    Returns:
        What was written: files with their rows, orders, customers, seconds, …

    Raises:
        UserError: The arguments make no shop, or a file of yours is in the way.
    """
    from warehouse.demo.generate import generate
    from warehouse.demo.report import report

    folder = (out or data_dir("demo")).resolve()
    days = _date(start, "--start"), _date(end, "--end")
    with work("demo", folder):
        made = generate(folder, orders, *days, seed, sessions_per_order, console)
    report(made, console)
    return made


def _date(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UserError(
            f"{option} {text!r} is not a date.", "Write it as 2026-09-23."
        ) from None
