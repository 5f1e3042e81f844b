"""Every KPI and mart that was promised is there, with its words, its test and its rows.

The promise is the dictionary in the folder of shared data, which is not part of the
project; those tests skip where it is absent. The rows are those of a built demo.
"""

import os
import re
from pathlib import Path

import pytest

from warehouse.catalog import LANGUAGES, kpis, listed_kpis
from warehouse.paths import PROJECT

BETTER = {"up": "up", "down": "down", "–": "none"}
MARTS = {path.stem for path in (PROJECT / "models" / "marts").glob("*/*.sql")}


def promised() -> tuple[dict[str, tuple[str, str]], list[str]]:
    """What the dictionary lists.

    Returns:
        Unit and better direction of each KPI, and the names of the other marts.
    """
    shared = Path(os.environ.get("WAREHOUSE_SHARED", PROJECT.parent / "shared"))
    page = shared / "kpis.md"
    if not page.exists():
        pytest.skip(f"no dictionary in {shared} (set WAREHOUSE_SHARED)")
    units, marts = {}, []
    for line in page.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not re.fullmatch(r"[a-z0-9_]+", cells[0]) or cells[0] == "id":
            continue
        if len(cells) == 6:
            units[cells[0]] = (cells[3], BETTER[cells[4]])
        else:
            marts.append(cells[0])
    assert len(units) > 100, "the dictionary's tables are not read any more"
    assert len(marts) > 15, "the dictionary's marts are not read any more"
    return units, marts


def test_every_promised_kpi_is_a_view():
    """None is missing, and unit and direction are the promised ones."""
    units, marts = promised()
    assert sorted(set(units) - set(listed_kpis())) == []
    assert sorted(set(marts) - MARTS) == []
    found = {kpi.kpi_id: (kpi.meta["unit"], kpi.meta["better"]) for kpi in kpis()}
    assert {kpi_id: found[kpi_id] for kpi_id in units} == units


def test_every_kpi_has_words_and_a_unit_test():
    """Names in five languages, a unit, a direction and a unit test of its view."""
    found = {kpi.kpi_id: kpi for kpi in kpis()}
    assert sorted(found) == sorted(listed_kpis())
    lacking = []
    for kpi_id, kpi in found.items():
        aliases = kpi.meta.get("aliases", {})
        lacking += [f"{kpi_id}: {lang}" for lang in LANGUAGES if not aliases.get(lang)]
        lacking += [f"{kpi_id}: {k}" for k in ("unit", "better") if not kpi.meta.get(k)]
        if not kpi.tests:
            lacking.append(f"{kpi_id}: unit test")
    assert lacking == []


def test_the_demo_catalogues_every_kpi(demo):
    """The built catalogue says the same as the YAML, in five languages."""
    rows = demo.execute(
        """select kpi_id, unit, better, len(aliases_en) > 0 and len(aliases_es) > 0
                and len(aliases_fr) > 0 and len(aliases_ru) > 0 and len(aliases_zh) > 0
           from kpi_catalog"""
    ).fetchall()
    assert sorted(rows) == sorted(
        (kpi.kpi_id, kpi.meta["unit"], kpi.meta["better"], True) for kpi in kpis()
    )


def test_the_demo_has_rows_of_every_kpi(demo):
    """Each view returns rows with a value, of the whole and of some slice."""
    empty = demo.execute(
        """select kpi_catalog.kpi_id from kpi_catalog
           left join kpi_values using (kpi_id)
           group by 1 having count(value) filter (where dimension = 'all') = 0
               or count(value) filter (where dimension <> 'all') = 0"""
    ).fetchall()
    assert empty == []


def test_the_demo_has_rows_of_every_mart(demo):
    """No mart is an empty table."""
    empty = [
        mart
        for mart in sorted(MARTS)
        if not demo.execute(f"select 1 from {mart} limit 1").fetchall()
    ]
    assert empty == []


def test_the_demo_plans_every_theme(demo):
    """The scorecard shows plan and status for KPIs of each theme."""
    themes = demo.execute("select distinct theme from kpi_catalog").fetchall()
    planned = demo.execute(
        """select distinct theme
           from kpi_scorecard inner join kpi_catalog using (kpi_id)
           where grain = 'month' and dimension = 'all' and plan_value is not null
           and plan_status in ('on_track', 'at_risk', 'behind')"""
    ).fetchall()
    assert sorted(planned) == sorted(themes)
