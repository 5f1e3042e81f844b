"""docs/analyses.md: the questions of analyses/ and their answers on the demo shop.

To write the page after `make demo`: `python tests/python/test_analyses.py`.
"""

import datetime as dt
import inspect
import sys
from decimal import Decimal

import duckdb
import pytest
from analyses import analyses
from shop import PROJECT

from warehouse.demo import demo as make_demo
from warehouse.paths import warehouse_file

PAGE = PROJECT / "docs" / "analyses.md"
SHOWN_ROWS = 5
FEWEST = 25


def page(warehouse: duckdb.DuckDBPyConnection) -> str:
    """Every question with the first rows of its answer."""
    lines = [
        "# Questions",
        "",
        "What people ask of a shop's numbers, each a query in `analyses/` that runs on "
        "your own shop, too: `dbt show --select where_do_visitors_leave`. The answers "
        f"are the demo shop's, at most {SHOWN_ROWS} rows of them; written by "
        "`python tests/python/test_analyses.py`.",
    ]
    for analysis in analyses():
        answer = warehouse.sql(analysis.sql)
        rows = answer.fetchmany(SHOWN_ROWS)
        name = analysis.path.name
        lines += ["", f"## {analysis.question}", ""]
        lines += [f"{analysis.words} ([{name}](../analyses/{name}))".strip(), ""]
        lines += [_line(answer.columns), _line(["---"] * len(answer.columns))]
        lines += [_line([_cell(value) for value in row]) for row in rows]
    return "\n".join(lines) + "\n"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(value: object) -> str:
    """A value as a reader wants it: no more digits than tell something."""
    if value is None:
        return ""
    if isinstance(value, (float, Decimal)):
        size = abs(value)
        digits = 0 if size >= 1000 else 2 if size >= 1 else 4
        return f"{value:,.{digits}f}" if value else "0"
    if isinstance(value, dt.datetime):
        return str(value).removesuffix(" 00:00:00")
    return str(value).replace("|", "\\|")


def test_there_are_questions():
    found = analyses()
    assert len(found) >= FEWEST
    assert len({analysis.question for analysis in found}) == len(found)


def test_the_answers_are_those_of_the_demo(demo):
    """Skips where the demo has another size than the default one."""
    orders = demo.execute("select count(*) from stg_shopify__orders").fetchone()[0]
    if orders != inspect.signature(make_demo).parameters["orders"].default:
        pytest.skip("the demo warehouse has another size than the page's")
    assert PAGE.read_text() == page(demo), (
        "docs/analyses.md is stale: run python tests/python/test_analyses.py"
    )


if __name__ == "__main__":
    with duckdb.connect(str(warehouse_file("demo")), read_only=True) as warehouse:
        PAGE.write_text(page(warehouse))
    sys.stdout.write(f"wrote {PAGE}\n")
