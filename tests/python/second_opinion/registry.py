"""Which KPIs have a second opinion, and how parts become a KPI's values.

A KPI function is given the landed files and returns a `Kpi`: what is counted, and for
a ratio what it is divided by. Counting by period and shop is written once, here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl

from second_opinion.landing import Landing

GRAINS = {"day": "1d", "month": "1mo"}
KEYS = ["grain", "period_start", "dimension", "member"]


@dataclass(frozen=True)
class Part:
    """Rows that a KPI counts.

    Args:
        rows: The columns shop_id, date (shop-local) and, as `how` needs it, x.
        how: `sum` adds x, `count` counts rows, `distinct` counts different x, and a
            number between 0 and 1 is that exact quantile of x.
    """

    rows: pl.DataFrame
    how: str | float = "sum"

    @property
    def share(self) -> float | None:
        """Which quantile it is, if it is one."""
        return self.how if isinstance(self.how, float) else None

    def counted(self, grain: str, by: list[str], until) -> pl.DataFrame:
        """One row a period and slice, its number in the column x."""
        x = pl.col("x")
        number = {
            "sum": lambda: x.sum().cast(pl.Float64),
            "count": lambda: pl.len().cast(pl.Float64),
            "distinct": lambda: x.drop_nulls().n_unique().cast(pl.Float64),
        }.get(self.how, lambda: x.drop_nulls().quantile(self.how, "linear"))
        return (
            self.rows.filter(pl.col("date") <= until)
            .with_columns(
                period_start=pl.col("date")
                .cast(pl.Datetime("us"))
                .dt.truncate(GRAINS[grain])
            )
            .group_by("period_start", *by)
            .agg(x=number())
        )


def total(rows: pl.DataFrame, x: str | pl.Expr) -> Part:
    """The sum of a column or expression."""
    x = pl.col(x) if isinstance(x, str) else x
    return Part(rows.select("shop_id", "date", x=x))


def count(rows: pl.DataFrame) -> Part:
    """How many rows there are."""
    return Part(rows.select("shop_id", "date"), "count")


def distinct(rows: pl.DataFrame, x: str) -> Part:
    """How many different values a column has."""
    return Part(rows.select("shop_id", "date", x=x), "distinct")


def quantile(rows: pl.DataFrame, x: str | pl.Expr, share: float) -> Part:
    """The exact quantile of a column, between its two nearest values if need be."""
    x = pl.col(x) if isinstance(x, str) else x
    return Part(rows.select("shop_id", "date", x=x), share)


ByGrain = Callable[[str], Part]


@dataclass(frozen=True)
class Kpi:
    """A number, or a numerator and a denominator, of parts that are added up.

    Args:
        top: Parts of the numerator, or functions of the grain that give one; a part
            that is taken away stands in `less`.
        bottom: Parts of the denominator; none for a plain number.
        less: Parts taken off the numerator.
        off: Parts taken off the denominator.
        at_least: A denominator below it has no value.
        times: What the ratio is multiplied with.
        free: Whether a numerator of nothing has a value.
        shops: Whether the KPI has a slice by shop to compare.
        grains: Grains to compare.
    """

    top: list[Part | ByGrain]
    bottom: list[Part | ByGrain] = field(default_factory=list)
    less: list[Part | ByGrain] = field(default_factory=list)
    off: list[Part | ByGrain] = field(default_factory=list)
    at_least: float = 0
    times: float = 1
    free: bool = True
    shops: bool = True
    grains: tuple[str, ...] = ("day", "month")

    @property
    def is_quantile(self) -> bool:
        """Whether it has a value, but no parts to compare."""
        return any(isinstance(part, Part) and part.share for part in self.top)

    def values(self, until) -> pl.DataFrame:
        """One row per grain, period_start, dimension and member: both parts, value.

        Args:
            until: The last shop-local date that counts.
        """
        frames = []
        for grain in self.grains:
            for dimension in ("all", "shop") if self.shops else ("all",):
                by = ["shop_id"] if dimension == "shop" else []
                parts = []
                for sign, name, side in (
                    (1, "top", self.top),
                    (-1, "top", self.less),
                    (1, "bottom", self.bottom),
                    (-1, "bottom", self.off),
                ):
                    for part in side:
                        part = part if isinstance(part, Part) else part(grain)
                        parts.append(
                            part.counted(grain, by, until).select(
                                "period_start",
                                pl.col("shop_id" if by else "period_start")
                                .cast(pl.String)
                                .alias("member"),
                                name=pl.lit(name),
                                x=sign * pl.col("x"),
                            )
                        )
                counted = (
                    pl.concat(parts)
                    .group_by("period_start", "member")
                    .agg(
                        top=pl.col("x").filter(pl.col("name") == "top").sum(),
                        bottom=pl.col("x").filter(pl.col("name") == "bottom").sum(),
                    )
                    .with_columns(
                        grain=pl.lit(grain),
                        dimension=pl.lit(dimension),
                        member=pl.col("member") if by else pl.lit("all"),
                    )
                )
                frames.append(counted)
        bottom = pl.col("bottom") if self.bottom else pl.lit(1.0)
        enough = bottom >= self.at_least if self.at_least else bottom != 0
        has_value = enough & (pl.lit(self.free) | (pl.col("top") != 0))
        top = self.times * pl.col("top")
        return pl.concat(frames).select(
            *KEYS,
            numerator=top,
            denominator=bottom,
            value=pl.when(has_value).then(top / bottom),
        )


@dataclass(frozen=True)
class Opinion:
    """A KPI with a second opinion: its id, its unit and who computes it."""

    kpi_id: str
    unit: str
    theme: str
    compute: Callable[[Landing], Kpi]


OPINIONS: dict[str, Opinion] = {}


def opinion(unit: str, *, kpi_id: str | None = None):
    """Register a KPI function under its own name, or another where that is taken.

    Args:
        unit: `count` is compared exactly, `ratio` (of counts, or a quantile) to 1e-9,
            `money` to the cent, and `amounts` (a ratio of money or minutes, which the
            warehouse keeps with four digits) as far as a cent in its parts moves it.
        kpi_id: The KPI's id, where another function needs its name.
    """

    def register(compute: Callable[[Landing], Kpi]):
        name = kpi_id or compute.__name__
        theme = compute.__module__.rpartition(".")[2]
        assert name not in OPINIONS, f"{name} has two second opinions"
        OPINIONS[name] = Opinion(name, unit, theme, compute)
        return compute

    return register
