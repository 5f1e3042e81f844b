"""The rules that keep the project readable, checked over dbt's manifest and the files.

Every check says what breaks the rule and what to do about it.
"""

import ast
import json
import re
import subprocess
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
import yaml
from shop import PROJECT, Copy, Shop, read_project

from warehouse.catalog import kpis, listed_kpis
from warehouse.lineage import nodes
from warehouse.new import FILL_IN
from warehouse.proof import decorated, leading_comment, proofs

# What a layer may read: folders of models, `source` and `seed`.
MAY_READ = {
    "base": {"source"},
    "staging": {"source", "seed", "base"},
    "intermediate": {"staging", "intermediate", "seed"},
    "facts": {"intermediate", "facts", "seed"},
    "rollups": {"facts", "rollups"},
    "kpis": {"rollups"},
    "marts": {"facts", "rollups", "kpis", "marts", "seed"},
    "semantic": {"facts", "rollups"},
}
META = {
    "label": str,
    "theme": (
        *("sales", "conversion", "marketing", "customers", "email", "service"),
        *("fulfilment", "inventory", "market"),
    ),
    "unit": (
        *("money", "count", "percent", "number", "ratio"),
        *("seconds", "minutes", "hours", "days", "months", "points", "position"),
    ),
    "better": ("up", "down", "none"),
    "kind": ("sum", "ratio", "distinct", "quantile", "derived"),
    "additive": bool,
    "owner": str,
    "sources": list,
    "formula": str,
    "aliases": dict,
}
LANGUAGES = ("en", "es", "fr", "ru", "zh")
KPI_COLUMNS = [
    "grain", "period_start", "dimension", "member", "numerator", "denominator", "value",
]  # fmt: skip
CLOCK = r"\bcurrent_date\b|\bcurrent_timestamp\b|\bnow\s*\(|\btoday\s*\(|\bgetdate\s*\("


# -------------------------------------------------------------------- what is looked at


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Shop:
    """A shop without data."""
    shop = Shop(tmp_path_factory.mktemp("structure"))
    shop.landing.mkdir()
    return shop


@pytest.fixture(scope="module")
def manifest(shop) -> dict:
    """dbt's manifest of the project as it stands."""
    with shop.surroundings():
        return read_project().writable_manifest().to_dict()


@pytest.fixture(scope="module")
def built(shop, manifest) -> dict[str, list[str]]:
    """Columns of every relation, of a warehouse built over an empty lake."""
    shop.load()
    shop.build("path:models", "path:seeds", "--quiet", "--empty")
    columns = defaultdict(list)
    for table, column in shop.ask(
        "select table_name, column_name from information_schema.columns"
        " where table_schema = 'main' order by table_name, ordinal_position"
    ):
        columns[table].append(column)
    return dict(columns)


def test_a_warning_says_what_it_is_and_what_to_do(manifest):
    """A reader of the report sees these words, not the name of a test."""
    tests = {
        node["name"]: node["description"] or leading_comment(node["raw_code"])
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and node["config"]["severity"].lower() == "warn"
    }
    assert len(tests) > 15
    short = [name for name, words in tests.items() if len(words.split(". ")) < 2]
    assert short == [], "two sentences: what was found, what to do"


def models(manifest: dict) -> list[dict]:
    """The project's models."""
    return [n for n in manifest["nodes"].values() if n["resource_type"] == "model"]


def layer(node: dict) -> str:
    """The layer of a node: its folder; bases and KPI views are layers of their own."""
    if node["resource_type"] in ("source", "seed"):
        return node["resource_type"]
    if node["name"].startswith("base_"):
        return "base"
    folder = node["path"].split("/")[0]
    return "kpis" if is_kpi(node) else folder


def is_kpi(node: dict) -> bool:
    """True for the view of one KPI; the scorecard's models are marts."""
    return (
        node["path"].startswith("marts/")
        and not node["path"].startswith("marts/scorecard/")
        and node["name"].startswith("kpi_")
    )


def text_of(name: str) -> str:
    """A tracked file."""
    return (PROJECT / name).read_text(encoding="utf-8")


@cache
def plain_sql(path: str) -> str:
    """A model's SQL without Jinja, comments and literals, in lower case; nothing of a
    Python model, which has rules of its own."""
    sql = text_of(path) if path.endswith(".sql") else ""
    sql = re.sub(r"\{#.*?#\}|\{%.*?%\}", " ", sql, flags=re.DOTALL)
    sql = re.sub(r"\{\{.*?\}\}", "jinja_expression", sql, flags=re.DOTALL)
    sql = re.sub(r"--[^\n]*|/\*.*?\*/", " ", sql, flags=re.DOTALL)
    return re.sub(r"'(?:[^']|'')*'", "''", sql).lower()


