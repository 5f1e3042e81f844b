"""`warehouse check`: every check fires on its own trouble, and is quiet without it."""

import datetime as dt
import gzip
import json
import os
import shutil
import zipfile
from io import StringIO
from pathlib import Path

import duckdb
import pytest
from rich.console import Console
from typer.testing import CliRunner

from warehouse import assertions, build
from warehouse.assertions import ASSERTIONS, is_odd, read_rules
from warehouse.build import BuildResult
from warehouse.check import Report, check
from warehouse.cli import app
from warehouse.errors import UserError
from warehouse.load import load
from warehouse.publish import publish

FIRST, LAST = dt.date(2026, 6, 1), dt.date(2026, 9, 23)
DAYS = [FIRST + dt.timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
META = "Day,Campaign name,Amount spent (EUR),Impressions,Link clicks\n"
REVIEWS = "review_id,reviewed_at,rating\n"
PRODUCTS = "product_id,product_name,category\n"
# What a build would have made of the files, in the columns that the checks read.
WAREHOUSE = """
create table fct_orders as
    select shop || ':' || order_id as order_id, 'flat' as source_system,
        total_amount::decimal(18, 4) * 0.5 as charged_total, 0.5::double as fx_rate
    from (select *, coalesce(shop_id, _shop_id) as shop
        from read_parquet('{lake}/flat/orders/*.parquet', union_by_name = true))
    where order_id is not null;
create table int_ad_day_rows as
    select 'meta_ads' as source_system, 'EUR' as currency, false as is_superseded,
        amount_spent::decimal(18, 4) as spend
    from read_parquet('{lake}/meta_ads/campaigns/*.parquet', union_by_name = true);
create table fct_ad_days as
    select source_system, currency, spend, 1.0::double as fx_rate from int_ad_day_rows;
create table dim_periods as
    select 'day' as grain, d as period_start, d::date as period_end,
        d = timestamp '2026-09-23' as is_current, true as is_complete
    from range(timestamp '2026-06-01', timestamp '2026-09-24', interval 1 day) as t (d)
    union all
    select 'month', d, last_day(d), d = timestamp '2026-09-01',
        d < timestamp '2026-09-01'
    from range(timestamp '2026-06-01', timestamp '2026-10-01', interval 1 month) t (d);
create table dim_shops as select 's1' as shop_id, 'Shop one' as shop_name;
create table kpi_catalog as
    select * from (values ('orders', 'Orders', 'sales', 1, 'count', 'up', 0,
            true), ('return_rate', 'Return rate', 'sales', 2, 'percent', 'down', 60,
            false))
    as t (kpi_id, label, theme, kpi_order, unit, better, matures_after_days,
        is_additive);
create table kpi_values as
    select kpi_id, grain, period_start, dimension, member, 60.0::double as numerator,
        600.0::double as denominator, 0.1::double as value
    from kpi_catalog, dim_periods,
        (values ('all', 'all'), ('shop', 's1'), ('device', 'mobile'))
        as t (dimension, member);
"""


class Bench:
    """A data folder with files that the real loader loads, and a warehouse that looks
    as if dbt had built it.

    Args:
        folder: An empty folder, the WAREHOUSE_DATA of the test.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.age = 0

    def land(self, name: str, text: str) -> None:
        """Write an export, each a day later than the one before."""
        path = self.folder / "landing" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.age += 86_400
        os.utime(path, (1_780_000_000 + self.age, 1_780_000_000 + self.age))

    def build(self, change: str = "") -> None:
        """Load what has landed, and make a warehouse of it, with changes."""
        load(data=self.folder)
        file = self.folder / "warehouse.duckdb"
        file.unlink(missing_ok=True)
        with duckdb.connect(str(file)) as connection:
            connection.execute(WAREHOUSE.format(lake=self.folder / "lake") + change)
        build._remember("dev", BuildResult(success=True), whole=True)

    def check(self, today: dt.date = LAST) -> Report:
        """The report of a day."""
        return check(Console(file=StringIO()), "dev", today)

    def found(self, check_id: str, today: dt.date = LAST) -> str:
        """Subjects and messages of what one check finds, with what its details say."""
        return "\n".join(
            f"{f.subject}: {f.message} {f.rows}"
            for f in self.check(today).findings
            if f.check == check_id
        )


def orders(days=DAYS, a_day: int = 30, extra: str = "", **odd: int) -> str:
    """An orders export: so many orders a day, other numbers on days like d20260920."""
    lines = ["order_id,ordered_at,financial_status,currency,total_amount,country"]
    for day in days:
        for number in range(odd.get(f"d{day:%Y%m%d}", a_day)):
            lines.append(f"{day:%m%d}{number},{day}T10:00:00Z,paid,USD,20.00,DE")
    return "\n".join(lines) + "\n" + extra


def dated(header: str, row: str, days) -> str:
    """An export with a row a day."""
    return header + "".join(f"{row.format(day=day)}\n" for day in days)


@pytest.fixture
def bench(tmp_path, monkeypatch) -> Bench:
    """A shop with nothing wrong: two order exports, ads with their total, products."""
    monkeypatch.setenv("WAREHOUSE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("WAREHOUSE_TARGET", "dev")
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    shutil.copy(assertions.SEEDS / "checks.csv", seeds)
    (seeds / "shops.csv").write_text("shop_id\ns1\n")
    monkeypatch.setattr(assertions, "SEEDS", seeds)
    bench = Bench(tmp_path / "data")
    bench.land("flat/s1/orders_1.csv", orders(DAYS[:80]))
    bench.land("flat/s1/orders_2.csv", orders(DAYS[80:]))
    spend = dated(META, "{day},Spring,10.00,900,9", DAYS[-40:])
    bench.land("meta_ads/s1/campaigns.csv", spend + ",,400.00,36000,360\n")
    for number in range(6):
        rows = "".join(f"p{n},Product {n},tents\n" for n in range(100 + number))
        bench.land(f"flat/s1/products_{number}.csv", PRODUCTS + rows)
    return bench


def test_nothing_wrong_is_quiet(bench):
    """Every check looked, and none found anything."""
    bench.build()
    report = bench.check()
    assert not report.findings
    assert set(report.quiet) == set(ASSERTIONS) == set(read_rules())
    assert report.counts == {"error": 0, "warn": 0, "info": 0}


# Trouble in the files: (check, files, what it says).
FILES = {
    "refused": ("refused_files", {"orders_3.csv": "a,b\n1,2\n"}, "orders_3.csv"),
    "rejected": (
        "rejected_rows",
        {"orders_3.csv": orders([LAST], 5, "x,2026-09-23T10:00:00Z,paid,USD,no,DE\n")},
        "1 of 6 rows rejected (16.7%",
    ),
    "stale": (
        "stale_sources",
        {"reviews.csv": dated(REVIEWS, "{day},{day}T10:00:00Z,5", DAYS[:86])},
        "flat.reviews of s1: The newest row is of 25 Aug 2026, 29 days before",
    ),
    "ended": (
        "ended_sources",
        {"reviews.csv": dated(REVIEWS, "{day},{day}T10:00:00Z,5", DAYS[:30])},
        "85 days before the newest data",
    ),
    "few": (
        "volume",
        {"orders_2.csv": orders(DAYS[80:], d20260920=3)},
        "20 Sep 2026 has only 3 rows, usual are 30",
    ),
    "many": (
        "volume",
        {"orders_2.csv": orders(DAYS[80:], d20260922=90)},
        "22 Sep 2026 has 90 rows, usual are 30",
    ),
    "few in a week": (
        "volume",
        {"orders_1.csv": orders(DAYS[:80], 10), "orders_2.csv": orders(DAYS[80:107], 10)
            + orders(DAYS[107:], 1).split("\n", 1)[1]},
        "the week from 16 Sep 2026 has only",
    ),
    "few in a file": (
        "volume",
        {"products_6.csv": PRODUCTS + "p1,Product 1,tents\n"},
        "products_6.csv has only 1 row, usual are 102",
    ),
    "missing": (
        "schema_drift",
        {"orders_3.csv": orders([LAST], 5).replace(",country", "").replace(",DE", "")},
        "filled by earlier files: country.",
    ),
    "renamed": (
        "schema_drift",
        {"orders_3.csv": orders([LAST], 5).replace(",country", ",ship_country")},
        "ship_country is new: renamed?",
    ),
    "blank": (
        "schema_drift",
        {"orders_3.csv": orders([LAST], 40).replace(",DE", ",")},
        "filled by earlier files: country.",
    ),
    "new": (
        "new_columns",
        {"orders_3.csv": orders([LAST], 5).replace(",DE", ",DE,x").replace(
            ",country", ",country,mood")},
        "New since this file: mood",
    ),
}  # fmt: skip


@pytest.mark.parametrize("trouble", FILES)
def test_trouble_in_files(bench, trouble):
    """Each kind of bad export is found, and said in words that name it."""
    check_id, files, said = FILES[trouble]
    for name, text in files.items():
        bench.land(f"flat/s1/{name}", text)
    bench.build()
    assert said in bench.found(check_id)


# Trouble that a build could make: (check, SQL, what it says).
BUILDS = {
    "an order is lost": (
        "lost_orders",
        "delete from fct_orders where order_id = 's1:09200'",
        "1 order with 20.00",
    ),
    "a total is wrong": (
        "order_totals",
        "update fct_orders set charged_total = 12 where order_id = 's1:09200'",
        "20.00 there, 24.00 in fct_orders, first 09200",
    ),
    "totals change places": (
        "order_totals",
        "update fct_orders set charged_total = case order_id when 's1:09200' then 12"
        " else 8 end where order_id in ('s1:09200', 's1:09201')",
        "2 orders differ",
    ),
    "spend is lost": (
        "ad_totals",
        "update fct_ad_days set spend = 0 where rowid = 0",
        "The exports spend 400.00 EUR, fct_ad_days 390.00",
    ),
    "spend is in no fact": (
        "ad_totals",
        "delete from fct_ad_days",
        "The exports spend 400.00 EUR, fct_ad_days 0.00",
    ),
}


@pytest.mark.parametrize("trouble", BUILDS)
def test_trouble_in_the_build(bench, trouble):
    """What the facts say is held against the files themselves."""
    check_id, change, said = BUILDS[trouble]
    bench.build(change)
    report = bench.check()
    assert said in bench.found(check_id)
    assert {f.severity for f in report.errors} == {"error"}


def test_an_export_in_two_files_counts_once(bench):
    """The newer file has the order; the older total is no difference."""
    bench.land("flat/s1/orders_3.csv", orders([LAST]).replace("20.00", "25.00"))
    bench.build(
        "delete from fct_orders where rowid in (select min_by(rowid, charged_total)"
        " from fct_orders group by order_id having count(*) > 1)"
    )
    assert bench.found("order_totals") == bench.found("lost_orders") == ""


def test_a_report_that_was_cut_off(bench):
    """Its rows are not what the platform printed as their total."""
    spend = dated(META, "{day},Spring,10.00,900,9", DAYS[-30:])
    bench.land("meta_ads/s1/campaigns.csv", spend + ",,400.00,36000,360\n")
    bench.build()
    assert "amount_spent of 300.00, and none of the totals" in bench.found(
        "printed_totals"
    )


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ('Total,"1,234.50",7', 1234.5),
        ('Total;x,"1.234,50"', 1234.5),
        ("Total\t12\t€1.50", 1.5),
        ("Total,-3", -3),
    ],
)
def test_printed_numbers_are_read(line, number):
    """However a platform writes them."""
    assert number in assertions._numbers(line)


def test_files_that_wait(bench):
    """Landed or changed since the load; a copy of a loaded file is no news."""
    bench.build()
    bench.land("flat/s1/orders_2_copy.csv", orders(DAYS[80:]))
    assert bench.found("unloaded_files") == ""
    bench.land("flat/s1/orders_3.csv", orders([LAST], 5))
    assert "1 landed file not loaded yet" in bench.found("unloaded_files")
    bench.land("flat/s1/orders_2.csv", orders(DAYS[80:], 31))
    assert "2 landed files" in bench.found("unloaded_files")


def test_packed_files_are_known(bench):
    """By their members, and by what is in them, even when they are only touched."""
    folder = bench.folder / "landing" / "flat" / "s1"
    with zipfile.ZipFile(folder / "orders_3.zip", "w") as archive:
        archive.writestr("deep/orders_3.csv", orders([LAST], 3))
    with gzip.open(folder / "orders_4.csv.gz", "wt") as file:
        file.write(orders([LAST], 4))
    bench.build()
    (folder / "orders_3.zip").touch()
    (folder / "orders_4.csv.gz").touch()
    assert bench.found("unloaded_files") == ""
    with gzip.open(folder / "orders_4.csv.gz", "wt") as file:
        file.write(orders([LAST], 5))
    assert "orders_4.csv.gz" in bench.found("unloaded_files")


def test_a_lake_that_somebody_changed(bench):
    """Rows gone, a file gone, a file too many."""
    bench.build()
    folder = bench.folder / "lake" / "flat" / "orders"
    first, second = sorted(folder.glob("s1_orders*.parquet"))
    shutil.copy(first, folder / "stray.parquet")
    assert "no landed file filled: stray.parquet" in bench.found("lost_rows")
    (folder / "stray.parquet").unlink()
    duckdb.execute(
        f"copy (from '{first}' limit 100) to '{folder}/less' (format parquet)"
    )
    (folder / "less").replace(first)
    second.unlink()
    found = bench.found("lost_rows")
    assert "2,400 rows loaded, the lake has 100" in found
    assert "1,050 rows loaded, the lake has 0" in found


def test_the_calendar(bench):
    """Data that end too early, or tomorrow week; the demo's history may end."""
    bench.build()
    assert "38 days ago" in bench.found("stale_data", dt.date(2026, 10, 31))
    late = bench.found("future_data", dt.date(2026, 9, 1))
    assert "flat.orders of s1" in late and "today is 1 Sep 2026" in late
    build._remember("demo", BuildResult(success=True), whole=True)
    report = check(Console(file=StringIO()), "demo")
    assert {"stale_data", "future_data"} <= set(report.quiet)


def test_a_shop_that_is_spelt_otherwise(bench):
    """A seed's shop without data is named, with the one that was meant."""
    (assertions.SEEDS / "targets.csv").write_text("dimension,member\nshop,s11\nall,x\n")
    bench.build()
    assert bench.found("unknown_shops").startswith(
        "seeds/targets.csv: The shop s11 has no data. There is s1."
    )


def published(bench: Bench) -> None:
    """Build and publish the bench as it is."""
    bench.build()
    publish(Console(file=StringIO()), "dev")


def test_a_fact_that_shrank(bench):
    """Fewer rows than readers have now: more than a fiftieth of them."""
    published(bench)
    bench.build("delete from fct_orders where rowid < 50")
    assert bench.found("shrunk_tables") == ""
    bench.build("delete from fct_orders where rowid < 345")
    assert "3,105 rows, 3,450 when it was published" in bench.found("shrunk_tables")


MOVE = """
update kpi_values set value = value + 1e-12;
update kpi_values set value = 0.2 where kpi_id = 'orders' and dimension <> 'device'
    and period_start = timestamp '2026-06-01' and grain = 'month';
update kpi_values set value = 0.3
    where kpi_id = 'return_rate' and period_start = timestamp '2026-08-07';
update kpi_values set value = 0.9 where period_start >= timestamp '2026-09-23'
    or period_start = timestamp '2026-09-01' and grain = 'month';
delete from kpi_values where period_start = timestamp '2026-07-03'
    and dimension = 'all';
insert into kpi_values select kpi_id, 'day', timestamp '2026-07-03', 'shop', 's2', 1, 1,
    0 from kpi_catalog where kpi_id = 'orders';
"""


ROW = ("dimension", "old_value", "new_value", "difference")


def test_closed_periods_that_moved(bench):
    """KPI, period, member, old, new; not what is still open, nor the last digits."""
    published(bench)
    bench.build(MOVE)
    report = bench.check()
    moved = {f.subject: f for f in report.findings if f.check == "closed_periods"}
    assert "June 2026: 0.1 → 0.2 (+0.1), and 2 more." in moved["orders"].message
    assert "3 Jul 2026: 0.1 → nothing." in moved["return_rate"].message
    assert [
        (str(r["period_start"].date()), *(r[k] for k in ROW))
        for r in sorted(
            moved["orders"].rows, key=lambda r: (r["period_start"], r["member"])
        )
    ] == [
        ("2026-06-01", "all", 0.1, 0.2, 0.1),
        ("2026-06-01", "shop", 0.1, 0.2, 0.1),
        ("2026-07-03", "all", 0.1, None, -0.1),  # of a sum, nothing is 0
    ]
    # 60 days for returns to come had not passed on 7 August's last count.
    late = [f for f in report.findings if f.check == "maturing_periods"]
    assert [(f.subject, len(f.rows)) for f in late] == [("return_rate", 2)]
    assert [r["difference"] for r in moved["return_rate"].rows] == [None]


def test_the_log_of_restatements_goes_on(bench):
    """Each publication adds what it changes; readers have the log with the KPIs."""
    published(bench)
    bench.build(MOVE)
    publish(Console(file=StringIO()), "dev")
    bench.build()
    manifest = publish(Console(file=StringIO()), "dev")
    path = bench.folder / "published" / "current"
    with duckdb.connect(str(path / "warehouse.duckdb"), read_only=True) as connection:
        log = connection.execute(
            "select kpi_id, old_value, new_value, difference, was_mature,"
            " count(distinct build_id), count(*) from restatements"
            " where grain = 'month' group by all order by all"
        ).fetchall()
        newest = connection.execute(
            "select count(*) from restatements where build_id = ?",
            [manifest["build_id"]],
        ).fetchall()
    assert log == [
        ("orders", 0.1, 0.2, pytest.approx(0.1), True, 1, 2),
        ("orders", 0.2, 0.1, pytest.approx(-0.1), True, 1, 2),
    ]
    assert newest == [(manifest["restated"],)] == [(6,)]
    assert manifest["tables"]["restatements"] == 12
    shown = CliRunner().invoke(app, ["status", "--target", "dev", "--restated"])
    assert "month 2026-06-01" in shown.output and "12 of 12 values" in shown.output


def test_an_error_stops_the_publication_until_the_seed_says_otherwise(bench):
    """Readers keep the build before; a severity is the user's to change."""
    published(bench)
    before = (bench.folder / "published" / "current").resolve()
    bench.build("delete from fct_orders where order_id = 's1:09200'")
    result = CliRunner().invoke(app, ["check", "--target", "dev"])
    assert result.exit_code == 1 and "lost_orders" in result.output
    with pytest.raises(UserError, match="found 1 error: nothing was published"):
        publish(Console(file=StringIO()), "dev")
    assert (bench.folder / "published" / "current").resolve() == before
    rules = assertions.SEEDS / "checks.csv"
    rules.write_text(rules.read_text().replace("lost_orders,error", "lost_orders,warn"))
    assert CliRunner().invoke(app, ["check", "--target", "dev"]).exit_code == 0
    assert publish(Console(file=StringIO()), "dev")["findings"]["warn"] > 0
    rules.write_text(rules.read_text().replace("lost_orders,warn", "lost_orders,off"))
    assert "lost_orders" in bench.check().off
    rules.write_text(rules.read_text().replace("lost_orders,off", "lost_orders,loud"))
    with pytest.raises(UserError, match="'loud'"):
        bench.check()


def test_machines_get_the_same_report(bench):
    """`--json` prints what lies beside the warehouse file."""
    bench.build("delete from fct_orders where order_id = 's1:09200'")
    result = CliRunner().invoke(app, ["check", "--target", "dev", "--json"])
    report = json.loads(result.stdout)
    assert result.exit_code == 1
    assert json.loads((bench.folder / "warehouse.check.json").read_text()) == report
    lost = next(f for f in report["findings"] if f["check"] == "lost_orders")
    assert lost["severity"] == "error" and lost["row_count"] == 1
    assert lost["rows"][0]["order_id"] == "09200"
    assert report["counts"]["error"] == 1
    assert report["sources"] and {len(s["newest"]) for s in report["sources"]} == {10}
    assert "closed_periods" in report["quiet"]


@pytest.mark.parametrize(
    ("value", "usual", "expected"),
    [
        (30, [30] * 12, False),
        (16, [30] * 12, False),  # not more than half of the usual away
        (0, [10] * 12, False),  # few are chance
        (0, [40, 50, 45, 38, 52] * 2, True),
        (3, [30] * 12, True),
        (0, [0, 0, 0, 40, 50, 45, 0], False),  # days without rows are usual here
        (400, [100, 120, 90, 110], True),
        (160, [20, 200, 90, 10, 150, 60], False),  # it varies
    ],
)
def test_what_is_odd(value, usual, expected):
    """Robust against one outlier before, quiet where counts are few or vary."""
    assert is_odd(value, usual, 4.5) is expected


def test_there_is_nothing_to_check_yet(tmp_path, monkeypatch):
    """A sentence, not a traceback."""
    monkeypatch.setenv("WAREHOUSE_DATA", str(tmp_path))
    with pytest.raises(UserError, match="no warehouse to check"):
        check(Console(file=StringIO()), "dev")
