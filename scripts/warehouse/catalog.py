"""The KPI dictionary as a page, read from the YAML beside each KPI."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.errors import UserError
from warehouse.lineage import model_files
from warehouse.paths import PROJECT, read_yaml
from warehouse.terminal import busy

if TYPE_CHECKING:
    from rich.console import Console

MARTS = PROJECT / "models" / "marts"
LANGUAGES = {"en": "also", "es": "es", "fr": "fr", "ru": "ru", "zh": "zh"}
THEMES = {"email": "E-mail", "market": "Market and site"}
BETTER = {"up": "▲ up", "down": "▼ down", "none": "–"}


@dataclass(frozen=True)
class Kpi:
    """A KPI as its YAML describes it.

    Attributes:
        kpi_id: Its name; its view is `kpi_<kpi_id>`.
        description: What counts and what is left out, on one line.
        meta: The YAML's meta: label, theme, formula, unit, better, aliases, …
        dimensions: What it can be sliced by, without `all`.
        path: The view's file.
        tests: Name and words of each unit test.
        examples: The unit tests themselves, as the YAML says them.
    """

    kpi_id: str
    description: str
    meta: dict
    dimensions: tuple[str, ...]
    path: Path
    tests: tuple[tuple[str, str], ...] = ()
    examples: tuple[dict, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True)
class Words:
    """What the YAML says of a model or seed.

    Attributes:
        description: What a row is, on one line.
        columns: The description of each column, by name.
        key: The columns that tell its rows apart; none if no test says so, or if an
            expression is among them.
    """

    description: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    key: tuple[str, ...] = ()


@cache
def words() -> dict[str, Words]:
    """The words of every model and seed, by name."""
    found = {}
    seeds = map(read_yaml, (PROJECT / "seeds").glob("*.yml"))
    for content in [*model_files().values(), *seeds]:
        for node in [*content.get("models", []), *content.get("seeds", [])]:
            found[node["name"]] = Words(
                description=_on_one_line(node.get("description", "")),
                columns={
                    column["name"]: _on_one_line(column.get("description", ""))
                    for column in node.get("columns") or []
                },
                key=_key(node),
            )
    return found


def listed_kpis() -> list[str]:
    """The ids in the list of kpi_values, in its order."""
    text = (MARTS / "scorecard" / "kpi_values.sql").read_text()
    return re.findall(r"^    '(\w+)',$", text, flags=re.MULTILINE)


def kpis() -> list[Kpi]:
    """Every listed KPI that has YAML, in the list's order."""
    described = {}
    for path, content in model_files().items():
        if not path.match("marts/*/kpi_*.yml"):
            continue
        tests = tuple(
            (test["name"], " ".join(str(test.get("description", "")).split()))
            for test in content.get("unit_tests", [])
        )
        for model in content.get("models", []):
            meta = model.get("config", {}).get("meta", {})
            if "theme" in meta:
                sql = path.with_name(f"{model['name']}.sql")
                described[model["name"]] = Kpi(
                    kpi_id=model["name"].removeprefix("kpi_"),
                    description=plain_description(model.get("description", "")),
                    meta=meta,
                    dimensions=_dimensions(model, sql),
                    path=sql,
                    tests=tests,
                    examples=tuple(content.get("unit_tests", [])),
                )
    names = [f"kpi_{kpi_id}" for kpi_id in listed_kpis()]
    return [described[name] for name in names if name in described]


