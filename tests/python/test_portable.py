"""No SQL of the project is read differently by DuckDB and Spark: the rules of
portable.py over all models and tests, and each rule over what it must see."""

from collections.abc import Iterator

import duckdb
import pytest
from portable import RULES, Statement
from shop import Shop, read_project

from warehouse.build import run_dbt
from warehouse.contract import read_contracts

# What is let through although a rule refuses it, with the reason.
EXCEPTIONS = {
    ("texts_as_values", "stg_pbx__calls"): "a date by the loader and hh:mm[:ss]",
    ("texts_as_values", "stg_pbx__survey_answers"): "the same calls",
}
PACKAGE = "ecommerce_kpis"
# dbt's own macro that writes something else for each engine.
DATEDIFF = (
    "{% macro datediff(first_date, second_date, datepart) %}"
    "datediff('{{ datepart }}', {{ first_date }}, {{ second_date }})"
    "{% endmacro %}"
)
TABLE = """
create table t (
    n bigint, i integer, x double, m decimal(18, 4), wide decimal(38, 9), s varchar,
    loaded_number varchar, d date, moment timestamp, b boolean
)
"""
# A rule: what it refuses and what it lets through.
CASES = {
    "function_names": (
        ["count_if(b)", "concat(s, s)", "log(x)", "regexp_replace(s, 'a', '')",
         "split(s, '.')", "quantile_cont(x, 0.5)", "any_value(n)", "string_agg(s, ',')",
         "percentile_disc(0.5) within group (order by x)", "strftime(d, '%Y')",
         "epoch(moment)", "array_agg(n)", "dayofweek(d)", "median(m)"],
        ["sum(cast(b as int))", "s || s", "ln(x) + log10(x)", "matches(s, 'a')",
         "split_part(s, '.', 1)", "lower(trim(s))", "cast(m as decimal(18, 2))"],
    ),
    "type_names": (
        ["cast(n as varchar)", "cast(n as text)", "n::double", "cast(n as integer)",
         "cast(m as numeric(18, 4))"],
        ["cast(n as string)", "cast(n as bigint)", "cast(m as decimal(18, 4))"],
    ),
    "quoted_names": (['"s"', 'n as "total"'], ["s", "n as total", "'s'"]),
    "backslashes": (
        [r"regexp_extract(s, '\d', 0)", r"s like 'a\_b'"],
        ["regexp_extract(s, '[0-9]', 0)", "s like 'a!_b' escape '!'"],
    ),
    "syntax": (
        ["[1, 2]", "{'a': 1}", "* exclude (n)", "sum(n) filter (where b) over ()",
         "count(distinct n) over ()", "n // 2", "last_value(n ignore nulls) over ()",
         "sum(n) over (order by d nulls last range between interval 7 day preceding and"
         " current row)", "s ~ 'a'", "unnest([n])", "s ->> '$.a'"],
        ["sum(case when b then n end) over ()", "sum(n) filter (where b)",
         "count(distinct n)", "floor(cast(n as double) / 2)", "*",
         "sum(n) over (order by d nulls last rows between 6 preceding and 1 preceding)",
         ],
    ),
    "null_order": (
        ["row_number() over (order by n)", "row_number() over (order by n asc)",
         "row_number() over (order by d nulls last, n)"],
        ["row_number() over (order by n nulls last)",
         "row_number() over (order by n desc)",
         "row_number() over (order by n nulls first)",
         "percentile_cont(0.5) within group (order by x)"],
    ),
    "unordered_limit": (
        ["(select max(n) from t group by s limit 1)"],
        ["(select n from t order by n nulls last limit 1)"],
    ),
    "difference_units": (
        ["datediff('week', d, d)", "datediff('hour', moment, moment)"],
        ["datediff('day', d, d)", "datediff('month', d, d)"],
    ),
    "parts_of_dates": (
        ["extract(dow from d)", "extract(second from moment)"],
        ["extract(year from d)", "extract(hour from moment)"],
    ),
    "places_in_texts": (
        ["substr(s, 0, 2)", "left(s, -1)", "right(s, -1)"],
        ["substr(s, 1, 2)", "left(s, 1)", "right(s, 9)", "substr(s, -2)"],
    ),
    "trimmed_characters": (
        ["trim(s, 'x')", "ltrim(s, '0')"],
        ["trim(s)", "replace(s, 'x', '')"],
    ),
    "casts_to_whole_numbers": (
        ["cast(x as bigint)", "cast(m as int)", "cast(coalesce(x, 0) as bigint)",
         "cast(round(x, 2) as bigint)"],
        ["cast(round(x) as bigint)", "cast(floor(m) as int)", "cast(i as bigint)",
         "cast(sum(n) as bigint)", "cast(coalesce(round(x), 0) as bigint)",
         "cast(case when b then ceil(x) - n end as bigint)"],
    ),
    "decimal_divisions": (
        ["m / nullif(n, 0)", "n / 28.0", "sum(m) / count(*)", "1.0 * n / nullif(i, 0)"],
        ["cast(m as double) / nullif(n, 0)", "n / nullif(i, 0)", "m / nullif(x, 0)",
         "sum(n) / count(*)"],
    ),
    "decimal_averages": (
        ["avg(m)", "percentile_cont(0.5) within group (order by m)"],
        ["avg(x)", "avg(n)", "percentile_cont(0.5) within group (order by x)",
         "percentile_cont(0.5) within group (order by cast(m as double))"],
    ),
    "wide_decimals": (
        ["max(wide) * max(m)", "m * m * m", "wide * wide"],
        ["m * m", "m * n", "m + wide", "cast(m as double) * m * m"],
    ),
    "doubles_as_texts": (
        ["cast(x as string)", "s || x", "concat_ws('|', s, x)"],
        ["cast(cast(round(x * 100) / 100 as decimal(18, 2)) as string)",
         "cast(m as string)", "s || n", "cast(d as string)"],
    ),
    "rounded_doubles": (
        ["round(x, 2)", "cast(x as decimal(18, 4))", "cast(m * x as decimal(18, 4))",
         "cast(round(x) / n as decimal(18, 4))"],
        ["round(x * 100) / 100", "cast(round(x * 10000) / 10000 as decimal(18, 4))",
         "round(m, 2)", "cast(m as decimal(18, 2))", "cast(s as decimal(18, 4))",
         "cast(case when b then round(x) else 0 end / 100 as decimal(18, 4))"],
    ),
    "texts_as_values": (
        ["cast(s as date)", "try_cast(s as timestamp)", "cast(s as bigint)",
         "cast(loaded_number as date)"],
        ["cast(s as decimal(18, 4))", "cast(loaded_number as bigint)",
         "d > '2024-01-01'",
         "case when regexp_matches(s, '^[0-9-]{10}$') then cast(s as date) end",
         "date '2024-01-01'"],
    ),
    "dates_with_intervals": (
        ["d + interval '1' day", "least(d, d - n * interval '1' day)"],
        ["cast(d + interval '1' day as date)", "d < d + interval '1' day",
         "moment + interval '1' day", "cast(least(d, d - interval '1' day) as date)"],
    ),
    "dates_subtracted": (["d - d", "d - date '2024-01-01' > 3"], ["d + i", "n - n"]),
    "sums_of_booleans": (["sum(b)", "sum(n > 1)"], ["sum(cast(b as int))", "sum(n)"]),
    "column_types": (
        ["sum(n)", "cast(1 as hugeint)", "moment - moment"],
        ["cast(sum(n) as bigint)", "m", "d", "moment", "s", "b", "count(*)"],
    ),
}  # fmt: skip
WHOLE = {
    "syntax": [
        "select n from t qualify row_number() over (order by n nulls last) = 1",
        "with recursive r as (select 1 as n union all select n from r) select n from r",
        "select t.n from t asof join t as u on t.d >= u.d",
    ],
    "unordered_limit": ["select n from t limit 3"],
    "null_order": ["select n from t order by n"],
}


