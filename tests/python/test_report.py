"""The report's charts, words and boards; its pages are tested in test_tiny_shop.py."""

import sys
from datetime import date, datetime
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from warehouse.errors import UserError
from warehouse.paths import PROJECT
from warehouse.report import models, panels, words
from warehouse.report.boards import BOARDS, read_boards, read_query
from warehouse.report.charts import Series, draw, scale, spark
from warehouse.report.filters import (
    FilterError,
    Filters,
    bounds,
    follows_slice,
    read_filters,
    rows_of,
)

BOARD = """\
title: Returns
order: 5
lead: What comes back.
sections:
  - title: Now
    panels:
      - {kind: tiles, kpis: [return_rate]}
      - kind: table
        title: Categories
        query: board_returns
        columns:
          - {name: member, label: Category}
          - {name: return_rate, unit: percent}
"""
QUERY = """\
select
    member,
    return_rate
from {{ ref('product_performance') }}
where grain = 'month' and model = '{{ var("attribution_model") }}'
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder with one good board."""
    (tmp_path / "returns.yml").write_text(BOARD)
    (tmp_path / "board_returns.sql").write_text(QUERY)
    return tmp_path


# ------------------------------------------------------------------------------- boards


def test_a_board_is_read_as_written(folder):
    """Title, place, sections, panels, and the query beside it."""
    (board,) = read_boards(folder, panels.kinds())
    assert (board.name, board.title, board.order) == ("returns", "Returns", 5)
    tiles, table = board.sections[0].panels
    assert (tiles.kind, tiles.width, tiles.sql) == ("tiles", "full", None)
    assert table.sql == folder / "board_returns.sql"


def test_the_projects_boards_are_well_formed():
    """Every board of the project can be read, and each has a place of its own."""
    boards = read_boards(BOARDS, panels.kinds())
    assert boards[0].name == "overview"
    orders = [board.order for board in boards]
    assert orders == sorted(set(orders))
    queries = {panel.sql for b in boards for s in b.sections for panel in s.panels}
    assert set(BOARDS.glob("*.sql")) == queries - {None}, "a query that nothing shows"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "kind: tiles",
            "kind: tile",
            r"returns.yml:7: a panel's kind is one of .*tile'",
        ),
        ("title: Returns", "titel: Returns", r"returns.yml:1: a board has no titel"),
        ("lead:", "leed:", r"returns.yml:3: a board has no leed; it has lead, order"),
        ("order: 5", "order: first", r"returns.yml:2: order is a number, not 'first'"),
        ("panels:", "boxes:", r"returns.yml:6: a section has no boxes"),
        ("kpis: [return_rate]", "grain: day", r"returns.yml:7: .* tiles needs kpis"),
        ("title: Categories", "width: wide", r"returns.yml:9: .* one of full, half"),
        (
            "query: board_returns",
            "query: board_x",
            r"yml:10: there is no .*board_x.sql",
        ),
        ("sections:", "sections: [", r"returns.yml:\d+: this is not YAML"),
        (BOARD, "just words", r"returns.yml:1: a board is a mapping"),
    ],
)
def test_a_broken_board_says_file_line_and_what_was_expected(folder, old, new, message):
    """Before anything is written."""
    (folder / "returns.yml").write_text(BOARD.replace(old, new, 1))
    with pytest.raises(UserError, match=message):
        read_boards(folder, panels.kinds())


def test_a_query_knows_ref_and_var_and_keeps_its_lines(folder):
    """So that the database's line is the file's."""
    (board,) = read_boards(folder, panels.kinds())
    panel = board.sections[0].panels[1]
    variables = {"attribution_model": "linear"}
    query = read_query(panel, {"product_performance"}, variables)
    assert "from product_performance\n" in query.sql
    assert query.sql.splitlines()[4].endswith("model = 'linear'")
    assert (query.refs, query.asked) == (["product_performance"], {"attribution_model"})
    with pytest.raises(UserError, match=r"sql:4: product_performance is not published"):
        read_query(panel, {"orders"}, variables)
    with pytest.raises(UserError, match=r"sql:5: there is no variable attribution_mod"):
        read_query(panel, {"product_performance"}, {})
    panel.sql.write_text(QUERY.replace("}}", "}", 1))
    with pytest.raises(UserError, match=r"board_returns.sql:4: unexpected '}'"):
        read_query(panel, {"product_performance"}, variables)


