"""`warehouse explain`: what a KPI is made of, what proves it, and what moved it."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from warehouse.catalog import Kpi, find_kpi, kpi_names, kpis, theme_label
from warehouse.errors import UserError
from warehouse.lineage import ancestors, descriptions, nodes
from warehouse.paths import PROJECT, data_dir, target_name
from warehouse.proof import Proof, identities, proofs
from warehouse.status import GRAINS
from warehouse.terminal import busy

if TYPE_CHECKING:
    from rich.console import Console

    from warehouse.report.published import Published

# The last select of a KPI: its two parts, and how they make the value.
PARTS = re.compile(
    r"member,\s+(?P<numerator>\S.*?) as numerator,\s+"
    r"(?P<denominator>\S.*?) as denominator,\s+(?P<value>\S.*?) as value\b",
    flags=re.DOTALL,
)
# What nearly every model reads, to know what time it is.
CALENDAR = frozenset(
    {"dim_as_of", "int_as_of", "dim_dates", "dim_periods", "dim_period_days"}
)
SHOWN_LAYERS = ("marts", "rollups", "facts")
SHOWN_DRIVERS = 5


@dataclass
class Explanation:
    """All that the project and the publication know of a KPI.

    Attributes:
        kpi: What its YAML says.
        sql: Numerator, denominator and value as the view writes them.
        proof: What stands behind it.
        drivers: What moved it in the period under way: grain, dimension, change and
            rows of `kpi_drivers`, the largest first; None where nothing is published or
            nothing moved it.
    """

    kpi: Kpi
    sql: dict[str, str]
    proof: Proof
    drivers: dict | None = None
    words: dict | None = field(default=None, repr=False)

    @property
    def view(self) -> str:
        """The view's name."""
        return f"kpi_{self.kpi.kpi_id}"

    @property
    def exports(self) -> dict[str, list[str]]:
        """The tables of the KPI's sources that lie before it, by source."""
        found: dict[str, set[str]] = {}
        for name in ancestors(self.view, CALENDAR):
            for table in nodes()[name].tables if name in nodes() else ():
                source, _, table = table.partition(".")
                if source in self.kpi.meta.get("sources", ()):
                    found.setdefault(source, set()).add(table)
        return {source: sorted(found[source]) for source in sorted(found)}

    def document(self) -> dict:
        """What machines get."""
        said = self.proof
        return {
            "kpi_id": self.kpi.kpi_id,
            **self.kpi.meta,
            "description": self.kpi.description,
            "dimensions": self.kpi.dimensions,
            "view": self.view,
            "path": _path(self.kpi.path),
            "sql": self.sql,
            "lineage": {
                name: {
                    "path": _path(nodes()[name].path),
                    "reads": sorted(nodes()[name].reads),
                    "exports": sorted(nodes()[name].tables),
                }
                for name in sorted(ancestors(self.view))
                if name in nodes()
            },
            "tests": [{"name": n, "says": words} for n, words in self.kpi.tests],
            "proof": {
                "unit_tests": said.unit_tests,
                "tables_with_row_tests": said.row_tests,
                "identities": {n: identities()[n][1] for n in said.identities},
                "mutations_made": said.made,
                "mutations_noticed": said.killed,
                "has_second_opinion": said.has_second_opinion,
                "real_data": said.real_data,
            },
            "drivers": self.drivers,
        }


def explain(
    console: "Console",
    name: str,
    grain: str = "month",
    full: bool = False,
    target: str | None = None,
) -> Explanation:
    """Print formula, lineage, tests and drivers of a KPI.

    Args:
        console: Where to print; 80 columns are enough.
        name: Its id, or a name in any language.
        grain: Of the period whose drivers are shown: week, month, quarter or year.
        full: Whether the lineage goes on behind the facts.
        target: A dbt target; the one in force when left out.

    Returns:
        The explanation.

    Raises:
        UserError: There is no such KPI or grain.
    """
    grains = [known for known in GRAINS if known != "day"]
    if grain not in grains:
        raise UserError(
            f"There are no drivers by {grain!r}.", f"It is one of {', '.join(grains)}."
        )
    with busy(console, "reading models and tests"):
        kpi = _find(name)
        proof = proofs(kpi)[0]
    parts = PARTS.search(kpi.path.read_text(encoding="utf-8"))
    sql = (
        {k: " ".join(v.split()) for k, v in parts.groupdict().items()} if parts else {}
    )
    found = Explanation(kpi, sql, proof)
    published = data_dir(target or target_name()) / "published" / "current"
    if (published / "manifest.json").exists():
        from warehouse.report.published import Published

        data = Published(published.resolve())
        try:
            if kpi.kpi_id in data.catalog:
                _move(found, data, grain)
        finally:
            data.close()
    _print(console, found, grain, full, published.exists())
    return found


def _find(name: str) -> Kpi:
    """The KPI of an id or a name."""
    known = {kpi.kpi_id: kpi for kpi in kpis()}
    names: dict[str, set[str]] = {}
    for kpi in known.values():
        aliases = [a for of in (kpi.meta.get("aliases") or {}).values() for a in of]
        for alias, ids in kpi_names(kpi.kpi_id, kpi.meta["label"], aliases).items():
            names.setdefault(alias, set()).update(ids)
    return known[find_kpi(name, names)]


