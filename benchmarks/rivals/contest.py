"""What every rival shares: the KPIs, the check of its numbers, what it has used.

A rival is a process: `python benchmarks/rivals/<name>.py --data FOLDER`. The folder
holds `lake/` and a `warehouse.duckdb` that dbt has built from it. The last line that a
rival prints is one JSON object; `README.md` beside this file says what stands in it.
"""

import argparse
import datetime as dt
import importlib.util
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

STARTED = time.time()
PROJECT = Path(__file__).resolve().parents[2]
SEEDS = PROJECT / "seeds"
THREADS = 2
HERE = Path(__file__).parent

# Two threads, as the warehouse has: read when these libraries are imported.
os.environ.setdefault("POLARS_MAX_THREADS", str(THREADS))
os.environ.setdefault("OMP_NUM_THREADS", str(THREADS))


class Ratio(NamedTuple):
    """A KPI of parts.

    Attributes:
        top: The part that is shown or divided.
        bottom: The part it is divided by; None where nothing is.
        unit: How near is equal: `count` and `share` to nine digits, `money` to a cent,
            `rate` (a ratio of money) to a ten-thousandth of itself
            or a millionth.
    """

    top: str
    bottom: str | None
    unit: str


# By month, as a whole and by channel. Together they need orders, lines, refunds,
# payments, parcels, events, visits, carts, people, ads and other costs, and which
# channel an order and a customer came by.
KPIS = {
    "orders": Ratio("orders", None, "count"),
    "units_sold": Ratio("units", None, "count"),
    "total_sales": Ratio("total_sales", None, "money"),
    "net_sales": Ratio("net_sales", None, "money"),
    "average_order_value": Ratio("sales", "orders", "money"),
    "items_per_order": Ratio("units", "orders", "share"),
    "discount_rate": Ratio("discounts", "gross_sales", "rate"),
    "gross_profit": Ratio("gross_profit", None, "money"),
    "gross_margin": Ratio("gross_profit", "costed_net_sales", "rate"),
    "refund_share": Ratio("returns", "sales", "rate"),
    "return_rate": Ratio("returned_units", "units", "share"),
    "cancellation_rate": Ratio("cancelled_orders", "orders", "share"),
    "payment_conversion_rate": Ratio("payments_successful", "payments_tried", "share"),
    "payment_success_rate": Ratio("orders_paid", "orders_tried", "share"),
    "sessions": Ratio("sessions", None, "count"),
    "conversion_rate": Ratio("purchase_sessions", "sessions", "share"),
    "product_view_rate": Ratio("product_view_sessions", "sessions", "share"),
    "add_to_cart_rate": Ratio("add_to_cart_sessions", "sessions", "share"),
    "checkout_conversion_rate": Ratio("successful_checkouts", "checkouts", "share"),
    "engagement_rate": Ratio("engaged_sessions", "sessions", "share"),
    "cart_abandonment_rate": Ratio("abandoned_carts", "settled_carts", "share"),
    "ad_spend": Ratio("ad_spend", None, "money"),
    "cost_per_click": Ratio("ad_spend", "clicks", "money"),
    "customer_acquisition_cost": Ratio("acquisition_spend", "new_customers", "money"),
    "return_on_ad_spend": Ratio("paid_sales", "ad_spend", "rate"),
    "marketing_efficiency_ratio": Ratio("sales", "total_spend", "rate"),
    "new_customers": Ratio("new_customers", None, "count"),
    "purchasing_customers": Ratio("purchasing_customers", None, "count"),
    "repeat_customer_rate": Ratio("repeat_customers", "purchasing_customers", "share"),
    "returning_customer_share": Ratio(
        "returning_customers", "purchasing_customers", "share"
    ),
    "retention_rate": Ratio("retained_customers", "previous_customers", "share"),
}
# No order has a channel that it was paid by.
WITHOUT_CHANNEL = ("payment_conversion_rate", "payment_success_rate")

# One value: KPI, month as 2025-03-01, channel or `all`, number.
Value = tuple[str, str, str, float]


class OtherNumbers(Exception):
    """A rival says something else than the warehouse: there is nothing to compare."""


class Now(NamedTuple):
    """When the warehouse looks.

    Attributes:
        moment: In UTC.
        date: The last day that counts.
    """

    moment: dt.datetime
    date: dt.date


def now_of(warehouse: Path) -> Now:
    """When the warehouse looks: the newest moment of all of its sources.

    A rival reads fewer of them, so it is told, which spares it some work.
    """
    import duckdb

    with duckdb.connect(warehouse, read_only=True) as connection:
        found = connection.execute("select as_of, as_of_date from dim_as_of")
        return Now(*found.fetchone())