# ------------------------------------------------------------------------------- charts


@pytest.mark.parametrize(
    ("values", "from_zero", "expected"),
    [
        ([0, 100], False, [0, 25, 50, 75, 100]),
        ([0.048, 0.062], False, [0.045, 0.05, 0.055, 0.06, 0.065]),
        ([90, 100], True, [0, 25, 50, 75, 100]),
        ([-30, 50], True, [-40, -20, 0, 20, 40, 60]),
        ([0, 0], True, [0, 0.25, 0.5, 0.75, 1]),
    ],
)
def test_ticks_are_round_and_enclose_the_values(values, from_zero, expected):
    """Columns stand on 0; a line may start higher where its range is small."""
    ticks = scale(values, from_zero)
    assert ticks == pytest.approx(expected)


@pytest.mark.parametrize("value", [7, -7, 0, 1e-9, 0.3])
def test_a_single_value_has_an_axis_too(value):
    """Ticks on both sides of it."""
    ticks = scale([value])
    assert ticks[0] <= value <= ticks[-1]
    assert len(ticks) >= 2


def test_a_line_breaks_where_a_value_is_missing():
    """A gap is no zero and no bridge."""
    chart = draw("x", "abcd", [Series("x", [0, 100, None, 50])], "count", "EUR")
    paths = dict(chart.paths)
    assert paths["line c0"] == "M125.0 100.0L375.0 0.0M875.0 50.0"
    assert [row[1] for row in chart.rows] == ["0", "100", "–", "50"]
    assert chart.legend == []


def test_columns_stand_on_zero_and_the_open_one_is_apart():
    """A period under way must not look like a fall."""
    chart = draw(
        "x", "ab", [Series("x", [50, 100], "column")], "count", "EUR", open_end=True
    )
    paths = dict(chart.paths)
    assert paths["column c0"] == "M80.0 100.0V50.0h340.0V100.0z"
    assert paths["column c0 open"] == "M580.0 100.0V0.0h340.0V100.0z"


def test_a_line_ends_in_what_is_under_way():
    """A dashed way to a hollow dot, named with its value; the others as they are."""
    chart = draw(
        *("x", ["Aug", "Sep"], [Series("x", [50, 100])], "count", "EUR"),
        open_end=True,
        long_slots=["August", "September"],
    )
    paths = dict(chart.paths)
    assert paths["line c0"] == "M250.0 83.33"
    assert paths["line c0 open"] == "M250.0 83.33L750.0 0.0"
    assert paths["line c0 dot"] == "M250.0 83.33h0"
    assert paths["line c0 dot end"] == paths["hollow"] == "M750.0 0.0h0"
    assert chart.so_far == "Sep so far: 100"
    assert chart.rows[-1] == ["September so far", "100"]
    done = draw("x", ["Aug", "Sep"], [Series("x", [50, 100])], "count", "EUR")
    assert (done.so_far, done.rows[-1][0]) == ("", "Sep")


@pytest.mark.parametrize(
    ("last", "ticks", "end", "said"),
    [
        (28, ("10", "30"), "M875.0 10.0h0", "Sep so far: 28"),
        (900, ("10.0", "20.0"), "M875.0 0.0h0", "Sep so far: 900"),
        (None, ("10.0", "20.0"), None, ""),
    ],
)
def test_what_is_under_way_does_not_squeeze_the_finished(last, ticks, end, said):
    """The first day of a month may be a tenfold rate: it stands at the edge, and the
    legend has its value."""
    series = [Series("x", [10, 20, 15, last])]
    chart = draw("x", ["J", "J", "Aug", "Sep"], series, "count", "EUR", open_end=True)
    assert (chart.ticks[0][1], chart.ticks[-1][1]) == ticks
    assert (dict(chart.paths).get("hollow"), chart.so_far) == (end, said)
    line = spark([10, 20, 15, last], open_end=True)["line"]
    assert (" 90.0L" in line and " 10.0L" in line) == (last != 28)


