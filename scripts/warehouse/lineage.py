"""What each model reads, straight from the files: nothing is parsed by dbt for it."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from warehouse.paths import PROJECT, read_yaml

MODELS = PROJECT / "models"
REF = re.compile(r"""ref\(\s*['"](\w+)['"]\s*\)""")
SOURCE = re.compile(r"""source\(\s*['"](\w+)['"]\s*,\s*['"](\w+)['"]\s*\)""")
MACRO = re.compile(r"{%-?\s*macro (\w+)\(.*?{%-?\s*endmacro", flags=re.DOTALL)
# A name that is put together from pieces in quotes, in a loop.
COMPOSED = re.compile(r"ref\([^)]*~")
QUOTED = re.compile(r"""['"](\w+)['"]""")


@dataclass(frozen=True)
class Node:
    """A model.

    Attributes:
        name: As in ref().
        path: Its file.
        reads: The models and seeds that it reads.
        tables: The exports that it reads, as `source.table`.
    """

    name: str
    path: Path
    reads: frozenset[str]
    tables: frozenset[str]

    @property
    def layer(self) -> str:
        """The folder of its layer: staging, intermediate, facts, rollups, marts."""
        return self.path.relative_to(MODELS).parts[0]


@cache
def nodes() -> dict[str, Node]:
    """Every model by name."""
    paths = {
        path.stem: path
        for path in sorted(MODELS.rglob("*"))
        if path.suffix in (".sql", ".py")
    }
    macros = _macros()
    found = {}
    for name, path in paths.items():
        text = path.read_text(encoding="utf-8")
        reads = set(REF.findall(text))
        for macro, refs in macros.items():
            if f"{macro}(" in text:
                reads |= refs
        if COMPOSED.search(text):
            pieces = "|".join(sorted(set(QUOTED.findall(text))))
            reads |= {n for n in paths if re.fullmatch(f"(?:{pieces})+", n)}
        tables = {f"{source}.{table}" for source, table in SOURCE.findall(text)}
        found[name] = Node(name, path, frozenset(reads), frozenset(tables))
    return found


@cache
def ancestors(name: str, without: frozenset[str] = frozenset()) -> frozenset[str]:
    """A model or seed and everything before it.

    Args:
        name: Where to begin.
        without: Where not to go.
    """
    found, waiting = set(), [name]
    while waiting:
        name = waiting.pop()
        if name not in found | without:
            found.add(name)
            if name in nodes():
                waiting += nodes()[name].reads
    return frozenset(found)


@cache
def descriptions() -> dict[str, str]:
    """What the YAML says of each model, on one line."""
    return {
        model["name"]: " ".join(str(model.get("description", "")).split())
        for content in model_files().values()
        for model in content.get("models", [])
    }


@cache
def model_files() -> dict[Path, dict]:
    """The YAML of all models, read once: by file. Nobody may change it."""
    return {path: read_yaml(path) for path in sorted(MODELS.rglob("*.yml"))}


@cache
def _macros() -> dict[str, set[str]]:
    """The macros that read something, and what."""
    return {
        macro.group(1): refs
        for path in sorted((PROJECT / "macros").rglob("*.sql"))
        for macro in MACRO.finditer(path.read_text(encoding="utf-8"))
        if (refs := set(REF.findall(macro.group(0))))
    }
