"""Fed in slices, in any order, the warehouse ends where one load of everything ends.

The history is the tiny shop's, cut into pieces, with older and newer exports of the
same rows among them; then late news come: a refund, an edited order, an event, a
restated ad day. What they move in closed periods is known, and stands in the log of
restatements.
"""

import itertools
import os
import random
import shutil
from collections.abc import Sequence
from io import StringIO

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from shop import PROJECT, Shop

from warehouse import build as building
from warehouse.build import BuildResult
from warehouse.load import load
from warehouse.publish import publish

FIXTURE = PROJECT / "tests/fixtures/tiny_shop"
SHOPIFY = "Name,Id,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Created at,"
SHOPIFY += "Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku\n"
META = "Day,Campaign name,Amount spent (EUR),Impressions,Link clicks\n"
ADS = "shop_id,ad_date,platform,campaign_id,campaign_name,campaign_type,currency,spend,"
ADS += "impressions,clicks,reach\n"

# Older and newer exports of the same rows: whichever is loaded first, the newer counts.
VERSIONS = {
    "shopify/s1/orders_export_1.csv": SHOPIFY
    + "#3001,3001,paid,EUR,50,0,10,60,2026-09-07 10:00:00 +0200,1,Mug,50,mug\n",
    "shopify/s1/orders_export_2.csv": SHOPIFY
    + "#3001,3001,paid,EUR,45,0,9,54,2026-09-07 10:00:00 +0200,1,Mug,45,mug\n"
    + "#3002,3002,paid,EUR,30,0,6,36,2026-09-08 10:00:00 +0200,1,Pack,30,pack\n",
    "meta_ads/s1/campaigns_1.csv": META + "2026-09-12,Spring,10.00,900,9\n",
    "meta_ads/s1/campaigns_2.csv": META + "2026-09-12,Spring,12.00,950,10\n",
    "flat/ad_spend_z.csv": ADS + "s1,2026-09-13,tiktok_ads,c3,Sale,,EUR,7.00,100,5,\n",
    "flat/ad_spend_zz.csv": ADS + "s1,2026-09-13,tiktok_ads,c3,Sale,,EUR,8.00,110,6,\n",
}
# What comes when the month is long closed, and what it moves in September.
LATE = {
    "flat/refunds_late.csv": "shop_id,refund_id,order_id,product_id,refunded_at,"
    "quantity,merchandise_amount,tax_amount,shipping_amount,kind,is_restocked\n"
    "s1,r9,1001,pack,2026-09-22T10:00:00Z,1,20.00,4.00,0,return,true\n",
    "flat/orders_edited.csv": "shop_id,order_id,order_number,ordered_at,email,"
    "financial_status,fulfillment_status,paid_at,fulfilled_at,sales_channel,currency,"
    "subtotal_amount,discount_amount,shipping_amount,tax_amount,total_amount,"
    "refunded_amount,country,payment_method,is_test\n"
    "s1,1002,1002,2026-09-03T10:00:00Z,bob@example.com,paid,fulfilled,"
    "2026-09-03T10:05:00Z,2026-09-04T08:00:00Z,web,EUR,80.00,0,5.00,16.00,101.00,0,DE,"
    "card,false\n",
    "flat/order_lines_edited.csv": "shop_id,order_id,line_id,product_id,sku,"
    "product_name,category,quantity,unit_price,discount_amount,is_gift_card\n"
    "s1,1002,1,mug,mug,Mug,cookware,4,20.00,0,false\n",
    "flat/events_late.csv": "shop_id,event_id,session_id,visitor_id,event_at,"
    "event_name,page\n"
    "s1,e99,b99,v99,2026-09-05T10:00:00Z,page_view,/late\n",
    "flat/ad_spend_restated.csv": ADS
    + "s1,2026-09-10,google_ads,c1,Alder search,Search,EUR,26.50,1300,65,\n",
}
MOVED = {  # kpi_id, day or month: by how much, of the whole
    ("ad_spend", "day", "2026-09-10"): 6.5,
    ("ad_spend", "month", "2026-09-01"): 6.5,
    ("clicks", "day", "2026-09-10"): 15,
    ("net_sales", "day", "2026-09-03"): 40,
    ("net_sales", "day", "2026-09-22"): -20,
    ("net_sales", "month", "2026-09-01"): 20,
    ("units_sold", "day", "2026-09-03"): 2,
    ("sessions", "day", "2026-09-05"): 1,
    ("sessions", "month", "2026-09-01"): 1,
}
UNMOVED = {("ad_spend", "day", "2026-09-11"), ("net_sales", "month", "2026-08-01")}


