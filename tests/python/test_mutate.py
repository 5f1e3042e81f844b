"""The operators of `warehouse mutate`, its choice of places, and what it has written.

That the project's checks kill mutations is tried on the tiny shop: test_tiny_shop.py.
"""

from collections import Counter

import pytest
from shop import PROJECT

from warehouse.errors import UserError
from warehouse.mutate import DEFECTS, EQUIVALENT, check_results, readme, results
from warehouse.mutations import OPERATORS, Defect, Text, defects, sites

# What each operator makes of a text: all of its changes, in the order of the text.
EXAMPLES = {
    "filter dropped": (
        "select a from t where a between 1 and 2 and b = 'x and y' group by a",
        [
            "select a from t where true and b = 'x and y' group by a",
            "select a from t where a between 1 and 2 and true group by a",
        ],
    ),
    "null key kept": (
        "select a from t where (a = 1 or b) and k is not null",
        ["select a from t where (a = 1 or b) and true"],
    ),
    "join loosened": (
        "select t.a from t left join u on t.k = u.k and t.d = u.d where t.a = 1",
        ["select t.a from t left join u on t.k = u.k and true where t.a = 1"],
    ),
    "outer to inner join": (
        "from t left join u on t.k = u.k",
        ["from t inner join u on t.k = u.k"],
    ),
    "inner to outer join": (
        "from t inner join u on t.k = u.k",
        ["from t left join u on t.k = u.k"],
    ),
    "rows twice": (
        "select a from {{ ref('t') }} join {{ ref('u') }} as v on t.k = v.k",
        [
            "select a from (select * from {{ ref('t') }} union all select * from "
            "{{ ref('t') }}) as t join {{ ref('u') }} as v on t.k = v.k",
            "select a from {{ ref('t') }} join (select * from {{ ref('u') }} union all "
            "select * from {{ ref('u') }}) as v on t.k = v.k",
        ],
    ),
    "amount squared": (
        "select sum(t.net_sales), sum(orders) from t",
        ["select sum(t.net_sales * t.net_sales), sum(orders) from t"],
    ),
    "sum to maximum": ("select sum(a) from t", ["select max(a) from t"]),
    "distinct dropped": (
        "select count(distinct a) from t",
        ["select count(a) from t"],
    ),
    "union made distinct": ("a union all b union c", ["a union  b union c"]),
    "parts swapped": (
        "select\n    member,\n    f(a, 1) as numerator,\n    b as denominator,",
        ["select\n    member,\n    b as numerator,\n    f(a, 1) as denominator,"],
    ),
    "parentheses dropped": (
        "select (a - b) / c, (d + e) from t",
        ["select a - b / c, (d + e) from t"],
    ),
    "plus for minus": (
        "select a + b, -c, 'd - e' from t",
        ["select a - b, -c, 'd - e' from t"],
    ),
    "nullif dropped": ("select a / nullif(f(b, 1), 0)", ["select a / f(b, 1)"]),
    "coalesce dropped": ("select coalesce(f(a, b), 0)", ["select f(a, b)"]),
    "boundary moved": (
        "where a < 1 and b <> 2 or c >= d",
        ["where a <= 1 and b <> 2 or c >= d", "where a < 1 and b <> 2 or c > d"],
    ),
    "wrong date": (
        "select t.order_date as day from t where t.return_date = 1",
        [
            "select t.return_date as day from t where t.return_date = 1",
            "select t.order_date as day from t where t.order_date = 1",
        ],
    ),
    "wrong time zone": (
        "select cast(paid_at_local as date), {{ to_local('a.b_at', \"c\") }} from t",
        [
            "select cast(paid_at as date), {{ to_local('a.b_at', \"c\") }} from t",
            "select cast(paid_at_local as date), a.b_at from t",
        ],
    ),
    "window off by one": (
        "sum(a) over (order by b rows between 6 preceding and 1 preceding)",
        ["sum(a) over (order by b rows between 6 preceding and current row)"],
    ),
    "second for first": (
        "where preference = 1 and a = 1",
        ["where preference = 2 and a = 1"],
    ),
    "one too many": ("select a + 1, 1.0 from t", ["select a + 2, 1.0 from t"]),
    "order reversed": (
        "order by a desc nulls last, b asc nulls last",
        [
            "order by a asc nulls last, b asc nulls last",
            "order by a desc nulls last, b desc nulls last",
        ],
    ),
    "minimum for maximum": (
        "select min(a), max(b), minimum",
        ["select max(a), max(b), minimum", "select min(a), min(b), minimum"],
    ),
    "case always true": (
        "case when a is null then b when f(c) then d else e end",
        [
            "case when true then b when f(c) then d else e end",
            "case when a is null then b when true then d else e end",
        ],
    ),
    "else counted": (
        "case when a then 1 else 0 end, case when b then 2 else 0.5 end",
        ["case when a then 1 else 1 end, case when b then 2 else 0.5 end"],
    ),
    "not dropped": (
        "where not a and b is not null",
        ["where a and b is not null"],
    ),
    "and for or": ("where a or b", ["where a and b"]),
    "list shortened": (
        "where a in ('x', 'y', 'z') and b in ('x')",
        ["where a in ('x', 'y') and b in ('x')"],
    ),
    "case-sensitive": (
        "where lower(trim(a)) like 'x%'",
        ["where trim(a) like 'x%'"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.name)
def test_an_operator_changes_what_it_says(operator):
    raw, expected = EXAMPLES[operator.name]
    edits = sorted(operator.find(Text.of(raw)))
    assert [raw[:a] + put + raw[b:] for a, b, put in edits] == expected


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.name)
def test_what_is_hidden_is_not_changed(operator):
    """Comments and strings are no SQL; Jinja is not ours to change."""
    raw, _ = EXAMPLES[operator.name]
    quoted = raw.replace("'", "''")
    commented = "".join(f"-- {line}\n" for line in raw.splitlines())
    for hidden in (f"'{quoted}'", commented):
        if operator.name == "wrong time zone" and "{{" in hidden:
            continue  # a call of to_local() is found in the raw text
        assert list(operator.find(Text.of(hidden))) == []


def test_the_choice_depends_on_seed_and_text_alone():
    raw = (PROJECT / "models/rollups/rollup_orders.sql").read_text()
    assert sites("rollup_orders", raw, 7) == sites("rollup_orders", raw, 7)
    assert sites("rollup_orders", raw, 7)[:5] != sites("rollup_orders", raw, 8)[:5]
    # A line more, elsewhere in the model, leaves the choice as it is.
    moved = sites("rollup_orders", "-- A comment more.\n" + raw, 7)
    assert [(m.before, m.after) for m in moved] == [
        (m.before, m.after) for m in sites("rollup_orders", raw, 7)
    ]


def test_operators_take_turns():
    raw = (PROJECT / "models/rollups/rollup_orders.sql").read_text()
    found = [mutation.operator for mutation in sites("rollup_orders", raw, 7)]
    kinds = len(set(found))
    assert kinds > 10
    assert len(set(found[:kinds])) == kinds


@pytest.mark.parametrize("defect", defects(DEFECTS), ids=lambda defect: defect.name)
def test_a_named_defect_still_finds_its_text(defect):
    (path,) = (PROJECT / "models").rglob(f"{defect.model}.sql")
    made = defect.mutation(path.read_text())
    assert made.sql != path.read_text()


def test_a_named_defect_says_what_it_misses():
    defect = Defect("a", "b", "fct_orders", find="not there", put="")
    with pytest.raises(UserError, match="finds its text 0 times in fct_orders"):
        defect.mutation("select 1")


def test_the_score_is_not_stale():
    """Run `warehouse mutate` and commit what it writes."""
    check_results()


def test_the_score_covers_the_project():
    """No operator and no KPI is left out."""
    rows = results()
    tried = Counter(row["mutation"] for row in rows)
    assert [o.name for o in OPERATORS if not tried[o.name]] == []
    models = {path.stem for path in (PROJECT / "models/marts").glob("*/kpi_*.sql")}
    views = {row["model"] for row in rows if row["layer"] == "marts"}
    assert len(views) > 0.9 * len(models - {"kpi_values", "kpi_catalog"})


def test_a_stale_score_is_found(monkeypatch, tmp_path):
    """The check fails when a model is gone, a survivor appears or README.md differs."""
    from warehouse import mutate

    rows = mutate.RESULTS.read_text().splitlines(keepends=True)
    copy = tmp_path / "mutations.csv"
    monkeypatch.setattr(mutate, "RESULTS", copy)
    copy.write_text("".join(rows[:40]))
    with pytest.raises(UserError, match="fewer than 60"):
        check_results()
    copy.write_text("".join(rows).replace(",killed,", ",survived,", 1))
    with pytest.raises(
        UserError, match=r"1 mutations survive; README\.md says another"
    ):
        check_results()
    copy.write_text("".join(rows).replace("\nfct_orders,", "\nfct_other,", 1))
    with pytest.raises(UserError, match="fct_other is no model any more"):
        check_results()
    copy.write_text("".join(rows[1:][::-1]).join([rows[0], ""]))
    assert readme() == mutate.README.read_text()


def test_reasons_are_sentences():
    from tomllib import loads

    for row in loads(EQUIVALENT.read_text())["equivalent"]:
        assert len(row["reason"].split()) > 5, row