def test_nothing_to_draw_is_said():
    """No axis around nothing; a spark line needs two points."""
    assert draw("x", "ab", [Series("x", [None, None])], "count", "EUR").is_empty
    assert spark([None, 3, None]) == {}
    assert spark([1, None, 3])["dot"].startswith("M833.3 ")


@pytest.mark.parametrize(
    ("grain", "on_year"), [("month", "▲ 25.0%"), ("year", words.MISSING)]
)
def test_a_year_shows_one_change(grain, on_year):
    """The year before is both the period before and the same one last year."""
    row = {
        "value": 50, "previous_change": -10, "previous_change_rate": -1 / 6,
        "last_year_change": 10, "last_year_change_rate": 0.25, "is_new": False,
        "direction_status": "worsened", "is_mature": True, "is_partial": False,
        "plan_value": None, "plan_attainment": None, "plan_status": "none",
    }  # fmt: skip
    data = SimpleNamespace(
        catalog={"orders": {"kpi_id": "orders", "unit": "count", "better": "up"}},
        current=lambda kpi_id, grain: row,
        now={},
        currency="EUR",
        spark=lambda kpi_id, grain: [],
        dimensions={},
        filters=SimpleNamespace(dimension=None),
    )
    tile = panels.tile(data, "orders", grain)
    assert (tile["change"], tile["on_year"]) == ("▼ 16.7%", on_year)


def test_a_spark_line_shows_that_its_end_still_grows():
    """A month under way is no fall: the line to it is another one."""
    line = spark([1, 2, 1], open_end=True)
    assert line["line"] == "M166.7 90.0L500.0 10.0"
    assert line["open"] == "M500.0 10.0L833.3 90.0"
    assert spark([1, 2, None], open_end=True)["open"] == ""


# ------------------------------------------------------------------------------ filters

MEMBERS = {"shop": ["oak_eu", "oak_us"], "device": ["mobile"]}
FIRST, NEWEST = date(2026, 1, 1), date(2026, 9, 23)


def filters(query: str) -> Filters:
    """The filters of an address, over a shop of nine months."""
    return read_filters(query, MEMBERS, FIRST, NEWEST)


@pytest.mark.parametrize(
    ("query", "clean"),
    [
        ("", ""),
        ("grain=&from=&to=&last=&only=&lang=ru", ""),
        ("only=shop:oak_eu&grain=week", "grain=week&shop=oak_eu"),
        ("device=mobile&to=2026-06-30&last=6", "to=2026-06-30&last=6&device=mobile"),
        ("from=2026-02-01&to=2026-02-01", "from=2026-02-01&to=2026-02-01"),
    ],
)
def test_an_address_says_its_filters_in_one_way(query, clean):
    """Empty fields of the form say nothing; what is left can be passed on."""
    assert filters(query).query == clean
    assert filters(clean) == filters(query)
    assert bool(filters(query)) == bool(clean)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("grain=hour", "no grain 'hour'"),
        ("grain=week&grain=day", "says grain twice"),
        ("from=yesterday", "from is a day such as .* not 'yesterday'"),
        ("to=2026-02-30", "to is a day"),
        ("from=2026-09-24", "no data of 2026-09-24"),
        ("to=2025-12-31", "no data of 2025-12-31"),
        ("from=2026-03-01&to=2026-02-01", "ends before it begins"),
        ("last=0", "1 to 400, not '0'"),
        ("last=-1", "1 to 400"),
        ("last=９", "1 to 400"),
        ("last=3&from=2026-02-01", "both from and last"),
        ("shop=oak_eu&device=mobile", "says shop and device"),
        ("person=ann", "no filter 'person'"),
        ("shop=oak", "no shop 'oak'"),
        ("shop=oak_eu' or 1=1 --", "no shop"),
        ("only=oak_eu", "no filter 'oak_eu'"),
        ("&".join(["a=1"] * 30), "says too much"),
    ],
)
def test_a_filter_that_is_none_is_refused_in_words(query, message):
    """With what there is instead."""
    with pytest.raises(FilterError, match=message):
        filters(query)