def _move(found: Explanation, data: "Published", grain: str) -> None:
    """What moved the KPI, as the report says it and as `kpi_drivers` has it."""
    from warehouse.report.panels import what_moved

    found.words = what_moved(data, found.kpi.kpi_id, grain)
    if found.words:
        dimension = found.words["dimension"].replace(" ", "_")
        rows = data.drivers(grain)[found.kpi.kpi_id][dimension]
        found.drivers = {
            "grain": grain,
            "period_start": rows[0]["period_start"],
            "dimension": dimension,
            "change": rows[0]["change"],
            "rows": rows,
        }


# ---------------------------------------------------------------------------- printing


def _print(
    console: "Console", found: Explanation, grain: str, full: bool, is_published: bool
) -> None:
    kpi, meta = found.kpi, found.kpi.meta
    head = Text.assemble((meta["label"], "bold"), f"  {kpi.kpi_id}")
    console.print(head, highlight=False)
    better = {"up": "more is better", "down": "less is better"}.get(meta["better"])
    facts = [theme_label(meta["theme"]), meta["unit"], better, f"owner {meta['owner']}"]
    _dim(console, " · ".join(fact for fact in facts if fact))
    console.print()
    console.print(kpi.description, highlight=False, markup=False)
    names = [
        f"{language}: {', '.join(map(str, aliases))}"
        for language, aliases in (meta.get("aliases") or {}).items()
    ]
    _dim(console, " · ".join(names))

    _head(console, "Formula")
    console.print(Text(f"  {meta['formula']}"), highlight=False)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    for part, written in found.sql.items():
        table.add_row(Text(part, "dim"), Text(written))
    console.print(Padding(table, (0, 0, 0, 2)))
    _dim(console, f"  {_path(kpi.path)}")
    cuts = ", ".join(kpi.dimensions) or "nothing"
    _dim(console, f"  can be cut by {cuts}")

    _head(console, "Lineage")
    console.print(Padding(_tree(found.view, full, set()), (0, 0, 0, 2)))
    for source, tables in found.exports.items():
        line = Text.assemble((f"{source}: ", "cyan"), (", ".join(tables), "dim"))
        console.print(Padding(line, (0, 0, 0, 2)), highlight=False)
    if not full:
        _dim(console, "  --full goes on to the exports, model by model")

    _head(console, "What proves it")
    for line in _proved(found):
        console.print(Padding(line, (0, 0, 0, 2)), highlight=False)

    if elsewhere := meta.get("elsewhere"):
        _head(console, "Why others show another number")
        for system, words in elsewhere.items():
            line = Text.assemble((f"{system}: ", "cyan"), str(words))
            console.print(Padding(line, (0, 0, 0, 2)), highlight=False)
        _dim(console, "  step by step: docs/why-not-theirs.md")

    _head(console, f"What moved it this {grain}")
    if found.words:
        _print_drivers(console, found.words)
    elif is_published:
        _dim(console, "  nothing that its members tell")
    else:
        _dim(console, "  nothing is published yet: run warehouse run")


def _print_drivers(console: "Console", words: dict) -> None:
    """The change, and the members with the largest part in it."""
    tones = {"good": "green", "bad": "red"}
    console.print(
        Text.assemble("  ", (words["change"], "bold"), f", by {words['dimension']}"),
        highlight=False,
    )
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    for reason in words["reasons"][:SHOWN_DRIVERS]:
        table.add_row(
            Text(reason["name"]),
            Text(reason["text"], tones.get(reason["tone"], ""), justify="right"),
            Text(reason["why"], "dim"),
        )
    console.print(Padding(table, (0, 0, 0, 2)))


def _proved(found: Explanation) -> list[Text]:
    """The proof, a line a kind."""
    proof = found.proof
    lines = [
        f"{proof.unit_tests} unit tests of the view, its rollups and facts",
        f"rows of {proof.row_tests} tables on its way are tested in every build",
    ]
    if proof.made:
        lines.append(f"{proof.killed} of {proof.made} mistakes on purpose were noticed")
    if proof.has_second_opinion:
        lines.append("computed again from the landed files, without the models")
    lines += [f"gives the published answer of {name}" for name in proof.real_data]
    said = [Text(line) for line in lines]
    for name, words in found.kpi.tests:
        said.append(Text.assemble((name, "cyan"), f"  {words}"))
    for name in proof.identities:
        words = identities()[name][1]
        said.append(Text.assemble((name, "cyan"), (f"  {words}", "dim")))
    for line in said:
        line.no_wrap, line.overflow = True, "ellipsis"
    return said


def _tree(name: str, full: bool, shown: set[str]) -> Tree:
    """A model with what it reads below it; what was shown before is not shown again."""
    node = nodes().get(name)
    grain = descriptions().get(name, "").split(". ")[0].rstrip(".")
    label = Text.assemble((name, "bold" if node else ""), (f"  {grain}", "dim"))
    label.no_wrap, label.overflow = True, "ellipsis"
    tree = Tree(label, guide_style="dim")
    shown.add(name)
    hidden = []
    for read in sorted(node.reads if node else ()):
        if read in CALENDAR and not full:
            continue
        layer = nodes()[read].layer if read in nodes() else "seeds"
        if not full and layer not in SHOWN_LAYERS:
            hidden.append(read)
        elif read in shown:
            tree.add(Text(f"{read}  as above", "dim"))
        else:
            tree.children.append(_tree(read, full, shown))
    if full:
        for table in sorted(node.tables if node else ()):
            tree.add(Text(f"export {table}", "cyan"))
    elif hidden:
        tree.add(Text(", ".join(hidden), "dim"))
    return tree


def _head(console: "Console", words: str) -> None:
    console.print()
    console.print(Text(words, "bold"))


def _dim(console: "Console", words: str) -> None:
    console.print(Text(words, "dim"), highlight=False)


def _path(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()
