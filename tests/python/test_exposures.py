"""models/exposures.yml says what the report, Superset and the exports stand on."""

import re
from pathlib import Path

import pytest
import yaml
from shop import PROJECT

from warehouse.catalog import listed_kpis
from warehouse.lineage import nodes
from warehouse.publish import PARTS, PRIVATE_PREFIXES
from warehouse.superset import FOLDER

CODE = PROJECT / "scripts" / "warehouse"
READ = re.compile(r"\b(?:from|join)\s+(?:warehouse\.main\.)?(\w+)")


def known() -> set[str]:
    """Every model and seed."""
    return {*nodes(), *(path.stem for path in (PROJECT / "seeds").glob("*.csv"))}


def read_by(files: list[Path]) -> set[str]:
    """The models and seeds that SQL in these files reads."""
    texts = [path.read_text(encoding="utf-8") for path in files]
    refs = {name for text in texts for name in re.findall(r"ref\('(\w+)'\)", text)}
    return refs | {name for text in texts for name in READ.findall(text)} & known()


def report() -> set[str]:
    boards = (PROJECT / "analyses" / "boards").glob("*.sql")
    return read_by([*boards, *(CODE / "report").glob("*.py"), CODE / "news.py"])


def superset() -> set[str]:
    found = set()
    for path in FOLDER.rglob("datasets/*/*.yaml"):
        dataset = yaml.safe_load(path.read_text(encoding="utf-8"))
        sql = dataset["sql"]
        found |= set(READ.findall(sql)) if sql else {dataset["table_name"]}
    return found


def marts() -> set[str]:
    single = {f"kpi_{kpi_id}" for kpi_id in listed_kpis()}
    apart = (*PARTS, *PRIVATE_PREFIXES)
    return {name for name in known() - single if not name.startswith(apart)}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("report", report),
        ("superset_dashboard", superset),
        ("parquet_files", marts),
        ("postgres_schema", marts),
    ],
)
def test_an_exposure_lists_all_that_it_stands_on(name, expected):
    """And nothing else."""
    content = yaml.safe_load((PROJECT / "models" / "exposures.yml").read_text())
    (exposure,) = [found for found in content["exposures"] if found["name"] == name]
    listed = [re.fullmatch(r"ref\('(\w+)'\)", ref)[1] for ref in exposure["depends_on"]]
    assert sorted(listed) == sorted(expected()), "mend depends_on in exposures.yml"
