"""A reader in a process of its own: opens what is published, asks, opens it again.

`python reader.py FOLDER` runs until the file FOLDER/stop is there, and prints one line
of JSON: how many queries it made, which builds it saw, and what went wrong.
"""

import json
import sys
import time
from pathlib import Path

import duckdb

PAUSE = 0.05  # seconds between closing and opening: eight readers share the machine
# Every part of a build that test_readers.py makes holds the number of the build.
QUERY = """
select (select max(sales) from fct_orders), (select min(value) from kpi_orders),
    (select max(value) from kpi_values), (select count(*) from fct_orders)
"""


def read(folder: Path) -> dict:
    """Ask until told to stop."""
    file = folder / "published" / "current" / "warehouse.duckdb"
    queries, builds, failed, mixed = 0, set(), [], []
    while not (folder / "stop").exists():
        try:
            with duckdb.connect(str(file), read_only=True) as connection:
                for _ in range(3):
                    orders, kpi, values, rows = connection.execute(QUERY).fetchone()
                    queries += 1
                    builds.add(int(orders))
                    if not orders == kpi == values == rows:
                        mixed.append([float(orders), kpi, values, rows])
        except duckdb.Error as error:
            failed.append(str(error))
        time.sleep(PAUSE)
    return {
        "queries": queries,
        "builds": sorted(builds),
        "failed": failed,
        "mixed": mixed,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(read(Path(sys.argv[1]))))