def values_of(connection, kpis: Iterable[str] = KPIS) -> dict:
    """What the KPI views say: (kpi, month, member) → value, without empty ones.

    Args:
        connection: Of DuckDB, to a file that has them.
        kpis: Which.
    """
    views = " union all ".join(
        f"select '{kpi}' as kpi, * from main.kpi_{kpi}" for kpi in kpis
    )
    found = connection.execute(
        f"""
        select kpi, strftime(period_start, '%Y-%m-%d'), member, value
        from ({views})
        where grain = 'month' and dimension in ('all', 'channel')
            and value is not null
        """
    ).fetchall()
    return {(kpi, month, member): value for kpi, month, member, value in found}


def agree(mine: Iterable[Value], theirs: dict, kpis: dict[str, Ratio] = KPIS) -> int:
    """How many values were compared, all of them equal.

    Args:
        mine: The rival's values. One that the warehouse leaves out must be nothing.
        theirs: As `values_of` gives them; the rival must have each.
        kpis: Which KPIs the rival computes.

    Raises:
        OtherNumbers: A value differs by more than its unit allows; names the first.
    """
    own = {(kpi, month, member): value for kpi, month, member, value in mine}
    apart = []
    for key in sorted(own.keys() | theirs.keys()):
        a, b = own.get(key), theirs.get(key)
        a = None if a is None or a != a else a
        if b is None and not a:
            continue
        if a is None and b == 0 and kpis[key[0]].bottom is None:
            continue
        near = {
            "count": 1e-9,
            "share": 1e-9,
            "money": 0.01,
            "rate": 1e-4 * abs(b or 0) + 1e-6,
        }[kpis[key[0]].unit]
        if a is None or b is None or abs(a - b) > near:
            apart.append(f"{' '.join(key)}: {a}, the warehouse {b}")
    if apart:
        raise OtherNumbers(f"{len(apart)} differ, as {'; '.join(apart[:5])}")
    return len(theirs)


def used(*, children: bool = False) -> tuple[float, int]:
    """Processor time in seconds and peak memory in bytes of this process, or of those
    that it has started and that have ended."""
    who = resource.RUSAGE_CHILDREN if children else resource.RUSAGE_SELF
    spent = resource.getrusage(who)
    return spent.ru_utime + spent.ru_stime, spent.ru_maxrss * 1024


def arguments(description: str) -> argparse.Namespace:
    """`--data`, the folder with lake/ and warehouse.duckdb; it must exist."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--data", type=Path, required=True, help="lake/ and warehouse")
    asked = options.parse_args()
    asked.data = asked.data.resolve()
    asked.lake, asked.warehouse = asked.data / "lake", asked.data / "warehouse.duckdb"
    for path in (asked.lake, asked.warehouse):
        if not path.exists():
            options.error(f"{path} is missing: warehouse demo, warehouse run")
    return asked


def answer(name: str, **facts) -> None:
    """The last line that a rival prints."""
    print(json.dumps({"name": name, **facts}), flush=True)


def python_of(rival: str, *modules: str, environment: str | None = None) -> str:
    """The Python that has a rival's modules: this one, or that of `.venv-<environment>`
    in the project, or in the folder that RIVAL_VENVS names.

    Where there is none, the rival says how to get it, and ends.
    """
    missing = [module for module in modules if not found(module)]
    if not missing:
        return sys.executable
    how = "pip install -r requirements-dev.txt"
    if environment:
        folder = Path(os.environ.get("RIVAL_VENVS", PROJECT)) / f".venv-{environment}"
        own = folder / "bin/python"
        if own.exists() and own.parent != Path(sys.executable).parent:
            return str(own)
        listed = f"benchmarks/rivals/requirements-{environment}.txt"
        how = f".venv-{environment}/bin/pip install -r {listed}"
        how = f"python3 -m venv .venv-{environment} && {how}"
    answer(rival, skipped=f"no {' and '.join(missing)}: {how}")
    raise SystemExit(0)


def found(module: str) -> bool:
    """Whether this Python has a module, which is not imported."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def needs(rival: str, *modules: str, environment: str | None = None) -> None:
    """Go on in the Python that has these modules."""
    python = python_of(rival, *modules, environment=environment)
    if python != sys.executable:
        os.execv(python, [python, *sys.argv])


def script(
    name: str, description: str, compute: Callable[[Path, Path, Now], list[Value]]
) -> None:
    """Run a rival that is one Python script, measure it, check it, print its answer.

    Args:
        name: What the answer calls it.
        description: For --help.
        compute: Gets the lake, the seeds and when it is, gives values.
    """
    asked = arguments(description)
    values = compute(asked.lake, SEEDS, now_of(asked.warehouse))
    seconds = time.time() - STARTED
    cpu, memory = used()
    import duckdb

    with duckdb.connect(asked.warehouse, read_only=True) as connection:
        theirs = values_of(connection)
    answer(
        name,
        seconds=round(seconds, 2),
        cpu_seconds=round(cpu, 2),
        peak_memory_bytes=memory,
        compared_with="dbt build of these KPIs and all they are made of: "
        + " ".join(f"+kpi_{kpi}" for kpi in KPIS),
        values_compared=agree(values, theirs),
        kpis=list(KPIS),
    )
