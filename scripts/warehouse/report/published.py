"""What the report reads: one published build, and nothing else."""

from collections import defaultdict
from functools import cached_property
from pathlib import Path

import duckdb

from warehouse.catalog import Kpi, kpis
from warehouse.errors import UserError
from warehouse.news import read_rows
from warehouse.publications import manifest_of
from warehouse.report.filters import Filters, bounds, rows_of, variables
from warehouse.report.words import GRAINS

LANGUAGES = ("es", "fr", "ru", "zh")
# How far back a series goes, by grain.
HISTORY = {"day": 60, "week": 53, "month": 24, "quarter": 8, "year": 5}
# Periods of a spark line.
SPARK = 13
# People are in marts for those who may see them; a report is passed on.
HIDDEN_DIMENSIONS = ("all", "person")
SHOWN_MEMBERS = 10
SHOWN_ALERTS = 6


# What no filter changes.
UNFILTERED = (
    "tables", "columns", "catalog", "yaml", "shops", "members", "_members",
    "dimensions", "_all_starts", "newest",
)  # fmt: skip


class Rows(list):
    """Rows by column name, with the columns' names.

    Attributes:
        names: The columns.
        takes_grain: Whether the query asked which grain is chosen.
    """

    def __init__(self, names: list[str], rows: list[dict]):
        super().__init__(rows)
        self.names = names
        self.takes_grain = False