@cache
def tracked_files() -> list[str]:
    """Files under version control; where there is no git, all but ignored folders."""
    done = subprocess.run(
        ["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True
    )
    if done.returncode == 0 and done.stdout:
        return [f for f in done.stdout.splitlines() if (PROJECT / f).is_file()]
    ignored = (".venv", ".git", "data", "target", "logs", "_stubs", "__pycache__")
    return [
        str(p.relative_to(PROJECT))
        for p in PROJECT.rglob("*")
        if p.is_file() and not any(part in ignored for part in p.parts)
    ]


def fail_on(broken: list[str], what_to_do: str) -> None:
    """Fail with every offender and one piece of advice."""
    assert not broken, "\n".join([*sorted(broken), "", f"What to do: {what_to_do}"])


# --------------------------------------------------------------------------- the layers


def test_layers_read_only_what_lies_before_them(manifest):
    """Data flow one way."""
    everything = {**manifest["nodes"], **manifest["sources"]}
    broken = []
    for node in models(manifest):
        for parent in node["depends_on"]["nodes"]:
            read = layer(everything[parent])
            if read not in MAY_READ.get(layer(node), set()):
                broken.append(f"{node['name']} ({layer(node)}) reads {parent} ({read})")
    fail_on(broken, "move the logic one layer down, or the model to its layer.")


def test_lineage_from_the_files_is_dbts_own(manifest):
    """`warehouse explain` and the proof read refs from the files, without a parse."""
    broken = []
    for node in models(manifest):
        before = [name.split(".") for name in node["depends_on"]["nodes"]]
        reads = {name[-1] for name in before if name[0] != "source"}
        tables = {".".join(name[-2:]) for name in before if name[0] == "source"}
        read = nodes()[node["name"]]
        if (reads, tables) != (read.reads, read.tables):
            difference = (reads ^ read.reads) | (tables ^ read.tables)
            broken.append(f"{node['name']}: {', '.join(sorted(difference))}")
    fail_on(broken, "write ref() with a plain name, or teach warehouse.lineage.")


def test_staging_is_one_select_from_one_source(manifest):
    """A staging view renames one table, itself or by its base; the next layer brings
    sources together."""

    def sources(node: dict) -> set[str]:
        parents = [each for each in node["depends_on"]["nodes"] if "seed." not in each]
        bases = [manifest["nodes"][each] for each in parents if "model." in each]
        return {p for p in parents if "source." in p}.union(*map(sources, bases))

    broken = [
        f"{node['name']} reads {len(tables)} sources: {', '.join(sorted(tables))}"
        for node in models(manifest)
        if layer(node) == "staging" and len(tables := sources(node)) != 1
    ]
    fail_on(broken, "give each source table its own view; unite them in an int_ model.")


def test_names_say_the_layer(manifest):
    """base_ and stg_<source>__, int_, fct_ and dim_, rollup_, cube_."""
    prefixes = {
        "base": ("base_",),
        "staging": ("stg_",),
        "intermediate": ("int_",),
        "facts": ("fct_", "dim_"),
        "rollups": ("rollup_",),
        "semantic": ("cube_",),
    }
    broken = [
        f"{node['original_file_path']}"
        for node in models(manifest)
        if not node["name"].startswith(prefixes.get(layer(node), ("",)))
    ]
    fail_on(broken, f"rename; the prefixes are {prefixes}.")


# ---------------------------------------------------------------------------- the words


def test_every_model_says_what_a_row_is(manifest):
    """A description begins with the grain."""
    broken = [
        f"{node['name']}: {node['description'][:50]!r}"
        for node in models(manifest)
        if not node["description"].startswith("One row per")
    ]
    fail_on(broken, 'begin the description in the model\'s YAML with "One row per …".')


def test_every_seed_is_described_and_typed(manifest):
    """People edit seeds: they must see what a cell means; dbt must not guess types."""
    broken = []
    for node in manifest["nodes"].values():
        if node["resource_type"] == "seed":
            with (PROJECT / node["original_file_path"]).open() as file:
                header = file.readline().strip().split(",")
            types = node["config"].get("column_types") or {}
            if not node["description"]:
                broken.append(f"{node['name']} has no description")
            for column in header:
                if not node["columns"].get(column, {}).get("description"):
                    broken.append(f"{node['name']}.{column} has no description")
                typed = node["columns"].get(column, {}).get("data_type")
                if column not in types and not typed:
                    broken.append(f"{node['name']}.{column} has no type")
    fail_on(broken, "add it to the seed's YAML in seeds/.")


def test_every_column_is_described(manifest):
    """Each column of each model has words and, from the facts on, a type."""
    broken = []
    for node in models(manifest):
        if not node["columns"] and not is_kpi(node):  # theirs are those of kpi_values
            broken.append(f"{node['name']} documents no column")
        for column in node["columns"].values():
            if not column["description"].strip():
                broken.append(f"{node['name']}.{column['name']} has no description")
    fail_on(broken, "write a short description in the model's YAML.")


def test_no_pasted_descriptions():
    """Two columns of one model that are described alike are not described at all."""
    broken = []
    for path in sorted((PROJECT / "models").rglob("*.yml")):
        content = yaml.safe_load(path.read_text()) or {}
        tables = [t for s in content.get("sources", []) for t in s.get("tables", [])]
        for model in [*content.get("models", []), *tables]:
            seen = {}
            for column in model.get("columns") or []:
                words = " ".join(str(column.get("description") or "").lower().split())
                if words and words in seen:
                    where = f"{path.relative_to(PROJECT)}: {model['name']}"
                    broken.append(
                        f"{where}.{column['name']} = {seen[words]}: {words!r}"
                    )
                seen[words] = column["name"]
    fail_on(broken, "say in a few words how the second differs from the first.")


# ------------------------------------------------------------------- keys and contracts


def test_every_model_has_a_key(manifest):
    """A table without a tested key fans out sooner or later; KPI views are tested in
    kpi_values, as one."""
    keyed = {
        node.get("attached_node")
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and (node.get("test_metadata") or {}).get("name") == "valid_rows"
        and node["test_metadata"]["kwargs"].keys() & {"key", "unique"}
    }
    broken = [
        node["name"]
        for node in models(manifest)
        if not is_kpi(node)
        and node["unique_id"] not in keyed
        and not node["config"]["meta"].get("without_key")
    ]
    fail_on(
        broken,
        "add the generic test valid_rows with the columns of the grain as its key; if "
        "rows have none, say why in the model's config.meta.without_key.",
    )


def test_facts_and_rollups_have_contracts(manifest):
    """dbt refuses a fact or rollup whose columns or types drift from its YAML."""
    broken = [
        node["name"]
        for node in models(manifest)
        if layer(node) in ("facts", "rollups")
        and not node["config"]["contract"]["enforced"]
    ]
    fail_on(broken, "leave the folder's contract on.")


def test_documented_columns_are_the_built_columns(manifest, built):
    """The YAML names every column that is built, and none that is not."""
    broken = []
    for node in models(manifest):
        documented = set(KPI_COLUMNS if is_kpi(node) else node["columns"])
        columns = set(built.get(node["name"], []))
        if missing := columns - documented:
            broken.append(f"{node['name']}: not documented: {sorted(missing)}")
        if ghosts := documented - columns:
            broken.append(f"{node['name']}: documented, not built: {sorted(ghosts)}")
    fail_on(broken, "make the YAML's columns those of the last select.")


# ----------------------------------------------------------------------------- the KPIs


def test_every_kpi_is_complete(manifest):
    """A KPI is a view, its YAML with meta and a unit test, and a line in kpi_values."""
    tested = {
        test["model"] for test in manifest["unit_tests"].values() if "model" in test
    }
    listed = {f"kpi_{kpi_id}" for kpi_id in listed_kpis()}
    found = {node["name"] for node in models(manifest) if is_kpi(node)}
    broken = [f"{name}: not in the list of kpi_values.sql" for name in found - listed]
    broken += [f"{name}: listed in kpi_values.sql, no model" for name in listed - found]
    for node in models(manifest):
        if is_kpi(node):
            sibling = Path(node["original_file_path"]).with_suffix(".yml")
            if not (PROJECT / sibling).exists():
                broken.append(f"{node['name']}: no {sibling}")
            if node["name"] not in tested:
                broken.append(f"{node['name']}: no unit test")
            broken += [f"{node['name']}: {p}" for p in meta_problems(node)]
    fail_on(broken, "copy a neighbour's YAML, change every line, and list the KPI.")


def meta_problems(node: dict) -> list[str]:
    """What is missing or wrong in a KPI's meta."""
    meta = node["config"]["meta"]
    problems = []
    for key, expected in META.items():
        value = meta.get(key)
        if isinstance(expected, tuple):
            if value not in expected:
                problems.append(f"meta.{key} is {value!r}, not one of {expected}")
        elif not isinstance(value, expected) or value in ("", [], {}):
            problems.append(f"meta.{key} is {value!r}, not a {expected.__name__}")
    aliases = meta.get("aliases") or {}
    problems += [f"no aliases.{lang}" for lang in LANGUAGES if not aliases.get(lang)]
    if meta.get("theme") != node["path"].split("/")[1]:
        problems.append(f"theme {meta.get('theme')!r} is not its folder")
    if meta.get("additive") and meta.get("kind") in ("ratio", "quantile"):
        problems.append(f"a {meta['kind']} never adds up: additive must be false")
    return problems


def test_a_kpi_divides_and_nothing_else(manifest):
    """Seven columns; a ratio's last line is numerator over nullif(denominator, 0)."""
    broken = []
    for node in models(manifest):
        if is_kpi(node):
            sql = text_of(node["original_file_path"])
            if "{%" in sql:
                broken.append(f"{node['name']}: Jinja control flow hides the formula")
            head, _, tail = plain_sql(node["original_file_path"]).rpartition(
                " as value"
            )
            last = head.rpartition("denominator,")[2]
            if not re.match(r"\s+from\b", tail):
                broken.append(f"{node['name']}: value is not the last column")
            if node["config"]["meta"].get("kind") == "ratio" and "nullif(" not in last:
                broken.append(f"{node['name']}: value is no nullif division")
    fail_on(broken, "write cast(x as double) / nullif(y, 0) as value, seven columns.")


def test_counted_shares_have_an_interval():
    """A conversion rate of 3 in 40 is not 7.5 % for sure; shares of counts say so."""
    broken = [
        f"{kpi.kpi_id}: {kpi.meta.get('formula')}"
        for kpi in kpis()
        if kpi.meta.get("kind") == "ratio"
        and kpi.meta.get("unit") == "percent"
        and not isinstance(kpi.meta.get("proportion"), bool)
    ]
    fail_on(
        broken,
        "set meta.proportion: true if the numerator counts some of the things that the "
        "denominator counts, else false.",
    )


def test_nothing_is_left_to_fill_in():
    """`warehouse new` writes FILL IN where only a person knows what belongs there."""
    broken = [
        f"{path.relative_to(PROJECT)}:{number}: {line.strip()}"
        for path in sorted((PROJECT / "models").rglob("*.yml"))
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if FILL_IN in line
    ]
    fail_on(broken, "write what is asked for there, and take the words FILL IN out.")


def test_what_is_begun_fits(shop, built, tmp_path):
    """`warehouse new` writes a KPI and a source that parse, build and pass, and whose
    meta is whole."""
    copy = Copy(tmp_path, shop)
    copy.begin()
    copy.run("warehouse", "load")
    shop.take_parsed()
    begun = ("kpi_checkout_share", "stg_yotpo__reviews")
    variables = ("--vars", "{}", "--quiet")
    copy.run("dbt.cli.main", "build", *variables, "--select", *begun)
    assert shop.ask("select count(*) from kpi_checkout_share") == [(0,)]
    found = json.loads((shop.folder / "target" / "manifest.json").read_text())
    nodes_begun = {n["name"]: n for n in models(found) if n["name"] in begun}
    assert nodes_begun.keys() == set(begun)
    assert meta_problems(nodes_begun[begun[0]]) == []
    tested = {test["model"] for test in found["unit_tests"].values()}
    assert begun[0] in tested


def test_no_two_kpis_share_a_name():
    """Who asks for a KPI by a name must get one answer. Labels and English names only:
    the sources themselves use one Chinese name for two."""
    seen, broken = {}, []
    for kpi in kpis():
        for name in {kpi.meta["label"], *kpi.meta.get("aliases", {}).get("en", [])}:
            if seen.setdefault(name.lower(), kpi.kpi_id) != kpi.kpi_id:
                broken.append(f"{name!r}: {seen[name.lower()]} and {kpi.kpi_id}")
    fail_on(broken, "keep the name where people mean it, drop the other.")


# ---------------------------------------------------------------------------------- SQL


def test_models_never_read_the_clock(manifest):
    """as_of is the newest moment in the data: the same data give the same numbers."""
    broken = [
        node["original_file_path"]
        for node in models(manifest)
        if re.search(CLOCK, plain_sql(node["original_file_path"]))
    ]
    fail_on(broken, "read as_of from dim_as_of, or is_current from dim_periods.")


def test_nothing_is_averaged_twice(manifest):
    """A mean cannot be added up or sliced again: its parts can."""
    broken = [
        node["original_file_path"]
        for node in models(manifest)
        if layer(node) in ("rollups", "kpis", "marts")
        and re.search(r"\b(avg|mean)\s*\(", plain_sql(node["original_file_path"]))
    ]
    fail_on(broken, "carry the sum and the count, and divide in the KPI.")


def test_divisions_say_nullif(manifest):
    """DuckDB gives inf and nan where people expect an empty cell."""
    broken = []
    for node in models(manifest):
        sql = plain_sql(node["original_file_path"])
        for match in re.finditer(r"/\s*([^\s(]+)(\(?)", sql):
            divisor = match.group(1)
            if not re.match(r"nullif|[0-9.]+(e0)?([,)]|$)|jinja_expression", divisor):
                broken.append(f"{node['original_file_path']}: / {divisor}")
    fail_on(broken, "divide by nullif(x, 0).")


def test_python_models_only_carry(manifest):
    """What SQL cannot do is done in the package, where it is documented and tested; a
    Python model hands it the rows. Only intermediate ones: facts have contracts."""
    broken = []
    for node in models(manifest):
        if node["language"] == "python":
            path = node["original_file_path"]
            tree = ast.parse(text_of(path))
            imported = {
                name.split(".")[0]
                for part in ast.walk(tree)
                if isinstance(part, ast.Import | ast.ImportFrom)
                for name in (
                    [part.module]
                    if isinstance(part, ast.ImportFrom)
                    else [alias.name for alias in part.names]
                )
            }
            if layer(node) != "intermediate":
                broken.append(f"{path}: a Python model in {layer(node)}")
            if foreign := imported - {"numpy", "warehouse"}:
                broken.append(f"{path}: imports {sorted(foreign)}")
            if len(text_of(path).splitlines()) > 100:
                broken.append(f"{path}: longer than 100 lines")
            if not all(
                ast.get_docstring(part)
                for part in [tree, *ast.walk(tree)]
                if isinstance(part, ast.Module | ast.FunctionDef)
            ):
                broken.append(f"{path}: something without a docstring")
    fail_on(broken, "move the maths to scripts/warehouse/, or write the model in SQL.")


def test_orders_say_where_nulls_go(manifest):
    """The engines disagree on where NULL sorts, and a first row would differ."""
    broken = []
    for node in models(manifest):
        sql = plain_sql(node["original_file_path"])
        sql = re.sub(r"within group\s*\(\s*order by[^)]*\)", "", sql)
        for clause in re.split(r"\border by\b", sql)[1:]:
            for item in order_items(clause):
                if not re.search(r"\bnulls\s+(first|last)$", item):
                    broken.append(f"{node['original_file_path']}: order by {item}")
    fail_on(broken, "write nulls last (or first) behind each column of an order by.")


def order_items(clause: str) -> list[str]:
    """The items of an order by, cut where its bracket or clause ends."""
    items, depth, item = [], 0, ""
    for character in clause:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            break
        if character == "," and depth == 0:
            items.append(item)
            item = ""
        else:
            item += character
    items.append(re.split(r"\b(?:rows|limit|union)\b", item)[0])
    return [" ".join(item.split()) for item in items]


# ------------------------------------------------------------------------ the documents


def test_generated_documents_are_fresh():
    """KPIS.md and the flat templates are what the YAML says today."""
    from warehouse.catalog import documents

    broken = [
        str(path.relative_to(PROJECT))
        for path, text in documents().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    fail_on(broken, "run `make docs` and commit what it writes.")


def test_every_kpi_is_proved():
    """Unit tests and an identity at least; and nothing claims to prove a KPI of another
    name."""
    found = proofs()
    unproved = [
        proof.kpi.kpi_id
        for proof in found
        if not (proof.unit_tests and proof.row_tests and proof.identities)
    ]
    fail_on(unproved, "give it a unit test, and name its rollup in a test of tests/.")
    known = {proof.kpi.kpi_id for proof in found}
    claimed = {*decorated("confirms"), *decorated("opinion")}
    fail_on(
        sorted(claimed - known), "these are no KPIs: spell them as kpi_catalog does."
    )


def test_the_repository_speaks_of_itself():
    """No path of the machine it was written on, and no host that packages came from."""
    machine = re.compile(r"(?<![\w.$}])/(?:work|root|home/\w+|Users/\w+)/[\w.]")
    host = re.compile(
        r"https?://[^\s/]*\b(?:pypi|artifactory|nexus|jfrog|devpi|python[h]osted)\b"
        r"|--(?:extra-)?index-url\s*[= ]\s*\S*://"
    )
    broken = []
    for name in tracked_files():
        try:
            text = text_of(name)
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            for pattern in (machine, host):
                if found := pattern.search(line):
                    broken.append(f"{name}:{number}: {found.group(0)}")
    fail_on(broken, "write a path from the project's folder, and no host.")
