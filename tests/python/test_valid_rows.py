"""tests/generic/valid_rows.sql finds each kind of broken row, and nothing else."""

import duckdb
import pytest
from jinja2 import Environment, nodes
from jinja2.ext import Extension
from shop import PROJECT

PROMISES = {
    "key": ["id", "part"],
    "unique": ["name"],
    "not_null": ["flag"],
    "accepted_values": {"kind": ["call", "ticket"], "stars": [1, 2]},
}
SOUND = ["('a', 1, 'x', true, 'call', 1)", "('a', 2, null, false, null, null)"]


class DataTest(Extension):
    """dbt's `{% test name(model, …) %}` as a jinja macro `test_<name>`."""

    tags = frozenset({"test"})

    def parse(self, parser):
        macro = nodes.Macro(lineno=next(parser.stream).lineno)
        macro.name = f"test_{parser.parse_assign_target(name_only=True).name}"
        parser.parse_signature(macro)
        macro.body = parser.parse_statements(("name:endtest",), drop_needle=True)
        return macro


def found(*rows: str) -> set[tuple]:
    """What the test finds in these rows under PROMISES."""
    source = (PROJECT / "tests" / "generic" / "valid_rows.sql").read_text()
    template = Environment(extensions=[DataTest]).from_string(source)
    sql = template.module.test_valid_rows(model="tested", **PROMISES)
    with duckdb.connect() as connection:
        connection.execute(
            "create table tested (id varchar, part int, name varchar, flag boolean,"
            " kind varchar, stars int)"
        )
        connection.execute(f"insert into tested values {', '.join(rows)}")
        return set(connection.execute(sql).fetchall())


def test_sound_rows_pass():
    assert found(*SOUND) == set()


@pytest.mark.parametrize(
    ("row", "finding"),
    [
        (
            "('a', 1, null, true, null, null)",
            ("the key is incomplete or occurs twice", "a, 1", 2),
        ),
        (
            "('b', null, null, true, null, null)",
            ("the key is incomplete or occurs twice", "b, NULL", 1),
        ),
        ("('b', 1, 'x', true, null, null)", ("name occurs twice", "x", 2)),
        ("('b', 1, null, null, null, null)", ("flag is empty", "NULL", 1)),
        (
            "('b', 1, null, true, 'fax', null)",
            ("kind is none of its values", "fax", 1),
        ),
        ("('b', 1, null, true, null, 3)", ("stars is none of its values", "3", 1)),
    ],
)
def test_each_broken_promise_is_found(row, finding):
    assert found(*SOUND, row) == {finding}
