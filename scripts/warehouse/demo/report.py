"""Says what `warehouse demo` has made."""

import re
from pathlib import Path

from rich.console import Console
from rich.table import Table

from warehouse.demo.generate import Made


def report(made: Made, console: Console) -> None:
    """Print what was made: a table by source and a last line that says it all."""
    groups: dict[tuple[str, str], list[int]] = {}
    for name, rows in made.files.items():
        parts = Path(name).parts
        source = "/".join(parts[1:-1]) if parts[0] == "landing" else "truth"
        # orders_export_2025_H1.csv and its like are one kind of export.
        stem = re.split(r"[-_](?=[0-9]|[A-Z][a-z]{2}-[0-9])", parts[-1].split(".")[0])[
            0
        ]
        entry = groups.setdefault((source, stem), [0, 0, 0])
        entry[0] += 1
        entry[1] += rows
        entry[2] += (made.folder / name).stat().st_size
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title, justify in (
        ("source", "left"),
        ("export", "left"),
        ("files", "right"),
        ("rows", "right"),
        ("MB", "right"),
    ):
        table.add_column(title, justify=justify)
    for (source, stem), (count, rows, size) in sorted(groups.items()):
        table.add_row(source, stem, f"{count}", f"{rows:,}", f"{size / 1e6:.1f}")
    console.print(table)
    console.print(
        f"[bold green]Done:[/] {made.orders:,} orders of {made.customers:,} customers, "
        f"{made.sessions:,} sessions, {made.events:,} events in {made.seconds:.1f} s "
        f"(peak {made.peak_megabytes:,} MB) → {made.folder}",
        soft_wrap=True,
        highlight=False,
    )