def pieces(chance: random.Random) -> dict[str, str]:
    """The tiny shop's files, each cut into one to three, and the versions."""
    found = dict(VERSIONS)
    for path in sorted(FIXTURE.glob("*.csv")):
        if path.name == "expected.csv":
            continue
        header, *rows = path.read_text().splitlines(keepends=True)
        cuts = sorted(chance.randrange(len(rows) + 1) for _ in range(2))
        for number, (a, b) in enumerate(itertools.pairwise([0, *cuts, len(rows)])):
            if rows[a:b]:
                name = f"flat/{path.stem}_{number}.csv"
                found[name] = header + "".join(rows[a:b])
    return found


def land(shop: Shop, files: dict[str, str], chance: random.Random, start: int) -> None:
    """Write files outside of landing, as if written on different days: the cut pieces
    in any order of days, numbered versions in theirs."""
    moments = list(range(len(files)))
    chance.shuffle(moments)
    for name in VERSIONS.keys() & files.keys():
        moments[list(files).index(name)] = len(files) + list(VERSIONS).index(name)
    for moment, (name, content) in zip(moments, files.items(), strict=True):
        path = shop.write("../waiting", name, content)
        day = 1_760_000_000 + 86_400 * (start + moment)
        os.utime(path, (day, day))


def feed(shop: Shop, names: Sequence[str]) -> None:
    """One slice: some of the waiting files arrive, with their dates, and are loaded."""
    for name in names:
        path = shop.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(shop.folder / "waiting" / name, path)
    result = load(data=shop.folder)
    assert not result.refused and not result.total("rejected")


def slices(names: Sequence[str], number: int, chance: random.Random) -> list[list[str]]:
    """The names in random order, cut into so many slices, none of them empty."""
    mixed = list(names)
    chance.shuffle(mixed)
    cuts = sorted(chance.sample(range(1, len(mixed)), number - 1))
    return [mixed[a:b] for a, b in itertools.pairwise([0, *cuts, len(mixed)])]


def publish_built(shop: Shop) -> dict:
    """Publish what dbt built here, and return the manifest."""
    with shop.surroundings():
        building._remember("dev", BuildResult(success=True), whole=True)
        return publish(Console(file=StringIO()), "dev")


def build(shop: Shop) -> None:
    """All that a KPI value is made of, and the catalogue; no test, no other mart."""
    shop.dbt(
        *("build", "--cache-selected-only"),
        *("--exclude-resource-type", "test", "unit_test"),
        *("--select", "+path:models/facts", "+path:models/rollups", "+kpi_values"),
        "kpi_catalog",
    )


@pytest.fixture(scope="module")
def fed(tmp_path_factory) -> Shop:
    """A shop that was fed slice by slice, built and published in the middle and at the
    end; then loaded and built once more from nothing, in `full.duckdb`."""
    chance = random.Random(int(os.environ.get("WAREHOUSE_TEST_SEED", "7")))
    shop = Shop(tmp_path_factory.mktemp("fed"))
    history = pieces(chance)
    land(shop, history, chance, 0)
    land(shop, LATE, chance, 100)
    for names in slices(list(history), 4, chance):
        feed(shop, names)
    build(shop)
    publish_built(shop)
    for names in slices(list(LATE), 2, chance):
        feed(shop, names)
    build(shop)
    shop.manifest = publish_built(shop)
    built = shop.folder / "warehouse.duckdb"
    built.rename(shop.folder / "fed.duckdb")
    shutil.rmtree(shop.folder / "lake")
    load(data=shop.folder)
    build(shop)
    return shop


