"""What a new build says of periods that the published one had closed.

A period is closed once its last day lies before the day up to which the data went. A
value of such a period that changes later is a restatement: a late refund, an edited
order, a restated ad day, or a changed rule.
"""

import datetime as dt

import duckdb

GRAINS = ("day", "week", "month", "quarter", "year")
DIMENSIONS = ("all", "shop")
# Sums of doubles depend on the order of their rows in the last digits.
SAME = 1e-9

COLUMNS = {
    "published_at": "timestamp",
    "build_id": "varchar",
    "previous_build_id": "varchar",
    "kpi_id": "varchar",
    "grain": "varchar",
    "period_start": "timestamp",
    "dimension": "varchar",
    "member": "varchar",
    "old_value": "double",
    "new_value": "double",
    "difference": "double",
    "was_mature": "boolean",
}


def newest_day(connection: duckdb.DuckDBPyConnection, warehouse: str) -> dt.date | None:
    """The day up to which a warehouse's data go; None where there are none.

    Args:
        connection: With the warehouse attached.
        warehouse: Its catalogue and schema, as in `built.main`.
    """
    return connection.execute(
        f"select cast(max(period_start) as date) from {warehouse}.dim_periods"
        " where grain = 'day' and is_current"
    ).fetchall()[0][0]


def moved_values(new: str, old: str) -> str:
    """The query for the values of closed periods that differ between two warehouses.

    Only KPIs that both know are compared, for the whole and by shop, from days to
    years; other slices and hours would be most of the rows and say the same.

    Args:
        new: Catalogue and schema of the new warehouse, as in `built.main`.
        old: Those of the published one.

    Returns:
        SQL with kpi_id, grain, period_start, dimension, member, old_value, new_value,
        difference and was_mature (whether nothing was to be expected any more: the
        KPI's `matures_after_days` had passed). A sum without a row is 0; of any other
        KPI that has a value on one side only the difference is NULL.
    """
    sides = {
        name: f"""
            select kpi_id, grain, period_start, dimension, member, value
            from {side}.kpi_values
            where grain in {GRAINS} and dimension in {DIMENSIONS}"""
        for name, side in (("old", old), ("new", new))
    }
    return f"""
        with told as (
            select max(period_start)::date as as_of_date
            from {old}.dim_periods where grain = 'day' and is_current
        ),
        both_sides as (
            select *
            from (select * rename (value as old_value) from ({sides["old"]}))
            full join (select * rename (value as new_value) from ({sides["new"]}))
                using (kpi_id, grain, period_start, dimension, member)
        ),
        compared as (
            select
                kpi_id, grain, period_start, dimension, member, old_value, new_value,
                case when is_additive then coalesce(new_value, 0) else new_value end
                - case when is_additive then coalesce(old_value, 0) else old_value end
                    as difference,
                dim_periods.period_end + coalesce(matures_after_days, 0)::int
                    < told.as_of_date as was_mature
            from both_sides
            inner join {new}.dim_periods using (grain, period_start)
            inner join {new}.kpi_catalog using (kpi_id)
            cross join told
            where
                kpi_id in (select kpi_id from {old}.kpi_catalog)
                and dim_periods.period_end < told.as_of_date
        )
        select *
        from compared
        where
            old_value is distinct from new_value
            and not coalesce(
                abs(difference) <= {SAME}
                    * greatest(abs(old_value), abs(new_value), 1e-12),
                false
            )"""


def write_log(
    connection: duckdb.DuckDBPyConnection,
    new: str,
    old: str | None,
    build_id: str,
    previous_build_id: str | None,
) -> int:
    """Create the table `restatements` in the current catalogue: the log so far and what
    this publication changes.

    Args:
        connection: With both warehouses attached.
        new: Catalogue and schema of the new warehouse.
        old: Those of the published one; None for the first publication.
        build_id: The new build, `20260923T080000.000000Z`; its time is the moment.
        previous_build_id: The build published before.

    Returns:
        How many values of closed periods this publication changes.
    """
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    connection.execute(f"create table restatements ({columns})")
    if old is None:
        return 0
    catalogue, schema = old.split(".")
    has_log = connection.execute(
        "select count(*) from duckdb_tables() where database_name = ?"
        " and schema_name = ? and table_name = 'restatements'",
        [catalogue, schema],
    ).fetchall()[0][0]
    if has_log:
        connection.execute(f"insert into restatements by name from {old}.restatements")
    return connection.execute(
        f"""insert into restatements by name
            select
                strptime($build, '%Y%m%dT%H%M%S.%fZ') as published_at,
                $build as build_id,
                $previous as previous_build_id,
                moved.*
            from ({moved_values(new, old)}) as moved
            order by kpi_id, dimension, member, grain, period_start""",
        {"build": build_id, "previous": previous_build_id},
    ).fetchall()[0][0]
