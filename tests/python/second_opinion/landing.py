"""The landed exports as their platforms wrote them, read with Polars alone.

Nothing here knows of the lake, of staging or of a model: a second opinion that reads
what the first one has prepared would share its mistakes.
"""

import datetime as dt
import functools
import json
from pathlib import Path

import polars as pl

from second_opinion.headers import HEADERS


def once(method):
    """Compute a table of a landing folder once, however many KPIs ask for it."""

    @functools.wraps(method)
    def remembered(shop, *arguments):
        key = (method.__module__, method.__name__, arguments)
        if key not in shop.memory:
            shop.memory[key] = method(shop, *arguments)
        return shop.memory[key]

    return remembered


def number(column: str) -> pl.Expr:
    """A number as exports write it: thousands commas, a guarding tab, text or empty."""
    text = pl.col(column).str.strip_chars().str.replace_all(",", "", literal=True)
    return (
        pl.when(text.is_in(["", "--", "not stocked"]))
        .then(None)
        .otherwise(text)
        .cast(pl.Float64)
    )


def truth(column: str) -> pl.Expr:
    """A yes or no as exports write it."""
    return pl.col(column).str.to_lowercase().is_in(["true", "yes", "1", "ja"])


class Landing:
    """The exports of one data folder and the seeds that people edit.

    Args:
        folder: The folder `landing` with a folder a source.
        seeds: The project's seeds.
    """

    def __init__(self, folder: Path, seeds: Path):
        self.folder, self.seeds = folder, seeds
        self.memory: dict = {}

    def seed(self, name: str) -> pl.DataFrame:
        """A seed with every column as text, empty cells as NULL."""
        return pl.read_csv(self.seeds / f"{name}.csv", infer_schema=False)

    @once
    def csv(self, pattern: str, skip: int = 0) -> pl.DataFrame:
        """All files of a pattern under each other, in the order of their names.

        Args:
            pattern: As in `shopify/*/orders_export*.csv`.
            skip: Lines before the header.

        Returns:
            Every column as text, and _file; shop_id is the file's folder where the
            file has no such column. Without a file no rows, without a column NULL.
        """
        frames = []
        for path in sorted(self.folder.glob(pattern)):
            raw = path.read_bytes()
            text = raw.decode("utf-16" if raw[:2] == b"\xff\xfe" else "utf-8-sig")
            header = "".join(text.splitlines()[skip : skip + 1])
            frame = pl.read_csv(
                text.encode(),
                infer_schema=False,
                skip_lines=skip,
                separator=max("\t;,", key=header.count),
                truncate_ragged_lines=True,
            )
            if "shop_id" not in frame.columns:
                frame = frame.with_columns(shop_id=pl.lit(path.parent.name))
            frames.append(
                frame.with_columns(_file=pl.lit(path.name)).with_row_index("_row")
            )
        columns = dict.fromkeys(["_file", "shop_id", *HEADERS[pattern]], pl.String)
        return pl.concat([*frames, pl.DataFrame(schema=columns)], how="diagonal")

    def jsonl(self, pattern: str) -> list[dict]:
        """All rows of line-delimited JSON, each with its shop_id and _file."""
        return [
            {**json.loads(line), "shop_id": path.parent.name, "_file": path.name}
            for path in sorted(self.folder.glob(pattern))
            for line in path.open(encoding="utf-8")
        ]

    @property
    @once
    def shops(self) -> dict[str, dict]:
        """shop_id → its row of seeds/shops.csv, or of a shops file, which wins."""
        rows = [*self.seed("shops").to_dicts(), *self.csv("flat/shops*.csv").to_dicts()]
        return {row["shop_id"]: row for row in rows}

    def on_clock(self, moment: str | pl.Expr) -> pl.Expr:
        """A UTC moment on the clock of the row's shop (DECISIONS "Time")."""
        moment = pl.col(moment) if isinstance(moment, str) else moment
        clock = pl.lit(None, pl.Datetime("us"))
        for shop_id, row in self.shops.items():
            here = moment.dt.replace_time_zone("UTC").dt.convert_time_zone(
                row["time_zone"]
            )
            clock = (
                pl.when(pl.col("shop_id") == shop_id)
                .then(here.dt.replace_time_zone(None))
                .otherwise(clock)
            )
        return clock

    def off_clock(self, clock: str | pl.Expr) -> pl.Expr:
        """A moment on the clock of the row's shop in UTC.

        An hour that the clock shows twice is its second time.
        """
        clock = pl.col(clock) if isinstance(clock, str) else clock
        moment = pl.lit(None, pl.Datetime("us"))
        for shop_id, row in self.shops.items():
            there = clock.dt.replace_time_zone(
                row["time_zone"], ambiguous="latest", non_existent="null"
            ).dt.convert_time_zone("UTC")
            moment = (
                pl.when(pl.col("shop_id") == shop_id)
                .then(there.dt.replace_time_zone(None))
                .otherwise(moment)
            )
        return moment

    def day_of(self, moment: str | pl.Expr) -> pl.Expr:
        """The shop-local day of a UTC moment."""
        return self.on_clock(moment).dt.date()

    def with_rate(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Add `rate`, the reporting currency per unit of `currency` on `date`.

        A dated rate holds until the next one, 45 days at most; without one it is NULL
        (DECISIONS: a missing one is a missing amount). A NULL currency is the shop's.
        """
        own = {shop_id: row["currency"] for shop_id, row in self.shops.items()}
        rates = self.seed("fx_rates").select(
            "currency",
            rate_from=pl.col("valid_from").str.to_date(),
            rate=pl.col("rate").cast(pl.Float64),
        )
        rows = rows.with_columns(
            currency=pl.coalesce("currency", pl.col("shop_id").replace(own))
        )
        rated = (
            rows.with_row_index("_order")
            .sort("date")
            .join_asof(
                rates.sort("rate_from"),
                left_on="date",
                right_on="rate_from",
                by="currency",
                tolerance=dt.timedelta(days=45),
                check_sortedness=False,
            )
            .sort("_order")
        )
        home = pl.col("currency") == "EUR"
        return rated.with_columns(rate=pl.when(home).then(1.0).otherwise("rate")).drop(
            "_order", "rate_from"
        )