def find_kpi(name: str, names: dict[str, set[str]]) -> str:
    """The KPI of an id, or of a name in any language.

    Args:
        name: What somebody typed.
        names: KPI ids by each of their names.

    Returns:
        Its id.

    Raises:
        UserError: There is none, and which are near; or several have the name.
    """
    known: dict[str, set[str]] = {}
    for alias, ids in names.items():
        known.setdefault(_loose(alias), set()).update(ids)
    found = known.get(_loose(name), set())
    if len(found) > 1:
        # A KPI's own id comes before what others are also called.
        found = {kpi_id for kpi_id in found if _loose(kpi_id) == _loose(name)} or found
    if len(found) == 1:
        return next(iter(found))
    if found:
        raise UserError(
            f"Several KPIs are called {name!r}.",
            f"Name one by its id: {', '.join(sorted(found))}.",
        )
    near = {
        kpi_id: None
        for close in get_close_matches(_loose(name), known, n=5, cutoff=0.6)
        for kpi_id in sorted(known[close])
    }
    hint = f"Do you mean {' or '.join(near)}? " if near else ""
    raise UserError(
        f"There is no KPI {name!r}.", f"{hint}`warehouse kpi` lists all of them."
    )


def kpi_names(kpi_id: str, label: str, aliases: Iterable[str]) -> dict[str, set[str]]:
    """What a KPI may be called, for `find_kpi`."""
    names = (kpi_id, label, label.split(" (")[0], *aliases)
    return {name: {kpi_id} for name in names if name}


def _loose(name: str) -> str:
    """A name without what people write differently."""
    return re.sub(r"[\s_-]+", " ", name).strip().lower()


def theme_label(theme: str) -> str:
    """How a theme is headed: `email` is E-mail."""
    return THEMES.get(theme, theme.capitalize())


def kpi_page() -> str:
    """KPIS.md: a table of every theme, then what each KPI counts and leaves out."""
    found = kpis()
    lines = [
        "# KPIs",
        "",
        "Written by `warehouse docs` from the YAML beside each view; change it there.",
        "",
        f"{len(found)} KPIs. Each is a view `kpi_<id>` with the columns grain, "
        "period_start, dimension, member, numerator, denominator, value: one row per "
        "grain, period, dimension and member. A percent is "
        "stored as a share of 1, money in the reporting currency, and a denominator of "
        "0 gives NULL.",
    ]
    for theme in dict.fromkeys(kpi.meta["theme"] for kpi in found):
        of_theme = [kpi for kpi in found if kpi.meta["theme"] == theme]
        lines += [
            "",
            f"## {theme_label(theme)}",
            "",
            "| KPI | id | formula | unit | better | sliced by |",
            "|---|---|---|---|---|---|",
        ]
        for kpi in of_theme:
            cells = [
                _cell(kpi.meta.get("label")),
                f"[{kpi.kpi_id}]({kpi.path.relative_to(PROJECT).as_posix()})",
                _cell(kpi.meta.get("formula")),
                _cell(kpi.meta.get("unit")),
                BETTER.get(str(kpi.meta.get("better")), "–"),
                _cell(", ".join(kpi.dimensions)) or "–",
            ]
            lines.append(f"| {' | '.join(cells)} |")
        for kpi in of_theme:
            lines += ["", f"### {kpi.meta.get('label')}", "", kpi.description, ""]
            lines += [f"- {fact}" for fact in _facts(kpi)]
    return "\n".join(lines) + "\n"


def write_docs(console: "Console", check: bool = False) -> dict[str, list[str]]:
    """Write the generated documents, or see whether they are stale.

    Args:
        console: Where to say what changed.
        check: Change nothing; a stale document is an error.

    Returns:
        `written`: the documents that were.

    Raises:
        UserError: With `check`, if a document is stale or missing.
    """
    stale = []
    with busy(console, "reading models and tests"):
        found = documents()
    for path, text in found.items():
        name = path.relative_to(PROJECT)
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(str(name))
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            console.print(f"written {name}", highlight=False)
    if check and stale:
        raise UserError(
            f"Generated documents are stale: {', '.join(stale)}.",
            "Run `make docs` and commit what it writes.",
            {"stale": stale},
        )
    if not stale:
        console.print("generated documents are up to date", highlight=False)
    return {"written": stale}


