"""docs/proof.md: what proves each KPI, read from the tests themselves."""

import ast
import csv
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from warehouse.catalog import Kpi, kpis, theme_label
from warehouse.lineage import REF, ancestors, model_files, nodes
from warehouse.paths import PROJECT

TESTS = PROJECT / "tests"
MUTATIONS = PROJECT / "docs" / "mutations.csv"
DOTS = ("–", "yes")


@dataclass
class Proof:
    """What stands behind one KPI.

    Attributes:
        kpi: The KPI.
        unit_tests: Unit tests of its view and of its rollups.
        row_tests: Tables on its way from the exports whose rows are tested.
        identities: Data tests that read its view, its rollups or their facts.
        killed: Mutations of its view, its rollups and their facts that a test noticed.
        made: All of them.
        has_second_opinion: It is computed a second time, without the models.
        real_data: Public data with a published answer that it gives.
    """

    kpi: Kpi
    unit_tests: int
    row_tests: int
    identities: list[str]
    killed: int
    made: int
    has_second_opinion: bool
    real_data: list[str] = field(default_factory=list)


@cache
def proof_of() -> dict[str, Proof]:
    """The proof of every KPI, by its id; read once in a process."""
    return {proof.kpi.kpi_id: proof for proof in proofs()}


def proofs(only: Kpi | None = None) -> list[Proof]:
    """The proof of every KPI in the catalogue's order, or of one."""
    unit_tests, row_tests = _yaml_tests()
    results = mutations()
    opinions = decorated("opinion")
    real = decorated("confirms")
    found = []
    for kpi in [only] if only else kpis():
        view = f"kpi_{kpi.kpi_id}"
        counted = _near(view)
        made = [result for model in counted for result in results[model]]
        found.append(
            Proof(
                kpi=kpi,
                unit_tests=sum(unit_tests[model] for model in counted),
                row_tests=sum(model in row_tests for model in ancestors(view)),
                identities=[
                    name
                    for name, (reads, _) in identities().items()
                    if reads & {*counted, "kpi_values"}
                ],
                killed=made.count("killed"),
                made=len(made),
                has_second_opinion=kpi.kpi_id in opinions,
                real_data=sorted(real.get(kpi.kpi_id, ())),
            )
        )
    return found