@pytest.fixture(scope="module")
def example() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with one table of every type."""
    with duckdb.connect() as connection:
        connection.execute(TABLE)
        yield connection


def found(sql: str, rule: str, connection) -> list[str]:
    """What a rule finds in a statement."""
    macros = frozenset({"matches", "datediff"})
    # DuckDB binds what the other rules are about; these see the words alone.
    binds = RULES[rule].reads_plan
    return RULES[rule].findings(
        Statement(
            sql,
            connection if binds else None,
            macros=macros,
            loaded={"loaded_number": "integer"},
        )
    )


@pytest.mark.parametrize("rule", RULES)
def test_rule_sees_what_differs_and_nothing_else(rule, example):
    """Each rule refuses its examples, and lets their portable forms through."""
    refused, accepted = CASES[rule]
    for expression in refused:
        assert found(f"select {expression} from t", rule, example), expression
    for sql in WHOLE.get(rule, []):
        assert found(sql, rule, example), sql
    for expression in accepted:
        assert not found(f"select {expression} from t", rule, example), expression


# ------------------------------------------------------------------------ the project


def portable_macros(manifest) -> frozenset[str]:
    """The project's macros that write something else for each engine."""
    own = {m.name for m in manifest.macros.values() if m.package_name == PACKAGE}
    return frozenset(name for name in own if f"spark__{name}" in own)