def test_a_misspelt_member_is_answered_with_the_nearest():
    """As one types it from memory."""
    with pytest.raises(FilterError) as refused:
        filters("shop=oakeu")
    assert refused.value.hint == "Did you mean oak_eu or oak_us?"


def test_a_slice_stands_for_the_whole_and_its_name_is_a_variable():
    """No text of the address is text of a query."""
    marts = {
        "funnel": ["grain", "period_start", "dimension", "member", "sessions"],
        "page_drop_off": ["grain", "period_start", "shop_id", "page"],
        "customer_segment_sizes": ["segment", "customers"],
        "dim_shops": ["shop_id", "shop_name"],
    }
    chosen = filters("shop=oak_eu&to=2026-06-30")
    found = {name: rows_of(name, marts[name], chosen) for name in marts}
    assert "'all' as dimension" in found["funnel"]
    assert "shop_id = getvariable('member')" in found["page_drop_off"]
    assert found["customer_segment_sizes"] is None and found["dim_shops"] is None
    assert not any("oak" in sql or "2026" in sql for sql in found.values() if sql)
    assert follows_slice({"shop_id"}, "shop") and not follows_slice({"page"}, "shop")


def test_periods_shown_hold_the_days_asked_for():
    """The period that a day lies in is shown whole; the last so many end there."""
    months = [datetime(2026, month, 1) for month in range(1, 10)]
    starts = {"month": months, "day": [datetime(2026, 1, 1)]}

    def shown(query: str) -> tuple[int, int]:
        first, newest = bounds(starts, filters(query))["month"]
        return first.month, newest.month

    assert shown("from=2026-03-31&to=2026-06-01") == (3, 6)
    assert shown("from=2026-03-01") == (3, 9)
    assert shown("last=3") == (7, 9)
    assert shown("last=2&to=2026-06-30") == (5, 6)
    assert shown("last=99") == (1, 9)


# ----------------------------------------------------------- what lies beside the pages


def test_the_models_pages_know_no_salt_and_no_machine(monkeypatch, tmp_path):
    """dbt writes both into what it compiles; they are taken out wherever they are."""
    monkeypatch.setenv("WAREHOUSE_SALT", "o\"ur's")
    monkeypatch.setenv("WAREHOUSE_DATA", str(tmp_path / "shop"))
    manifest = {
        "metadata": {"user_id": "u", "invocation_id": "i", "env": {"A": "b"}},
        "nodes": {
            "a": {
                "compiled_code": f"from '{tmp_path}/shop/lake' where h('o\"ur''s')",
                "paths": [f"{PROJECT}/models/a.sql", str(Path.home() / "x")],
            }
        },
    }
    found = models._cleaned(manifest, "dev")
    assert found["nodes"]["a"] == {
        "compiled_code": "from 'data/lake' where h('(the salt)')",
        "paths": ["project/models/a.sql", "home/x"],
    }
    assert found["metadata"] == {"user_id": None, "invocation_id": None, "env": {}}


def test_data_in_the_models_page_are_no_markup():
    """A description may hold anything."""
    page = models._docs_page(
        f"<script>{models.ASKED}</script>", {"a": "</script><!-- é"}, {}
    )
    assert page.count("</script>") == 1 and "<!--" not in page and "é" in page
    with pytest.raises(UserError, match="not the one we know"):
        models._docs_page("<script>another</script>", {}, {})


