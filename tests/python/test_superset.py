"""analyses/superset: what Superset imports is what the marts have.

That it runs is tested in test_tiny_shop.py, where there is a shop to show.
"""

import io
import json
import zipfile
from pathlib import Path

import pytest
import yaml
from test_cli import silent

from warehouse.catalog import words
from warehouse.cli import app
from warehouse.errors import UserError
from warehouse.superset import FOLDER, bundle, superset


def read(folder: str) -> dict[str, dict]:
    """The YAML files of a folder, by name."""
    return {
        path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in (FOLDER / folder).rglob("*.yaml")
    }


DATASETS = read("datasets")
CHARTS = read("charts")
(DASHBOARD,) = read("dashboards").values()


@pytest.mark.parametrize("name", DATASETS)
def test_a_dataset_has_the_columns_of_its_mart(name):
    """All of them, and no other; a query also those of kpi_catalog that it names."""
    dataset = DATASETS[name]
    columns = {column["column_name"] for column in dataset["columns"]}
    marts = {name} | ({"kpi_catalog"} if dataset["sql"] else set())
    known = {column for mart in marts for column in words()[mart].columns}
    assert set(words()[name].columns) <= columns <= known
    for column in dataset["columns"]:
        said = {words()[mart].columns.get(column["column_name"]) for mart in marts}
        assert column["description"] in said, column["column_name"]


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_asks_for_what_its_dataset_has(name):
    """And shows on the dashboard what it answers over the API."""
    chart = CHARTS[name]
    (dataset,) = [
        found for found in DATASETS.values() if found["uuid"] == chart["dataset_uuid"]
    ]
    columns = {column["column_name"] for column in dataset["columns"]}
    metrics = {metric["metric_name"] for metric in dataset["metrics"]}
    shown = chart["params"]
    (asked,) = json.loads(chart["query_context"])["queries"]
    assert set(asked["columns"]) <= columns
    assert set(asked.get("metrics", [])) <= metrics
    assert {one["col"] for one in asked["filters"]} <= columns
    filters = [(f["subject"], f["comparator"]) for f in shown["adhoc_filters"]]
    assert filters == [(one["col"], one["val"]) for one in asked["filters"]]
    names = [
        shown.get("x_axis"),
        *shown.get("groupby", []),
        *shown.get("all_columns", []),
    ]
    assert {name for name in names if name} == set(asked["columns"])
    told = shown.get("metrics") or ([shown["metric"]] if "metric" in shown else [])
    assert told == asked.get("metrics", [])


def test_a_value_of_a_kpi_is_never_added_up():
    """Each chart over the scorecard has one KPI, grain and dimension, or shows rows."""
    for name, chart in CHARTS.items():
        if chart["dataset_uuid"] == DATASETS["kpi_scorecard"]["uuid"]:
            filtered = {f["subject"] for f in chart["params"]["adhoc_filters"]}
            assert {"grain", "dimension"} <= filtered, name
            assert "kpi_id" in filtered or chart["params"].get("query_mode") == "raw"


def test_the_dashboard_shows_every_chart():
    there = {chart["uuid"] for chart in CHARTS.values()}
    shown = [
        part["meta"]["uuid"]
        for part in DASHBOARD["position"].values()
        if isinstance(part, dict) and part["type"] == "CHART"
    ]
    assert sorted(shown) == sorted(there)


def test_the_file_is_that_of_ones_own_shop(tmp_path, monkeypatch):
    """Its database is the published file, read only; or what one says."""
    monkeypatch.setenv("WAREHOUSE_DATA", str(tmp_path))
    assert "superset" in {
        c.name or c.callback.__name__ for c in app.registered_commands
    }
    told = superset(silent())
    assert told["file"] == tmp_path / "superset.zip"
    with zipfile.ZipFile(told["file"]) as archive:
        (name,) = [n for n in archive.namelist() if "databases/" in n]
        uri = yaml.safe_load(archive.read(name))["sqlalchemy_uri"]
    current = tmp_path / "published/current/warehouse.duckdb"
    assert uri == f"duckdb:///{current}?access_mode=read_only"
    with zipfile.ZipFile(
        io.BytesIO(bundle("postgresql://reader@host/shop"))
    ) as archive:
        assert b"postgresql://reader@host/shop" in archive.read(name)
    with pytest.raises(UserError, match="cannot be written"):
        superset(silent(), out=Path("/nowhere/superset.zip"))