def documents() -> dict[Path, str]:
    """The generated documents: where each belongs and what it should say."""
    from warehouse.metrics import semantic_documents
    from warehouse.mutate import README, readme
    from warehouse.proof import proof_page
    from warehouse.template import flat_tables_markdown, platform_tables_markdown

    return {
        README: readme(),
        PROJECT / "KPIS.md": kpi_page(),
        PROJECT / "docs" / "flat-templates.md": flat_tables_markdown(),
        PROJECT / "docs" / "proof.md": proof_page(),
        PROJECT / "docs" / "platforms.md": platform_tables_markdown(),
        **semantic_documents(),
    }


def _facts(kpi: Kpi) -> list[str]:
    """The rest of what the YAML says of a KPI, a line each."""
    meta = kpi.meta
    words = {
        "sum": "a sum",
        "ratio": "a ratio of sums",
        "distinct": "a distinct count, made afresh for every period and slice",
        "quantile": "a quantile, made afresh for every period and slice",
        "derived": "made of other KPIs' parts",
    }
    kind = words.get(str(meta.get("kind")), str(meta.get("kind")))
    adds = "periods and slices add up" if meta.get("additive") else "does not add up"
    if overlapping := meta.get("overlapping_dimensions"):
        adds += f", but slices by {', '.join(overlapping)} overlap"
    facts = [f"{kind}; {adds}"]
    if meta.get("proportion"):
        facts[0] += "; has a 95 % interval in the scorecard"
    if days := meta.get("matures_after_days"):
        facts[0] += f"; not judged until {days} days after its period"
    sources = ", ".join(meta.get("sources") or [])
    facts.append(f"from {sources}; owner: {meta.get('owner')}")
    aliases = meta.get("aliases") or {}
    names = [
        f"{prefix}: {', '.join(map(str, aliases[language]))}"
        for language, prefix in LANGUAGES.items()
        if aliases.get(language)
    ]
    if names:
        facts.append(" · ".join(names))
    return facts


def plain_description(description: str) -> str:
    """A KPI's description on one line, without the grain that all KPIs share."""
    grain = "One row per grain, period, dimension and member."
    return _on_one_line(description).removeprefix(grain).strip()


def _on_one_line(description: object) -> str:
    return " ".join(str(description).split())


def _cell(text: object) -> str:
    return str(text if text is not None else "").replace("|", "\\|")


def _dimensions(model: dict, sql: Path) -> tuple[str, ...]:
    """The slices of a KPI: those its YAML names, else those all of its rollups have."""
    if own := _accepted(model):
        return tuple(own)
    rollups = (
        re.findall(r"ref\('(rollup_\w+)'\)", sql.read_text()) if sql.exists() else []
    )
    found = [_rollup_dimensions().get(name, []) for name in dict.fromkeys(rollups)]
    if not found:
        return ()
    return tuple(d for d in found[0] if all(d in others for others in found[1:]))


@cache
def _rollup_dimensions() -> dict[str, list[str]]:
    """The dimensions of every rollup, by the values its test accepts."""
    dimensions = {}
    for path, content in model_files().items():
        if path.parent.name == "rollups":
            for model in content.get("models", []):
                dimensions[model["name"]] = _accepted(model)
    return dimensions


def _accepted(model: dict) -> list[str]:
    """The accepted values of a model's column `dimension`, without `all`."""
    accepted = _valid_rows(model).get("accepted_values", {})
    return [value for value in accepted.get("dimension", []) if value != "all"]


def _key(model: dict) -> tuple[str, ...]:
    """The key that the test valid_rows holds, if it is one of plain columns."""
    key = tuple(_valid_rows(model).get("key", ()))
    return key if all(map(str.isidentifier, key)) else ()


def _valid_rows(model: dict) -> dict:
    """The arguments of a model's test valid_rows."""
    for test in model.get("data_tests") or []:
        if isinstance(test, dict) and "valid_rows" in test:
            return test["valid_rows"]["arguments"]
    return {}
