"""The empty files of the flat tables."""

import io

import pytest
from rich.console import Console

from warehouse.errors import UserError
from warehouse.load import load
from warehouse.template import flat_tables, flat_tables_markdown, template


def shown(*args) -> str:
    console = Console(file=io.StringIO(), width=200)
    template(console, *args)
    return console.file.getvalue()


def test_every_template_is_loaded_once_it_is_filled(tmp_path):
    landing = tmp_path / "landing" / "flat"
    landing.mkdir(parents=True)
    for name, table in flat_tables().items():
        shown(name, landing / f"{name}.csv")
        header = (landing / f"{name}.csv").read_text().strip().split(",")
        assert header == [column.name for column in table.columns]
    result = load(data=tmp_path)
    assert not result.refused
    assert {table for _, table in result.tables} == set(flat_tables())


def test_listing_and_refusing(tmp_path):
    listed = shown()
    for name in flat_tables():
        assert name in listed
    with pytest.raises(UserError, match="no flat table 'order'"):
        shown("order")
    (tmp_path / "orders.csv").touch()
    with pytest.raises(UserError, match="already"):
        shown("orders", tmp_path / "orders.csv")


def test_markdown_names_every_column():
    text = flat_tables_markdown()
    for name, table in flat_tables().items():
        assert f"## {name}" in text
        for column in table.columns:
            assert f"| `{column.name}` |" in text
