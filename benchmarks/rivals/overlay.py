"""A small dbt project of the models that some KPIs are made of, for another engine.

It is a folder of copies: the SQL, macros and seeds of this project and the sources of
its YAML, with neither tests, contracts nor words. So dbt on DuckDB and its rival are
given the same models and nothing else.
"""

import json
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import contest
import process
import yaml
from contest import PROJECT

REFERENCE = re.compile(r"\bref\(\s*'(\w+)'\s*\)")
# As in ref('stg_' ~ source ~ '__reviews'): every model that may be meant.
COMPOSED = re.compile(r"\bref\(\s*'(\w+)' ~ \w+ ~ '(\w+)'")
MACRO = re.compile(r"\{%-?\s*macro\s+(\w+)(.*?)endmacro", re.DOTALL)
TEXT = {"encoding": "utf-8"}


def models() -> dict[str, Path]:
    """Every SQL model by its name."""
    return {path.stem: path for path in (PROJECT / "models").rglob("*.sql")}


def references() -> Callable[[str], set[str]]:
    """A function: the models and seeds that SQL names, itself or by a macro."""
    known, bodies = models(), {}
    for path in (PROJECT / "macros").glob("*.sql"):
        bodies |= dict(MACRO.findall(path.read_text(**TEXT)))

    def named(text: str) -> set[str]:
        found = set(REFERENCE.findall(text))
        for start, rest in COMPOSED.findall(text):
            found |= {n for n in known if n.startswith(start) and rest in n}
        for word in set(re.findall(r"\b(\w+)\(", text)) & bodies.keys():
            if bodies[word] is not text:
                found |= named(bodies[word])
        return found

    return named


def made_of(kpis: Iterable[str]) -> list[str]:
    """The models of some KPIs: their views and all that these are made of, sorted."""
    known, named = models(), references()
    found, left = set(), {f"kpi_{kpi}" for kpi in kpis}
    while left:
        name = left.pop()
        found.add(name)
        left |= (named(known[name].read_text(**TEXT)) & known.keys()) - found
    return sorted(found)


def write(folder: Path, kpis: Iterable[str], change=lambda sql: sql) -> list[str]:
    """Write the project of these KPIs into a folder; the names of its models.

    Args:
        folder: An empty one.
        kpis: Whose models.
        change: What the rival's SQL needs: gets a model's text, gives another.
    """
    known, names = models(), made_of(kpis)
    for name in names:
        path = folder / known[name].relative_to(PROJECT)
        path.parent.mkdir(parents=True, exist_ok=True)
        sql = known[name].read_text(**TEXT)
        # Rivals make all of it from nothing, and name increments in words of their own.
        sql = sql.replace("materialized='incremental'", "materialized='table'")
        path.write_text(change(sql), **TEXT)
    for path in (PROJECT / "models").rglob("*.yml"):
        sources = (yaml.safe_load(path.read_text(**TEXT)) or {}).get("sources")
        if sources:
            there = folder / path.relative_to(PROJECT)
            there.parent.mkdir(parents=True, exist_ok=True)
            plain = [
                {
                    "name": source["name"],
                    # Where SQLMesh looks for it, too.
                    "meta": source.get("config", {}),
                    "tables": [{"name": table["name"]} for table in source["tables"]],
                }
                for source in sources
            ]
            there.write_text(yaml.safe_dump({"version": 2, "sources": plain}), **TEXT)
    for part in ("macros", "seeds"):
        shutil.copytree(PROJECT / part, folder / part)
    for path in (folder / "seeds").glob("*.yml"):
        seeds = yaml.safe_load(path.read_text(**TEXT))["seeds"]
        plain = [{"name": s["name"], "config": s.get("config", {})} for s in seeds]
        path.write_text(yaml.safe_dump({"version": 2, "seeds": plain}), **TEXT)
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(**TEXT))
    for part in ("facts", "rollups"):
        project["models"]["ecommerce_kpis"][part].pop("+contract")
    (folder / "dbt_project.yml").write_text(yaml.safe_dump(project), **TEXT)
    shutil.copy(PROJECT / "profiles.yml", folder)
    return names


class Build(NamedTuple):
    """A `dbt build`.

    Attributes:
        done: What it has used.
        failed: Model or seed → what was wrong with it.
    """

    done: process.Done
    failed: dict[str, str]

    def facts(self, prefix: str = "") -> dict:
        """What the answer of a rival says of it."""
        return facts(self.done, prefix)


def facts(done: process.Done, prefix: str = "") -> dict:
    """Seconds, processor seconds and peak memory, as an answer names them."""
    return {
        f"{prefix}seconds": round(done.seconds, 2),
        f"{prefix}cpu_seconds": round(done.cpu_seconds, 2),
        f"{prefix}peak_memory_bytes": done.peak_memory_bytes,
    }


def dbt_build(
    python: str, project: Path, data: Path, server: int | None = None
) -> Build:
    """`dbt build` of an overlay, which is read from nothing.

    Args:
        python: Of the environment whose dbt it is.
        project: The overlay; its profile says where the models go.
        data: The folder of lake/, where DuckDB's file is written.
        server: Process id of a database server, whose work counts.
    """
    done = process.run(
        [
            *(python, "-c", "from dbt.cli.main import cli; cli()", "build"),
            *("--profiles-dir", str(project), "--target", "demo"),
            *("--threads", str(contest.THREADS)),
        ],
        project,
        server,
        WAREHOUSE_DATA=str(data),
        DBT_TARGET_PATH=str(project / "target"),
    )
    results = project / "target/run_results.json"
    if not results.exists():
        raise SystemExit(done.log)
    found = json.loads(results.read_text(**TEXT))["results"]
    return Build(
        done,
        {
            result["unique_id"].rpartition(".")[2]: result["message"] or "not run"
            for result in found
            if result["status"] != "success"
        },
    )
