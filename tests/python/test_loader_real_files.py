"""The loader on real exports, which break naive loaders, with the real contracts."""

import shutil
from decimal import Decimal

import pytest

from warehouse.contract import contract_root

SPEND = """
version: 2
sources:
  - name: till
    tables:
      - name: clicks
        config: {meta: {files: ["marketing_*"], reader: {READER}}}
        columns:
          - {name: campaign_id, config: {meta: {required: true}}}
          - {name: c_date, config: {meta: {type: date, required: true}}}
          - {name: mark_spent, config: {meta: {type: number}}}
          - {name: impressions, config: {meta: {type: integer}}}
          - {name: revenue, config: {meta: {type: number}}}
      - name: spend
        config: {meta: {files: ["marketing_spend*"]}}
        columns:
          - {name: date, config: {meta: {type: date, required: true}}}
          - {name: offline_spend, config: {meta: {type: number, required: true}}}
      - name: calls
        config:
          meta: {files: ["factcallcenter*"], reader: {date_format: excel}}
        columns:
          - {name: id, config: {meta: {headers: [FactCallCenterID], required: true}}}
          - {name: date, config: {meta: {type: date}}}
          - {name: date_key, config: {meta: {type: date}}}
          - {name: calls, config: {meta: {type: integer}}}
          - {name: service_grade, config: {meta: {type: number}}}
      - name: orders
        config: {meta: {files: ["sales_2015*", "maven*"]}}
        columns:
          - {name: OrderNumber, config: {meta: {required: true}}}
          - {name: StockDate, config: {meta: {type: date}}}
"""


@pytest.fixture
def land(till, shared):
    """Land real files; with `source`, under the contracts of the project."""

    def land(folder, *names, source=None):
        root = till.landing
        if source:
            till.contracts = contract_root()
            root = till.data / "landing" / source
        else:
            till.contract()
            path = till.contracts / "till" / "_till.yml"
            path.write_text(SPEND.replace("{READER}", "{}"), encoding="utf-8")
        root.mkdir(parents=True, exist_ok=True)
        for name in names:
            shutil.copy(shared / "data" / folder / name, root / name)
        return till

    return land


def total(rows, column):
    return sum(Decimal(row[column]) for row in rows if row[column] is not None)


@pytest.mark.parametrize(
    ("name", "lines", "orders", "expected"),
    [
        (
            "shopify_orders_export_2021_ZAR_tax_included_masked.csv",
            101,
            50,
            {"total": "147699.00", "subtotal": "144894.00", "taxes": "18833.97"},
        ),
        (
            "shopify_orders_export_2025_CAD_tax_excluded_masked.csv",
            64,
            20,
            {"total": "2238.95", "subtotal": "1872.92", "taxes": "216.18"},
        ),
    ],
)
def test_shopify_orders(land, name, lines, orders, expected):
    till = land("export_samples", name, source="shopify")
    result = till.load()
    rows = till.query("shopify/orders", "_row")
    assert (len(rows), result.total("rejected")) == (lines, 0)
    assert len({row["name"] for row in rows}) == orders
    for column, value in expected.items():
        assert total(rows, column) == Decimal(value), column
    assert all(row["created_at"].endswith("Z") for row in rows)


def test_google_ads(land):
    till = land(
        "export_samples",
        "google_ads_campaign_report_en_INR.csv",
        "google_ads_campaign_report_en_EUR_zero_rows.csv",
        "google_ads_search_terms_report_header.csv",
        source="google_ads",
    )
    result = till.load()
    rows = [r for r in till.query("google_ads/campaigns") if r["currency"] == "INR"]
    assert total(rows, "cost") == Decimal("2565.93")
    assert total(rows, "impressions") == 46168
    assert {row["date_range"] for row in rows} == {"July 8, 2025 - July 31, 2025"}
    assert (result.total("summary"), result.total("rejected")) == (7, 7)
    assert till.query("google_ads/search_terms") == []


def test_ga4_snapshot(land):
    till = land("export_samples", "ga4_report_snapshot_multi_block.csv", source="ga4")
    result = till.load()
    rows = till.query("ga4/channel_totals", "_row")
    assert [(row["channel"], row["sessions"]) for row in rows] == [
        ("Direct", "3"),
        ("Unassigned", "2"),
        ("Organic Search", "1"),
    ]
    assert {row["starts_on"] for row in rows} == {"2023-04-24"}
    assert {row["kind"] for row in till.query("loader/rejects")} == {"unknown_block"}
    assert result.total("landed") == 3 + len(till.query("loader/rejects"))


def test_decimal_comma_and_the_same_data_with_a_point(land):
    till = land("raw_quirk_files", "marketing_semicolon_decimal_comma.csv")
    till.load()
    comma = till.query("till/clicks", "_row")
    ambiguous = land("raw_quirk_files", "marketing_ambiguous_dmy_dates.csv")
    ambiguous.load()
    files = till.query("till/clicks", "_file, _row")
    point = [row for row in files if "ambiguous" in row["_file"]]
    assert len(point) == len(comma) > 100
    assert total(comma, "mark_spent") == total(point, "mark_spent")
    # Days after the 12th tell: here the month comes first.
    assert [row["c_date"] for row in comma] == [row["c_date"] for row in point]


def test_preamble_semicolons_bom_and_excel_days(land):
    till = land(
        "raw_quirk_files", "factcallcenter_preamble_semicolon_decimal_comma_bom.csv"
    )
    till.load()
    rows = till.query("till/calls", "_row")
    assert len(rows) == 120
    assert total(rows, "calls") == 43349
    assert round(total(rows, "service_grade") / 120, 5) == Decimal("0.09875")
    assert {row["date"] == row["date_key"] for row in rows} == {True}
    assert rows[0]["date"] == "2014-05-01"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("marketing_spend_excel_day_month_swapped.xlsx", "two formats"),
        ("sales_2015_mixed_date_formats.csv", "two formats"),
        ("maven_orders_no_header_single_quotes.csv", "no header row"),
    ],
)
def test_files_that_cannot_be_trusted_are_refused(land, name, words):
    (refusal,) = land("raw_quirk_files", name).load().refused
    assert words in refusal.message
