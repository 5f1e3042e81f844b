"""Does MetricFlow say what the KPI views say? Asked of any published warehouse."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from warehouse.ask import Metrics
from warehouse.catalog import kpis
from warehouse.metrics import Cube, cubes, formulas, part_metric, parts_of

GRAINS = ("day", "week", "month")
# What a KPI says itself is exact; sums of floating-point parts depend on their order.
CLOSE = 1e-9


@dataclass
class Comparison:
    """What was compared.

    Attributes:
        rows: Values by KPI and dimension that stood on both sides.
        differences: What MetricFlow and a view say differently, in words.
    """

    rows: dict[tuple[str, str], int]
    differences: list[str]


def compare(published: Path) -> Comparison:
    """Ask for every metric, and for the rows of its KPI view.

    All of a shop is compared in each grain, and so are dimensions cut by hand; each
    other dimension in one of them.

    Args:
        published: A folder of `published/`.

    Returns:
        What was compared of the values, numerators and denominators of all KPIs.
    """
    metrics = Metrics(published)
    found = Comparison({}, [])
    with duckdb.connect(str(published / "warehouse.duckdb"), read_only=True) as reader:
        for cube in cubes().values():
            ids = list(cube.formulas)
            cuts = [(grain, cube.by_hand or "all") for grain in GRAINS]
            if not cube.by_hand:
                cuts += zip(GRAINS * 2, cube.dimensions, strict=False)
            for grain, dimension in cuts:
                _ask(reader, metrics, cube, ids, grain, dimension)
                for kpi_id in ids:
                    _compare(reader, found, cube, kpi_id, grain, dimension)
    return found


@cache
def sums() -> set[str]:
    """The KPIs that are sums."""
    return {kpi.kpi_id for kpi in kpis() if kpi.meta["kind"] == "sum"}


def _parts(cube: Cube, kpi_id: str) -> dict[str, str]:
    """The parts of a KPI that add up, and the metric that gives each."""
    formula = formulas()[kpi_id]
    words = f"{formula.value} {formula.numerator} {formula.denominator}"
    return {
        part: part_metric(cube, part)
        for part in parts_of(cube.rollup, words)
        if part in cube.parts
    }


def _ask(reader, metrics: Metrics, cube: Cube, ids, grain: str, dimension: str) -> None:
    """Fill the table `asked` with the cube's metrics, by period and member."""
    names = {f"{kpi_id}{cube.suffix}" for kpi_id in ids}
    names |= {metric for kpi_id in ids for metric in _parts(cube, kpi_id).values()}
    time = f"metric_time__{grain}"
    by = [time]
    member = "'all'"
    if dimension != "all":
        member = f"{cube.subject}__{cube.asked_by(dimension)}"
        by.append(member)
    reader.execute(
        "create or replace temp table asked as"
        f" select cast({time} as timestamp) as period_start, {member} as member,"
        f" {', '.join(sorted(names))} from ({metrics.sql(sorted(names), by)})"
    )


def _compare(reader, found: Comparison, cube, kpi_id, grain, dimension) -> None:
    """Hold the table `asked` against the rows of a KPI view, if it has this cut."""
    formula, parts = formulas()[kpi_id], _parts(cube, kpi_id)
    sides = {
        side: expression
        for side, expression in vars(formula).items()
        if side in ("numerator", "denominator")
        and set(parts_of(cube.rollup, expression)) <= set(parts)
    } | {"value": "asked_value"}
    exact = all(cube.parts[part]["data_type"] != "double" for part in parts)
    # The view leaves out periods without any of it, and rows without the dimension.
    may_lack = "mine.value is null or mine.member = 'not_applicable'"
    may_lack += " or mine.value = 0" if kpi_id in sums() else ""
    reader.execute(
        f"""
        create or replace temp table compared as
        with parts as (
            select period_start, member as asked_member,
                {kpi_id}{cube.suffix} as asked_value,
                {", ".join(f"{metric} as {part}" for part, metric in parts.items())}
            from asked
        ),

        mine as (
            select period_start, asked_member as member,
                {", ".join(f"{e} as {side}" for side, e in sides.items())}
            from parts
        ),

        theirs as (
            select period_start, member, {", ".join(sides)}
            from kpi_{kpi_id}
            where grain = '{grain}' and dimension = '{dimension}'
        )

        select
            coalesce(mine.period_start, theirs.period_start) as period_start,
            coalesce(mine.member, theirs.member) as member,
            mine.member is not null and theirs.member is not null as is_both,
            {", ".join(f"mine.{s} as my_{s}, theirs.{s} as their_{s}" for s in sides)},
            case
                when mine.member is null then true
                when theirs.member is null then not ({may_lack})
                else {" or ".join(_differs(side, exact) for side in sides)}
            end as is_different
        from mine
        full outer join theirs
            on mine.period_start = theirs.period_start and mine.member = theirs.member
        """
    )
    both = reader.execute("select count(*) from compared where is_both").fetchone()[0]
    there = "select 1 from compared where their_value is not null or is_both limit 1"
    if not reader.execute(there).fetchall():
        return
    found.rows[kpi_id, dimension] = found.rows.get((kpi_id, dimension), 0) + both
    different = reader.execute("select * from compared where is_different").fetchall()
    for period, member, _, *values, _ in different:
        where = f"{kpi_id} {grain} {period:%Y-%m-%d} {dimension} {member}"
        pairs = zip(sides, values[::2], values[1::2], strict=True)
        said = (f"{side} {mine}, view {theirs}" for side, mine, theirs in pairs)
        found.differences.append(f"{where}: {'; '.join(said)}")


def _differs(side: str, exact: bool) -> str:
    """SQL that is true of two numbers that are not one; NULL is only what is NULL."""
    mine, theirs = f"mine.{side}", f"theirs.{side}"
    if exact:
        return f"{mine} is distinct from {theirs}"
    return (
        f"(({mine} is null) <> ({theirs} is null) or abs({mine} - {theirs})"
        f" > {CLOSE} * greatest(abs({mine}), abs({theirs})))"
    )