@cache
def identities() -> dict[str, tuple[set[str], str]]:
    """The data tests in tests/: what each reads, and its first sentence."""
    found = {}
    for path in sorted(TESTS.glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        found[path.stem] = (
            {*REF.findall(text), *_listed_relations(text)},
            re.split(r"(?<=[.:])\s", leading_comment(text), maxsplit=1)[0].rstrip(".:"),
        )
    return found


def leading_comment(sql: str) -> str:
    """The first comment of a query, as one line: what a test says of itself."""
    words = re.search(r"^--((?:.*\n--)*.*)", sql, flags=re.MULTILINE)
    return " ".join((words.group(1) if words else "").replace("--", "").split())


def proof_page() -> str:
    """docs/proof.md: a line a KPI, and what each column of it is."""
    found = proofs()
    share = f"of {len(found)} KPIs"
    confirmed = sum(bool(proof.real_data) for proof in found)
    lines = [
        "# Proof",
        "",
        "Written by `warehouse docs` from the tests themselves; nothing here is kept "
        "by hand.",
        "",
        f"- **Unit tests**: {_count(found, 'unit_tests')} {share} have some: rules on "
        "numbers that a reader can do by hand, of the view, its rollups and facts.",
        "- **Tables** on the way from the export to the KPI whose keys, filled columns "
        "and accepted values are tested in every build, on your data.",
        "- **Identities** that hold on any data and are tested in every build: "
        "[the list](#identities).",
        "- **Mutations**: the models of the KPI were broken on purpose, and this many "
        "breaks were noticed ([mutations.csv](mutations.csv), `warehouse mutate`).",
        f"- **Second opinion**: {_count(found, 'has_second_opinion')} {share} are "
        "computed again from the landed files with Polars, by code written without "
        "reading the SQL, and come out equal (`tests/python/second_opinion`).",
        f"- **Real data**: {confirmed} {share} give the answer published for public "
        "data.",
    ]
    for theme in dict.fromkeys(proof.kpi.meta["theme"] for proof in found):
        lines += [
            "",
            f"## {theme_label(theme)}",
            "",
            "| KPI | unit tests | tables | identities | mutations noticed "
            "| second opinion | real data |",
            "|---|--:|--:|--:|--:|---|---|",
        ]
        lines += [_line(proof) for proof in found if proof.kpi.meta["theme"] == theme]
    lines += ["", "## Identities", "", "| test | says | KPIs |", "|---|---|--:|"]
    reach = Counter(name for proof in found for name in proof.identities)
    lines += [
        f"| [{name}](../tests/{name}.sql) | {words.replace('|', chr(92) + '|')} "
        f"| {reach[name] or '–'} |"
        for name, (_, words) in identities().items()
    ]
    return "\n".join(lines) + "\n"


def _line(proof: Proof) -> str:
    label = f"[{proof.kpi.meta.get('label')}](../{_path(proof.kpi.path)})"
    mutations = f"{proof.killed} of {proof.made}" if proof.made else "–"
    cells = (
        *(label, proof.unit_tests, proof.row_tests, len(proof.identities), mutations),
        *(DOTS[proof.has_second_opinion], "; ".join(proof.real_data) or "–"),
    )
    return f"| {' | '.join(map(str, cells))} |"


def _count(found: list[Proof], attribute: str) -> int:
    return sum(bool(getattr(proof, attribute)) for proof in found)


def _path(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def _near(view: str) -> list[str]:
    """A KPI's view, the rollups it reads, and the facts that those read."""
    rollups = sorted(nodes()[view].reads)
    read = {name for rollup in rollups for name in nodes()[rollup].reads}
    return [view, *rollups, *sorted(name for name in read if name.startswith("fct_"))]


# ------------------------------------------------------------------------ what is there


def _listed_relations(text: str) -> set[str]:
    """Models that a test goes through in a list of its own."""
    return set(re.findall(r"'((?:fct|dim|rollup|kpi)_\w+)'", text))


def _yaml_tests() -> tuple[Counter, set[str]]:
    """Unit tests by model, and the models whose rows are tested."""
    unit_tests, row_tests = Counter(), set()
    for content in model_files().values():
        unit_tests.update(test["model"] for test in content.get("unit_tests", []))
        row_tests.update(
            model["name"]
            for model in content.get("models", [])
            if any("valid_rows" in test for test in model.get("data_tests", []))
        )
    return unit_tests, row_tests


def mutations() -> dict[str, list[str]]:
    """The result of each mutation, by model."""
    results = defaultdict(list)
    if MUTATIONS.exists():
        with MUTATIONS.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                results[row["model"]].append(row["result"])
    return results


def decorated(decorator: str) -> dict[str, set[str]]:
    """What tests say of KPIs by a decorator.

    `@opinion(...)` stands on a function named after its KPI, or says its `kpi_id`;
    `@pytest.mark.confirms("kpi", ..., by="whose answer")` names KPIs and whose data.
    """
    found = defaultdict(set)
    for path in (TESTS / "python").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if f"{decorator}(" in text else ():
            if not isinstance(node, ast.FunctionDef):
                continue
            for call in node.decorator_list:
                if not isinstance(call, ast.Call):
                    continue
                name = getattr(call.func, "attr", getattr(call.func, "id", None))
                if name != decorator:
                    continue
                words = {word.arg: word.value.value for word in call.keywords}
                named = [argument.value for argument in call.args]
                alone = [words.get("kpi_id", node.name)]
                for kpi_id in named if "by" in words else alone:
                    found[kpi_id] |= {words["by"]} if "by" in words else set()
    return found