class Published:
    """A published build, read once and asked often.

    Args:
        folder: `published/<build id>`, with warehouse.duckdb and manifest.json.

    Attributes:
        filters: What all that it tells is narrowed to; `narrowed` makes one with some.

    Raises:
        UserError: If nothing is published there.
    """

    def __init__(self, folder: Path):
        self.filters = Filters()
        self.manifest = manifest_of(folder)
        if not self.manifest:
            raise UserError(
                "There is nothing published to report on yet.",
                "Run `warehouse run` first.",
            )
        self.folder = folder
        self.currency: str = self.manifest["currency"]
        self.connection = duckdb.connect(
            str(folder / "warehouse.duckdb"), read_only=True
        )
        self.connection.execute("set enable_progress_bar = false")
        # Sums and ties come out alike every time, and so do the pages.
        self.connection.execute("set threads = 1")

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()

    def narrowed(self, filters: Filters) -> "Published":
        """The same build under filters: temporary views stand before its relations.

        Args:
            filters: Of `read_filters`.
        """
        twin = object.__new__(Published)
        twin.folder, twin.manifest, twin.currency = (
            *(self.folder, self.manifest, self.currency),
        )
        twin.filters = filters
        for name in UNFILTERED:
            setattr(twin, name, getattr(self, name))
        twin.connection = self.connection.cursor()
        twin.limits = bounds(self._all_starts, filters)
        for name, value in variables(twin.limits, filters).items():
            twin.connection.execute(f"set variable {name} = ?", [value])
        for name, columns in self.columns.items():
            if rows := rows_of(name, columns, filters):
                twin.connection.execute(f'create temporary view "{name}" as {rows}')
        return twin

    @property
    def grain(self) -> str:
        """The grain that a page speaks of where nothing says another."""
        return self.filters.grain or "month"

    @property
    def is_past(self) -> bool:
        """Whether a reader looks at an earlier month than the newest."""
        return bool(self.filters.to) and self.limits["month"][1] < self.newest["month"]

    @property
    def whole(self) -> str:
        """What the numbers are of, in words."""
        if not self.filters.dimension:
            return "the whole shop"
        return self.member(self.filters.dimension, self.filters.member)

    @property
    def span(self) -> int | None:
        """Periods of a spark line; None for all that are shown."""
        return None if self.filters.ranged else SPARK

    def rows(self, query: str, parameters: list | None = None) -> list[dict]:
        """The rows of a query, each by column name."""
        return read_rows(self.connection, query, parameters)

    def ask(self, query: str) -> "Rows":
        """The rows of a query with the names of its columns, also where it has none."""
        result = self.connection.execute(query)
        names = [column[0] for column in result.description]
        return Rows(
            names, [dict(zip(names, r, strict=True)) for r in result.fetchall()]
        )

    @cached_property
    def tables(self) -> set[str]:
        """Everything a board may name in ref()."""
        found = self.rows(
            "select table_name from information_schema.tables"
            " where table_schema = 'main'"
        )
        return {row["table_name"] for row in found}

    @cached_property
    def columns(self) -> dict[str, list[str]]:
        """The columns of every relation."""
        found = defaultdict(list)
        for row in self.rows(
            "select table_name, column_name from information_schema.columns"
            " where table_catalog = 'warehouse' and table_schema = 'main'"
            " order by table_name, ordinal_position"
        ):
            found[row["table_name"]].append(row["column_name"])
        return dict(found)

    @cached_property
    def members(self) -> dict[str, list[str]]:
        """What a filter can choose, by dimension: the largest members first."""
        hidden = ", ".join(f"'{name}'" for name in HIDDEN_DIMENSIONS)
        found = defaultdict(list)
        for row in self.rows(
            f"""select dimension, member from kpi_scorecard
            where dimension not in ({hidden}) and grain = 'year'
            group by dimension, member
            order by dimension, max(coalesce(denominator, 0)) desc, count(*) desc,
                member"""
        ):
            found[row["dimension"]].append(row["member"])
        return dict(found)

    @cached_property
    def dimensions(self) -> dict[str, set[str]]:
        """What each KPI is cut by."""
        found = defaultdict(set)
        for row in self.rows(
            "select distinct kpi_id, dimension from warehouse.main.kpi_scorecard"
            " where grain = 'year'"
        ):
            if row["dimension"] not in HIDDEN_DIMENSIONS:
                found[row["kpi_id"]].add(row["dimension"])
        return dict(found)

    @cached_property
    def _all_starts(self) -> dict[str, list]:
        """The starts of all periods up to the one under way, by grain."""
        found = defaultdict(list)
        for row in self.rows(
            """select grain, period_start from dim_periods
            where period_start <= (
                select max(current.period_start) from dim_periods as current
                where current.is_current and current.grain = dim_periods.grain
            )
            order by period_start"""
        ):
            if row["grain"] in GRAINS:
                found[row["grain"]].append(row["period_start"])
        return dict(found)

    @cached_property
    def newest(self) -> dict:
        """The start of the period under way in the data, by grain."""
        return {grain: starts[-1] for grain, starts in self._all_starts.items()}

    @property
    def first_day(self):
        """The first day of the calendar, from which data may come."""
        return self._all_starts["day"][0].date()

    @property
    def newest_day(self):
        """The newest day of the data."""
        return self._all_starts["day"][-1].date()

    @cached_property
    def catalog(self) -> dict[str, dict]:
        """`kpi_catalog` by KPI, in its order, with `names` by language."""
        found = {}
        for row in self.rows("select * from kpi_catalog order by kpi_order"):
            names = {
                language: _capital((row[f"aliases_{language}"] or "").split(" · ")[0])
                for language in LANGUAGES
            }
            found[row["kpi_id"]] = {**row, "names": names}
        return found

    @cached_property
    def yaml(self) -> dict[str, Kpi]:
        """What the YAML beside each KPI says, where the project has it."""
        return {kpi.kpi_id: kpi for kpi in kpis()}

    @cached_property
    def now(self) -> dict[str, dict]:
        """The period under way, by grain."""
        found = self.rows(
            "select *, not is_complete as is_partial from dim_periods"
            " where is_current order by period_start"
        )
        return {row["grain"]: row for row in found}

    @cached_property
    def shops(self) -> list[str]:
        """The names of the shops that have a number; seeds may list others."""
        found = self.rows(
            """select coalesce(shop_name, shop_id) as name from dim_shops
            where shop_id in (
                select member from warehouse.main.kpi_scorecard
                where dimension = 'shop' and grain = 'year' and numerator <> 0
            )
            order by name"""
        )
        return [row["name"] for row in found]

    @cached_property
    def _wholes(self) -> dict[tuple[str, str], list[dict]]:
        """The scorecard of the whole, by KPI and grain, oldest first."""
        found = defaultdict(list)
        recent = " or ".join(
            f"(grain = '{grain}' and period_start >= ?)" for grain in self.starts
        )
        for row in self.rows(
            f"""select * from kpi_scorecard
            where dimension = 'all' and ({recent})
            order by period_start""",
            [starts[0] for starts in self.starts.values()],
        ):
            found[row["kpi_id"], row["grain"]].append(row)
        return dict(found)

    @cached_property
    def starts(self) -> dict[str, list]:
        """The newest periods of each grain, oldest first, whether or not they sold."""
        if not self.filters:
            return {g: starts[-HISTORY[g] :] for g, starts in self._all_starts.items()}
        found = {}
        for grain, starts in self._all_starts.items():
            first, newest = self.limits[grain]
            shown = [start for start in starts if first <= start <= newest]
            found[grain] = shown[0 if self.filters.ranged else -HISTORY[grain] :]
        return found

    def series(self, kpi_id: str, grain: str, periods: int | None = None) -> list[dict]:
        """The newest periods of a KPI's whole, oldest first, gaps with empty values.

        Args:
            kpi_id: A KPI of the catalogue.
            grain: day, week, month, quarter or year.
            periods: How many; all that the report keeps when left out.

        Returns:
            Rows of `kpi_scorecard`; from the KPI's first value on.
        """
        if self.filters.ranged:
            periods = None
        by_start = {r["period_start"]: r for r in self._wholes.get((kpi_id, grain), [])}
        starts = self.starts.get(grain, [])[-periods if periods else 0 :]
        rows = [by_start.get(start, _gap(start)) for start in starts]
        first = next((i for i, r in enumerate(rows) if r["value"] is not None), 0)
        return rows[first:]

    def current(self, kpi_id: str, grain: str) -> dict:
        """The scorecard row of the period under way; empty values if there is none."""
        if grain not in self.now:
            return _gap(None)
        start = self.now[grain]["period_start"]
        rows = self._wholes.get((kpi_id, grain), [])
        return rows[-1] if rows and rows[-1]["period_start"] == start else _gap(start)

    def spark(self, kpi_id: str, grain: str = "month") -> list[float | None]:
        """The newest values of a KPI, oldest first."""
        return [row["value"] for row in self.series(kpi_id, grain, self.span)]

    @cached_property
    def _slices(self) -> dict[tuple[str, str], dict[str, list[dict]]]:
        """The periods of the largest members, by KPI and dimension."""
        if self.grain not in self.starts:
            return {}
        hidden = ", ".join(f"'{name}'" for name in HIDDEN_DIMENSIONS)
        found: dict = defaultdict(dict)
        for row in self.rows(
            f"""
            with recent as (
                select kpi_scorecard.*,
                    max(case when is_current then coalesce(denominator, 0) end)
                        over member_months as weight,
                    max(
                        case when is_current then abs(coalesce(numerator, value, 0)) end
                    ) over member_months as size
                from kpi_scorecard
                where grain = ? and dimension not in ({hidden}) and period_start >= ?
                window member_months as (partition by kpi_id, dimension, member)
            ), ranked as (
                select *, dense_rank() over (
                    partition by kpi_id, dimension
                    order by weight desc, size desc, member
                ) as place
                from recent
                where weight is not null
            )
            select kpi_id, dimension, member, period_start, numerator, denominator,
                value, previous_change, previous_change_rate, is_new, is_mature,
                direction_status, is_current, place,
                max(place) over (partition by kpi_id, dimension) as members
            from ranked where place <= {SHOWN_MEMBERS * 20}
            order by kpi_id, dimension, place, period_start
            """,
            [self.grain, self.starts[self.grain][-(self.span or 0) :][0]],
        ):
            if row["place"] <= SHOWN_MEMBERS:
                members = found[row["kpi_id"], row["dimension"]]
                members.setdefault(row["member"], []).append(row)
        return dict(found)

    def slices(self, kpi_id: str) -> dict[str, dict[str, list[dict]]]:
        """A KPI's periods by dimension and member, the largest members first."""
        return {
            dimension: members
            for (owner, dimension), members in self._slices.items()
            if owner == kpi_id
        }

    def drivers(self, grain: str) -> dict[str, dict[str, list[dict]]]:
        """Who changed what since the period before: `kpi_drivers` of the period under
        way by KPI and dimension, the largest contributions first.
        """
        if grain not in self._drivers:
            self._drivers[grain] = self._read_drivers(grain)
        return self._drivers[grain]

    @cached_property
    def _drivers(self) -> dict[str, dict]:
        return {}

    def _read_drivers(self, grain: str) -> dict[str, dict[str, list[dict]]]:
        if grain not in self.now:
            return {}
        found: dict = defaultdict(lambda: defaultdict(list))
        for row in self.rows(
            """select * from kpi_drivers
            where grain = ? and period_start = ? and comparison = 'previous'
            order by abs(contribution) desc, member""",
            [grain, self.now[grain]["period_start"]],
        ):
            found[row["kpi_id"]][row["dimension"]].append(row)
        return found

    @cached_property
    def alerts(self) -> dict[str, list[dict]]:
        """The newest alerts of weeks and months by KPI, good and bad news alike."""
        found = defaultdict(list)
        for row in self.rows(
            f"""select * from (
                select kpi_alerts.*, kpi_catalog.unit,
                    row_number() over (
                        partition by kpi_id
                        order by period_start desc, dimension <> 'all',
                            severity, dimension, member, rule
                    ) as place
                from kpi_alerts
                inner join kpi_catalog using (kpi_id)
                where grain in ('week', 'month')
            ) as newest where place <= {SHOWN_ALERTS}
            order by kpi_id, place"""
        ):
            found[row["kpi_id"]].append(row)
        return dict(found)

    @cached_property
    def _members(self) -> dict[tuple[str, str], str]:
        """Names of members that are keys elsewhere."""
        found = {}
        for dimension, table, key, name in (
            ("channel", "dim_channels", "channel_id", "channel_name"),
            ("shop", "dim_shops", "shop_id", "shop_name"),
            ("product", "dim_products", "product_id", "product_name"),
            ("campaign", "dim_campaigns", "campaign_id", "campaign_name"),
        ):
            if table in self.tables:
                for row in self.rows(
                    f"select {key} as key, {name} as name from {table}"
                ):
                    found[dimension, row["key"]] = row["name"]
        return found

    def member(self, dimension: str, member: str) -> str:
        """A slice's name as people say it."""
        name = self._members.get((dimension, member))
        if name:
            return name
        if dimension in ("country", "page", "keyword", "campaign"):
            return member
        return _capital(member.replace("_", " "))


def _gap(start) -> dict:
    """A scorecard row of a period in which the KPI has none."""
    names = (
        "value", "numerator", "denominator", "value_lower", "value_upper",
        "previous_value", "previous_change", "previous_change_rate",
        "last_year_value", "last_year_change", "last_year_change_rate",
        "plan_value", "plan_full_value", "plan_attainment",
    )  # fmt: skip
    return {
        **dict.fromkeys(names),
        "period_start": start,
        "direction_status": "none",
        "plan_status": "none",
        "is_new": False,
        "is_mature": True,
        "is_partial": False,
        "is_current": False,
    }


def _capital(text: str) -> str:
    """The first letter large, the rest as it is."""
    return text[:1].upper() + text[1:]