def with_calls(manifest):
    """A copy of the project in which a portable macro writes a call of its own name,
    and a source is a table."""
    copy = manifest.deepcopy()
    for name in portable_macros(manifest):
        copy.macros[f"macro.{PACKAGE}.{name}"].macro_sql = (
            f"{{% macro {name}() %}}{name}("
            "{{ ((varargs | list) + (kwargs.values() | list)) | join(', ') }}"
            "){% endmacro %}"
        )
    copy.macros["macro.dbt.datediff"].macro_sql = DATEDIFF
    for source in copy.sources.values():
        source.config._extra.pop("external_location", None)
    return copy


def compiled(manifest, *exclude: str) -> dict[str, str]:
    """The SQL of models and tests by key; incremental ones as they are from nothing."""
    left_out = ("test_type:unit", "resource_type:analysis", "resource_type:seed")
    done = run_dbt(
        *("compile", "--target=dev", "--no-write-json", "--full-refresh"),
        *("--exclude", *left_out, *exclude),
        manifest=manifest,
    )
    assert done.success, done.exception
    return {
        entry.node.unique_id: entry.node.compiled_code
        for entry in done.result.results
        if str(entry.node.language) == "sql" and entry.node.resource_type != "operation"
    }


@pytest.fixture(scope="module")
def statements(tmp_path_factory) -> Iterator[dict[str, Statement]]:
    """Every model and test, over a database with all relations and no rows."""
    shop = Shop(tmp_path_factory.mktemp("portable"))
    shop.landing.mkdir()
    shop.load()
    with shop.surroundings(), duckdb.connect() as connection:
        manifest = read_project()
        calls = compiled(with_calls(manifest))
        # Those of YAML are a few macros: their words are looked at, not their plans.
        real = compiled(manifest, "test_type:generic")
        connection.execute("attach ':memory:' as warehouse; use warehouse")
        connection.execute("set TimeZone = 'UTC'")
        _create_relations(connection, manifest, real)
        macros = portable_macros(manifest) | {"datediff"}
        yield {
            key: Statement(
                sql,
                connection if key in real else None,
                real.get(key),
                macros,
                _loaded(manifest.nodes[key]),
                is_model=key.startswith("model."),
            )
            for key, sql in calls.items()
        }


def _create_relations(connection, manifest, compiled: dict[str, str]) -> None:
    """Tables without rows of all seeds and models, in the order in which they read."""
    created = set()

    def create(key: str) -> None:
        node = manifest.nodes.get(key)
        if node is None or key in created:
            return
        created.add(key)
        for before in getattr(node.depends_on, "nodes", []):
            create(before)
        if key.startswith("seed."):
            columns = dict(node.config.column_types)
        elif key in compiled:
            result = connection.sql(compiled[key])
            columns = dict(zip(result.columns, map(str, result.types), strict=True))
        else:
            columns = {name: c.data_type for name, c in node.columns.items()}
        said = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        connection.execute(f"create table {node.name} ({said})")

    for key in manifest.nodes:
        if key.startswith(("model.", "seed.")):
            create(key)


def _loaded(node) -> dict[str, str]:
    """The contract's types of the columns that a view reads from the lake."""
    contracts = read_contracts()
    types = {}
    for key in node.depends_on.nodes:
        if key.startswith("source."):
            *_, source, name = key.split(".")
            for table in contracts[source].tables if source in contracts else ():
                if table.name == name:
                    types |= {column.name: column.type for column in table.columns}
    return types


def test_no_sql_is_read_differently(statements):
    """Models and tests give the same on DuckDB and Spark, as far as the rules see."""
    findings, used = [], set()
    # One by one: what a statement has read of itself is large.
    while statements:
        key, statement = statements.popitem()
        name = key.split(".")[2]
        for rule in RULES.values():
            found = rule.findings(statement)
            if found and (rule.name, name) in EXCEPTIONS:
                used.add((rule.name, name))
            else:
                findings += [f"{name}: {text}" for text in found]
    assert not findings, "\n".join(findings)
    assert used == set(EXCEPTIONS), "an exception that nothing needs any more"


def test_seeds_say_their_types():
    """A type that is guessed from the rows is guessed by each engine in its own way."""
    manifest = read_project()
    broken = [
        f"{node.name}.{column}"
        for key, node in manifest.nodes.items()
        if key.startswith("seed.")
        for column in node.columns
        if column not in node.config.column_types
    ]
    assert not broken, f"{broken}; name them in the seed's column_types"