def test_models_pages_stay_while_the_project_is_the_same(tmp_path, monkeypatch):
    """A report without --docs takes them over; of another project it does not."""
    for name in models.FOLDERS:
        models._write(tmp_path / "before" / name, "<html><head></head></html>")
    (tmp_path / "before" / "docs" / ".project").write_text(models.fingerprint())
    found = models.take_over(tmp_path / "before", tmp_path / "now")
    assert found == ["docs", "lineage"]
    page = (tmp_path / "now" / "lineage" / "index.html").read_text()
    assert page.startswith('<html><head><meta http-equiv="Content-Security-Policy"')
    assert "default-src 'none'" in page and "connect-src" not in page
    monkeypatch.setattr(models, "fingerprint", lambda: "another")
    assert models.take_over(tmp_path / "before", tmp_path / "later") == []
    assert models.take_over(tmp_path / "nothing", tmp_path / "later") == []


def test_lineage_that_is_not_installed_is_said(monkeypatch, tmp_path):
    """With the command that adds it; the documentation is there without."""
    monkeypatch.setitem(sys.modules, "dbt_colibri", None)
    monkeypatch.setitem(sys.modules, "dbt_colibri.lineage_extractor.extractor", None)
    described = {
        "manifest": {"metadata": {}, "sources": {}},
        "catalog": {"metadata": {}, "sources": {}},
        "page": f"<head></head><script>{models.ASKED}</script>",
    }
    monkeypatch.setattr(models, "_describe", lambda _: described)
    console = Console(file=StringIO(), width=200)
    assert models.write_models(console, "dev", tmp_path) == ["docs"]
    said = console.file.getvalue()
    assert "dbt-colibri is not installed" in said and models.LINEAGE_PACKAGE in said


# -------------------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("number", "unit", "step", "text"),
    [
        (12_500, "money", 2_500, "€12.5k"),
        (-20_000, "money", 10_000, "−€20k"),
        (3_000_000, "count", 1_000_000, "3m"),
        (0.055, "percent", 0.005, "5.5%"),
        (0.5, "number", 0.25, "0.50"),
        (0, "money", 100, "€0"),
    ],
)
def test_ticks_are_short(number, unit, step, text):
    """As many digits as the next tick needs."""
    assert words.compact(number, unit, "EUR", step) == text


def test_a_column_is_written_alike():
    """Cents only where all of the column has them."""
    assert words.column([2406, 9.5, None], "money", "EUR") == ["€2,406", "€10", "–"]
    assert words.column([94.06, 9.5], "money", "EUR") == ["€94.06", "€9.50"]
    assert words.column([0.324, 0.0005], "percent", "EUR") == ["32.4%", "0.1%"]


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [
        (0.0123, "percent", "+1.23 pt"),
        (-4.5, "money", "−€4.50"),
        (0.00001, "percent", "0.00 pt"),
    ],
)
def test_differences_have_a_sign(number, unit, text):
    """Shares change by points; what rounds to nothing has no sign."""
    assert words.signed(number, unit, "EUR") == text


def test_periods_are_short_on_axes():
    """Axis, tab and sentence."""
    day = date(2026, 9, 1)
    found = [words.period(grain, day) for grain in words.GRAINS]
    assert found == ["1 Sep", "1 Sep", "Sep ’26", "Q3 ’26", "2026"]
    assert words.full_period("week", day) == "week of 1 September 2026"
    assert words.since("week", day) == "week of 1 Sep 2026"
    assert words.since("day", day) == "1 Sep 2026"


def test_a_small_number_is_not_nothing():
    """A p-value of 0.00 is no p-value; a difference that is none has no sign."""
    found = words.column([0.004, -0.004, -1e-15, 1.5, None], "number", "EUR")
    assert found == ["<0.01", ">−0.01", "0.00", "1.50", "–"]
