"""How long from a file that lands to a KPI that readers see: `warehouse watch`.

    warehouse demo && warehouse run           # what is measured on
    python benchmarks/watch.py                # lands ten files, prints the distribution

On a copy of the demo's data folder (or of what `WAREHOUSE_DATA` names) it starts
`warehouse watch`, lands files of a few orders with a coupon, one after the other, and
asks what is published, as a reader would, until their sales are in `kpi_total_sales` by
hour. At the end the same file goes through `warehouse run`, for comparison. It is a
benchmark and no test: the numbers are those of the machine, and of who else uses it.
"""

import argparse
import csv
import os
import platform
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

PROJECT = Path(__file__).resolve().parents[1]
SHOP = Path("landing/shopify/alder_eu")
COUPON = "TWEET10"
ORDERS = 20
COMMAND = [sys.executable, "-m", "warehouse"]
LOOK = 0.1  # seconds between two looks of the reader
SALES = (
    "select sum(value) from kpi_total_sales where grain = 'hour' and dimension = 'all'"
)


def orders(data: Path, number: int) -> list[dict[str, str]]:
    """Rows of a new export: the shop's newest orders, an hour later, with a coupon."""
    exports = sorted((data / SHOP).glob("orders_export_*.csv"))
    with exports[-1].open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    paid = [r for r in rows if r["Created at"] and float(r["Subtotal"] or 0) > 0]
    names = [row["Name"] for row in paid[-ORDERS:]]
    day, clock = paid[-1]["Created at"].split(" ", 1)
    zone = clock.rsplit(" ", 1)[-1]
    made = []
    for row in rows:
        if row["Name"] in names:
            place = number * ORDERS + names.index(row["Name"])
            row["Name"] = f"#{900000 + place}"
            row["Id"] = row["Id"] and str(6_000_000_000_000 + place)
            if row["Created at"]:
                row["Created at"] = f"{day} 23:{20 + number % 40}:00 {zone}"
                row["Paid at"] = row["Paid at"] and row["Created at"]
                row["Discount Code"] = COUPON
            made.append(row)
    return made


def land(data: Path, number: int) -> float:
    """Write an export beside its place, rename it there; the moment it is there."""
    rows = orders(data, number)
    draft = data / SHOP / f".orders_{number}.part"
    with draft.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    draft.rename(data / SHOP / f"orders_live_{number}.csv")
    return time.time()


def seen(data: Path) -> tuple[str, float]:
    """What a reader sees: the publication, and all sales by hour."""
    folder = (data / "published/current").resolve()
    file = str(folder / "warehouse.duckdb")
    with duckdb.connect(file, read_only=True) as reader:
        return folder.name, float(reader.execute(SALES).fetchall()[0][0])


def until_seen(data: Path, before: float, landed: float, limit: float) -> float:
    """Seconds from landing until other sales are visible."""
    while time.time() - landed < limit:
        if abs(seen(data)[1] - before) > 0.005:
            return time.time() - landed
        time.sleep(LOOK)
    raise SystemExit(f"nothing was visible after {limit:.0f} s")


def cpu(process: int | None = None) -> float:
    """Seconds of processor time of a process, or of all children that have ended."""
    if process is None:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[-1].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure, and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--files", type=int, default=10)
    options.add_argument("--data", type=Path, help="a built data folder; it is copied")
    options.add_argument("--in-place", action="store_true", help="do not copy it")
    options.add_argument("--limit", type=float, default=300, help="seconds a file")
    options.add_argument(
        "--no-run", action="store_true", help="leave out warehouse run"
    )
    asked = options.parse_args()
    target = os.environ.get("WAREHOUSE_TARGET", "demo")
    known = os.environ.get("WAREHOUSE_DATA", PROJECT / "data/demo")
    source = (asked.data or Path(known)).resolve()
    with tempfile.TemporaryDirectory(prefix="watch-", dir=source.parent) as folder:
        data = source
        if not asked.in_place:
            data = Path(folder) / "data"
            shutil.copytree(source, data, symlinks=True)
            # A build knows the folder that it was made in: the copy needs its own.
            print("building the copy", flush=True)
            subprocess.run([*COMMAND, "run"], check=True, **surroundings(data, target))
        measure(data, target, asked.files, asked.limit, not asked.no_run)


def surroundings(data: Path, target: str) -> dict:
    """Where a command runs, and on what."""
    there = {"WAREHOUSE_DATA": str(data), "WAREHOUSE_TARGET": target}
    paths = os.pathsep.join(filter(None, ["scripts", os.environ.get("PYTHONPATH")]))
    environment = os.environ | there | {"PYTHONPATH": paths}
    return {"cwd": PROJECT, "env": environment, "stdout": subprocess.PIPE, "text": True}


def measure(data: Path, target: str, files: int, limit: float, with_run: bool) -> None:
    """Land the files, one when the one before is visible, and print what came of it."""
    options = surroundings(data, target)
    watch = subprocess.Popen([*COMMAND, "watch", "--quiet", "1000000"], **options)
    try:
        for line in watch.stdout:
            sys.stdout.write(line)
            if "ready" in line:
                break
        taken, before = [], cpu(watch.pid)
        for number in range(files):
            sales = seen(data)[1]
            taken.append(until_seen(data, sales, land(data, number), limit))
            sys.stdout.write(watch.stdout.readline())
        used = (cpu(watch.pid) - before) / files
    finally:
        watch.send_signal(signal.SIGINT)
        watch.communicate(timeout=60)
    cores = os.cpu_count()
    print(
        f"\n{files} files of {ORDERS} orders, {cores} cores, load "
        f"{os.getloadavg()[0]:.1f}, Python {platform.python_version()}, "
        f"DuckDB {duckdb.__version__}"
    )
    taken.sort()
    print(
        f"landed to visible: fastest {taken[0]:.1f} s, median "
        f"{statistics.median(taken):.1f} s, slowest {taken[-1]:.1f} s; "
        f"{used:.1f} s of processor time a file"
    )
    if with_run:
        sales, before = seen(data)[1], cpu()
        landed = land(data, files)
        subprocess.run([*COMMAND, "run"], check=True, **options)
        run, used_by_run = time.time() - landed, cpu() - before
        if abs(seen(data)[1] - sales) < 0.005:
            raise SystemExit("warehouse run ended, and the file is not visible")
        print(
            f"warehouse run, the same file: {run:.1f} s, {used_by_run:.1f} s of "
            f"processor time; {run / statistics.median(taken):.1f} times as long"
        )


if __name__ == "__main__":
    main()
