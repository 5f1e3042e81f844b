"""A shop of twelve orders through the whole product, with numbers done by hand.

Files: tests/fixtures/tiny_shop/*.csv, in the flat templates. Every row of expected.csv
says why its number is what it is.
"""

import csv
import shutil

import duckdb
import pytest
from analyses import analyses
from shop import PROJECT, Shop

FIXTURE = PROJECT / "tests/fixtures/tiny_shop"
EXPECTED = list(csv.DictReader((FIXTURE / "expected.csv").open()))


@pytest.fixture(scope="module")
def tiny_shop(tmp_path_factory) -> Shop:
    """The tiny shop, loaded and built with every dbt test."""
    shop = Shop(tmp_path_factory.mktemp("tiny_shop"))
    shop.landing.mkdir(parents=True)
    folder = shop.landing / "flat"
    shutil.copytree(FIXTURE, folder, ignore=shutil.ignore_patterns("expected.csv"))
    shop.load()
    shop.run("warehouse", "build")
    return shop


def test_readers_get_every_mart(tiny_shop):
    """What is published holds every KPI and mart, and each can be read there."""
    tiny_shop.run("warehouse", "publish")
    file = tiny_shop.folder / "published/current/warehouse.duckdb"
    with duckdb.connect(str(file), read_only=True) as connection:
        names = {name for (name,) in connection.execute("show tables").fetchall()}
        for name in names:
            connection.execute(f"select * from {name}").fetchall()
    marts = {path.stem for path in (PROJECT / "models/marts").glob("*/*.sql")}
    assert marts <= names


@pytest.mark.parametrize("analysis", analyses(), ids=lambda found: found.path.stem)
def test_questions_can_be_asked(tiny_shop, analysis):
    """Every query of analyses/ runs on what is built, whatever it finds."""
    tiny_shop.ask(analysis.sql)


@pytest.mark.parametrize(
    "row",
    EXPECTED,
    ids=lambda row: "-".join([row["kpi_id"], row["period_start"][:7], row["member"]]),
)
def test_kpi_by_hand(tiny_shop, row):
    """The month's numerator and denominator are those of the hand calculation."""
    found = tiny_shop.ask(
        f"""select numerator, denominator from kpi_values
            where grain = 'month' and kpi_id = '{row["kpi_id"]}'
            and period_start = timestamp '{row["period_start"]}'
            and dimension = '{row["dimension"]}' and member = '{row["member"]}'"""
    )
    assert found, row["why"]
    for part, name in zip(found[0], ("numerator", "denominator"), strict=True):
        expected = pytest.approx(float(row[name]), abs=1e-6) if row[name] else None
        assert part == expected, row["why"]
