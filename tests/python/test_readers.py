"""Readers ask without a pause while builds come, fail and are published."""

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from test_cli import make_warehouse, silent

from warehouse.errors import UserError
from warehouse.publish import publish, rollback

READERS = 8
BUILDS = int(os.environ.get("WAREHOUSE_TEST_BUILDS", "30"))
FAILING = 7  # every so many builds, one fails its checks


def build(folder: Path, number: int, success: bool = True) -> None:
    """A built warehouse in which everything holds the build's number."""
    make_warehouse(
        folder,
        f"""
        create or replace table fct_orders as
            select 's1:' || i as order_id, 'c_ann' as customer_id, {number} as sales
            from range({number}) as rows (i);
        create or replace table kpi_values as
            select * replace ({number} as value) from kpi_values;
        """,
        success,
    )


def test_no_reader_ever_fails_or_sees_two_builds(tmp_path, monkeypatch):
    """Eight processes, many builds, every seventh of them bad, and a step back."""
    monkeypatch.setenv("WAREHOUSE_DATA", str(tmp_path))
    build(tmp_path, 1)
    publish(silent())
    readers = [
        subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("reader.py")), str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(READERS)
    ]
    bad, good = [], [1]
    try:
        for number in range(2, BUILDS + 1):
            fails = number % FAILING == 0
            build(tmp_path, number, success=not fails)
            if fails:
                bad.append(number)
                with pytest.raises(UserError, match="did not pass"):
                    publish(silent())
            else:
                good.append(number)
                publish(silent())
            if number == BUILDS // 2:
                rollback(silent())
    finally:
        (tmp_path / "stop").touch()
        told = [json.loads(reader.communicate(timeout=60)[0]) for reader in readers]
    assert [error for one in told for error in one["failed"]] == []
    assert [row for one in told for row in one["mixed"]] == []
    seen = {number for one in told for number in one["builds"]}
    assert not seen & set(bad)
    assert seen <= set(good)
    assert len(seen) > BUILDS / 4, "the readers were asleep"
    assert min(one["queries"] for one in told) > 0
    with duckdb.connect(str(tmp_path / "published/current/warehouse.duckdb")) as last:
        assert last.execute("select count(*) from fct_orders").fetchone() == (good[-1],)