def test_slices_end_where_everything_at_once_ends(fed):
    """Every fact, dimension, rollup and KPI value, row for row and digit for digit, but
    for the last digits of doubles: their sums depend on the order of the rows."""
    with duckdb.connect() as connection:
        for name, file in (("at_once", "warehouse"), ("fed", "fed")):
            path = fed.folder / f"{file}.duckdb"
            connection.execute(f"attach '{path}' as {name} (read_only)")
        tables, fed_tables = (
            [
                table
                for (table,) in connection.execute(
                    "select table_name from duckdb_tables() where database_name = ?"
                    " and regexp_matches(table_name, '^(fct|dim|rollup)_|^kpi_values$')"
                    " order by all",
                    [name],
                ).fetchall()
            ]
            for name in ("at_once", "fed")
        )
        assert tables == fed_tables and len(tables) > 50
        rows = 0
        for table in tables:
            columns = connection.execute(
                "select column_name, data_type from duckdb_columns()"
                f" where database_name = 'at_once' and table_name = '{table}'"
            ).fetchall()
            listed = ", ".join(
                f"round({name}, 9) as {name}" if kind == "DOUBLE" else name
                for name, kind in columns
            )
            for one, other in (("at_once", "fed"), ("fed", "at_once")):
                left = connection.sql(
                    f"select {listed} from {one}.{table}"
                    f" except all select {listed} from {other}.{table}"
                )
                found = left.limit(5).fetchall()
                assert not found, (table, one, found)
            rows += connection.sql(f"from at_once.{table}").count("*").fetchall()[0][0]
        assert rows > 10_000


def test_the_newer_export_counts_in_both(fed):
    """The edited order, the restated days: of the later file, loaded first or last."""
    assert fed.ask(
        "select order_number, charged_total from fct_orders"
        " where order_number in ('1002', '3001') order by all"
    ) == [("1002", 101), ("3001", 54)]
    assert fed.ask(
        "select campaign_name, spend from fct_ad_days where is_spread = false"
        " order by campaign_name"
    ) == [("Alder search", 26.5), ("Prospecting", 30), ("Sale", 8), ("Spring", 12)]


def restatements(shop: Shop) -> dict[tuple, tuple]:
    """Old value, new value, difference and maturity by KPI, grain and day, of all."""
    path = shop.folder / "published/current/warehouse.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        return {
            key: values
            for *key, values in (
                (kpi, grain, str(start.date()), rest)
                for kpi, grain, start, *rest in connection.execute(
                    "select kpi_id, grain, period_start, old_value, new_value,"
                    " difference from restatements where dimension = 'all'"
                ).fetchall()
            )
            for key in [tuple(key)]
        }


def test_the_log_names_what_late_news_moved(fed):
    """Each closed period that the late slices touched, and by how much; no other."""
    log = restatements(fed)
    for key, difference in MOVED.items():
        old, new, moved = log[key]
        assert moved == pytest.approx(difference), key
        assert (new or 0) - (old or 0) == pytest.approx(difference), key
    assert not UNMOVED & log.keys()
    days = {start for kpi, grain, start in log if (kpi, grain) == ("net_sales", "day")}
    assert days == {"2026-09-03", "2026-09-22"}
    assert fed.manifest["restated"] == fed.manifest["tables"]["restatements"] > 0
    assert (fed.folder / "published/current/parquet/restatements.parquet").exists()


def staged(shop: Shop) -> dict[str, list[tuple]]:
    """The sorted rows of every staging view, but for those about the loader itself."""
    path = str(shop.folder / "warehouse.duckdb")
    with duckdb.connect(path, read_only=True) as connection:
        views = connection.execute(
            "select view_name from duckdb_views() where view_name like 'stg\\_%'"
            " escape '\\' and view_name not like 'stg\\_loader%' escape '\\'"
        ).fetchall()
        return {
            view: connection.execute(f"from {view} order by all").fetchall()
            for (view,) in views
        }


def test_every_order_of_loading_gives_the_same_rows(fed):
    """Staging decides which version of a row counts; all else follows from it."""
    expected = staged(fed)
    assert sum(map(bool, expected.values())) > 25
    names = [
        path.relative_to(fed.landing).as_posix()
        for path in sorted(fed.landing.glob("**/*.csv"))
    ]

    @settings(max_examples=5, deadline=None, database=None)
    @given(st.permutations(names), st.integers(1, 4))
    def load_in_order(order, number):
        shutil.rmtree(fed.folder / "lake")
        shutil.rmtree(fed.landing)
        size = -(-len(order) // number)
        for start in range(0, len(order), size):
            feed(fed, order[start : start + size])
        assert staged(fed) == expected

    load_in_order()
