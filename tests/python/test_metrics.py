"""Every KPI is a metric or has a reason; what is not there is said in plain words."""

import builtins
import re

import pytest
from metrics_agree import compare
from shop import PROJECT

from warehouse.ask import MANIFEST, Metrics, _in_words
from warehouse.catalog import kpis, listed_kpis
from warehouse.errors import UserError
from warehouse.metrics import (
    BY_HAND,
    MADE_AFRESH,
    cubes,
    formula,
    formulas,
    left_out,
    made_afresh,
    parts_of,
)
from warehouse.paths import data_dir, read_yaml

ROLLUPS = {
    model["name"].removeprefix("rollup_"): [c["name"] for c in model["columns"]]
    for path in (PROJECT / "models/rollups").glob("*.yml")
    for model in read_yaml(path).get("models", [])
}


def test_every_kpi_is_a_metric_or_has_a_reason():
    """None is forgotten, none is both, and a ratio or sum names the part at fault."""
    assert not set(formulas()) & set(left_out())
    assert {*formulas(), *left_out()} == set(listed_kpis())
    for kpi in kpis():
        if kpi.kpi_id in left_out() and kpi.meta["kind"] in ("sum", "ratio"):
            found = formula(kpi)
            named = re.match(r"`(\w+)`: \w", left_out()[kpi.kpi_id]).group(1)
            assert named in parts_of(found.rollup, found.value), kpi.kpi_id


@pytest.mark.parametrize("rollup", MADE_AFRESH)
def test_every_reason_is_about_a_part_that_is_there(rollup):
    """A part that was renamed leaves no reason behind."""
    for name in MADE_AFRESH[rollup]:
        assert any(re.fullmatch(name, part) for part in ROLLUPS[rollup]), name


def test_what_adds_up_by_its_own_yaml_is_a_metric():
    """The catalogue's `additive` and the list of what does not add up are at one."""
    additive = {kpi.kpi_id for kpi in kpis() if kpi.meta["additive"]}
    assert additive <= set(formulas())


def test_cubes_hold_only_what_adds_up():
    """The parts and dimensions of every cube are its rollup's."""
    assert len(cubes()) > 15
    for cube in cubes().values():
        assert cube.parts and cube.dimensions
        assert set(cube.parts) <= set(ROLLUPS[cube.rollup])
        assert not [part for part in cube.parts if made_afresh(cube.rollup, part)]
    # An order is in each of its categories: by hand in the rollup, not in the cube.
    assert "category" not in cubes()["orders"].dimensions
    assert set(cubes()["orders_by_category"].dimensions) == {"category"}
    assert "total_sales" not in cubes()["orders_by_category"].parts


def test_every_slice_by_hand_has_a_cube():
    """What a rollup cuts by hand in SQL is listed, and what is listed is in the SQL."""
    found = {}
    for name in {cube.rollup for cube in cubes().values()}:
        sql = (PROJECT / f"models/rollups/rollup_{name}.sql").read_text()
        if by_hand := set(re.findall(r"'(\w+)' as dimension", sql)):
            found[name] = by_hand
    # Stock by product has no days to add up.
    assert found.pop("stock") == {"product"}
    assert found == {name: set(slices) for name, slices in BY_HAND.items()}


def test_metricflow_that_is_not_there_is_asked_for(monkeypatch, tmp_path):
    """No traceback, but what to install."""
    original = builtins.__import__

    def without(name, *rest, **named):
        if name.startswith("metricflow"):
            raise ImportError(name)
        return original(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UserError, match="MetricFlow is not installed"):
        Metrics(tmp_path)


def test_a_publication_without_metrics_says_so(tmp_path):
    """A folder that nobody published has nothing to ask."""
    pytest.importorskip("metricflow", reason="MetricFlow is not installed")
    with pytest.raises(UserError, match=f"no {MANIFEST}"):
        Metrics(tmp_path)


def test_what_metricflow_does_not_know_is_said_in_a_line():
    """What was asked and what is near; a complaint of another form as it is."""
    complaint = """Got error(s) during query resolution.

    Error #1:
      Suggestions:
        ['orders', 'orders_sales']

      Query Input:

        ordrs

    Error #2:
      Query Input:

        other
    """
    message, hint = _in_words(complaint)
    assert message.startswith("ordrs is no metric")
    assert hint.startswith("Near are orders, orders_sales. ")
    assert _in_words("Something else\n Got exception: …")[0] == "Something else"


def test_metricflow_agrees_on_the_demo():
    """All grains and dimensions of the large demo, where it is built and published."""
    pytest.importorskip("metricflow", reason="MetricFlow is not installed")
    published = data_dir("demo") / "published" / "current"
    if not (published / MANIFEST).exists():
        pytest.skip("the demo is not published: warehouse demo, warehouse run")
    found = compare(published)
    assert found.differences == []
    assert {kpi_id for kpi_id, _ in found.rows} == set(formulas())
