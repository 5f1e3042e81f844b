"""What a Python model reads and writes, the same on DuckDB and on Spark.

dbt hands it relations of DuckDB, or data frames of Spark; both know `filter`.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


def only_text(rows, column: str) -> str:
    """A column of the only row as a text: Spark hands out times in local time."""
    text = f"cast({column} as string) as {column}"
    if _is_spark(rows):
        return rows.selectExpr(text).first()[0]
    return rows.project(text).fetchone()[0]


def counted(rows, *columns: str) -> dict[str, NDArray]:
    """Rows that are equal in some columns, once, sorted by them.

    Args:
        rows: A relation of DuckDB or a data frame of Spark.
        columns: Which columns; without NULL.

    Returns:
        These columns and `customers`, how many rows are so, all of equal length.
    """
    if _is_spark(rows):
        found = rows.groupBy(*columns).count().orderBy(*columns).collect()
        values = zip(*found, strict=True) if found else [()] * (len(columns) + 1)
        names = [*columns, "customers"]
        return dict(zip(names, map(np.array, values), strict=True))
    listed = ", ".join(columns)
    found = rows.aggregate(f"{listed}, count(*) as customers").order(listed)
    return found.fetchnumpy()


def typed(session, columns: dict[str, str], rows: Iterable[tuple]):
    """Rows as a typed relation of the session, also where there are none.

    Written out as SQL: handing values over would load pandas for a handful of rows.

    Args:
        session: DuckDB's connection, or Spark's session.
        columns: The type of each column, as SQL says it.
        rows: The values of the columns in their order.
    """
    types = ", ".join(f"cast(null as {kind}) as {c}" for c, kind in columns.items())
    written = [
        "select " + ", ".join(map(_literal, row, columns.values())) for row in rows
    ]
    return session.sql(" union all ".join([f"select {types} where false", *written]))


def _is_spark(rows) -> bool:
    return hasattr(rows, "selectExpr")


def _literal(value, kind: str) -> str:
    """A value as SQL writes it."""
    if value is None:
        return f"cast(null as {kind})"
    text = repr(value) if isinstance(value, float) else str(value)
    quoted = text.replace("'", "''")
    return f"cast('{quoted}' as {kind})"
