"""Two opinions side by side: where they differ, and by how much."""

import polars as pl

from second_opinion.landing import Landing
from second_opinion.periods import as_of
from second_opinion.registry import KEYS, Opinion

CENT = 0.01
EXACT = 1e-9


def disagreements(
    opinion: Opinion, shop: Landing, kpi_values: pl.DataFrame
) -> pl.DataFrame:
    """The periods and slices in which the warehouse says something else.

    Args:
        opinion: The KPI to compare, in every period of its grains, as a whole and by
            shop.
        shop: The landed files.
        kpi_values: The KPI views' rows under each other, with kpi_id.

    Returns:
        The keys, numerator, denominator and value, and the warehouse's with the suffix
        _warehouse. A period that one side leaves out agrees with nothing and with 0.
    """
    kpi = opinion.compute(shop)
    own = kpi.values(as_of(shop))
    theirs = kpi_values.filter(
        (pl.col("kpi_id") == opinion.kpi_id)
        & pl.col("grain").is_in(kpi.grains)
        & pl.col("dimension").is_in(["all", "shop"] if kpi.shops else ["all"])
    ).drop("kpi_id")
    both = own.join(theirs, on=KEYS, how="full", coalesce=True, suffix="_warehouse")
    with_money = opinion.unit in ("money", "amounts")
    part = pl.lit(CENT) if with_money else EXACT * (1 + pl.col("numerator").abs())
    bottom = pl.max_horizontal(pl.col("denominator").abs(), EXACT)
    near = {
        "count": pl.lit(EXACT),
        "ratio": EXACT * (1 + pl.col("value").abs()),
        "money": pl.lit(CENT),
        "amounts": CENT * (1 + pl.col("value").abs()) / bottom,
    }[opinion.unit]
    differs = _differ("value", near)
    if not kpi.is_quantile:
        differs |= _differ("numerator", part * kpi.times)
        differs |= _differ("denominator", part)
    return both.filter(differs).sort(KEYS)


def _differ(name: str, near: pl.Expr) -> pl.Expr:
    """Whether the two sides of a column are farther apart than this, or one is NULL."""
    own, theirs = pl.col(name), pl.col(f"{name}_warehouse")
    one_sided = own.is_null() != theirs.is_null()
    told = (own.fill_null(0) != 0) | (theirs.fill_null(0) != 0)
    absent = pl.col("value").is_null() | pl.col("value_warehouse").is_null()
    apart = ((own - theirs).abs() > near).fill_null(False)
    if name == "value":
        return apart | (one_sided & told)
    return apart & ~absent
