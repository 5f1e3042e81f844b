"""Two computations that know nothing of each other give the same KPIs.

One is the warehouse: loader, staging, facts, rollups, views. The other is
`second_opinion`, Polars over the landed files, written from the words alone. Shops of
several seeds, of random size and length, are built and compared in every month and day,
as a whole and by shop. WAREHOUSE_TEST_OPINIONS is the number of shops, two without it.
"""

import os
import random
import shutil

import contest
import duckdb
import polars as pl
import polars_script
import pytest
from second_opinion import OPINIONS
from second_opinion.comparison import disagreements
from second_opinion.landing import Landing
from shop import PROJECT, Shop

# One shop has all of the two years, with their odd exports; the others are young.
SEEDS = {11: "2024-10-01", 42: "2026-02-01", 23: "2025-11-01"}
SHOPS = list(SEEDS)[: int(os.environ.get("WAREHOUSE_TEST_OPINIONS", "2"))]
OLDEST = 11


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Shop:
    """One folder for all shops, one after the other, so that dbt parses once."""
    return Shop(tmp_path_factory.mktemp("second_opinion"))


def built(shop: Shop, kpis=OPINIONS, more=()) -> tuple[Landing, pl.DataFrame]:
    """Load and build what has landed; both sides of the comparison."""
    shop.load()
    shop.build(*(f"+kpi_{kpi_id}" for kpi_id in {*kpis, *more}))
    path, out = shop.folder / "warehouse.duckdb", shop.folder / "kpi_values.parquet"
    views = " union all ".join(
        f"select '{kpi_id}' as kpi_id, * from kpi_{kpi_id}" for kpi_id in kpis
    )
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute(
            f"""copy (select * from ({views}) where grain in ('day', 'month')
                and dimension in ('all', 'shop')) to '{out}'"""
        )
    return Landing(shop.landing, PROJECT / "seeds"), pl.read_parquet(out)


def clear(shop: Shop) -> None:
    """Leave nothing of the shop before but what dbt has parsed."""
    for name in ("landing", "lake", "truth"):
        shutil.rmtree(shop.folder / name, ignore_errors=True)
    (shop.folder / "warehouse.duckdb").unlink(missing_ok=True)


@pytest.fixture(scope="module", params=SHOPS)
def demo(request, folder) -> tuple[Landing, pl.DataFrame]:
    """A demo of this seed and a size that nobody chose."""
    clear(folder)
    orders = random.Random(request.param).randint(150, 400)
    folder.run(
        *("warehouse", "demo", "--out", str(folder.folder)),
        *("--orders", str(orders), "--seed", str(request.param)),
        *("--start", SEEDS[request.param], "--sessions-per-order", "8"),
    )
    return built(folder, more=contest.KPIS if request.param == OLDEST else ())


@pytest.mark.parametrize("kpi_id", OPINIONS)
def test_both_opinions_agree(demo, kpi_id):
    """Counts exactly, money to the cent, ratios to nine digits."""
    landing, kpi_values = demo
    apart = disagreements(OPINIONS[kpi_id], landing, kpi_values)
    assert apart.is_empty(), f"{kpi_id}, {len(apart)} periods\n{apart.head(8)}"


@pytest.mark.parametrize("demo", [OLDEST], indirect=True)
def test_scripts_of_the_benchmark_agree(demo, folder):
    """What the warehouse's speed is compared with says the same, by channel, too."""
    lake, seeds = folder.folder / "lake", PROJECT / "seeds"
    warehouse = folder.folder / "warehouse.duckdb"
    now = contest.now_of(warehouse)
    with duckdb.connect(warehouse, read_only=True) as connection:
        theirs = contest.values_of(connection)
    mine = polars_script.compute(lake, seeds, now)
    assert contest.agree(mine, theirs) > 500
    pandas_script = pytest.importorskip("pandas_script", reason="no pandas")

    def read(table: str, columns: list[str] | None):
        """As pandas reads Parquet, without pyarrow."""
        files = f"{lake}/{table}/*.parquet"
        chosen = ", ".join(columns or ["*"])
        query = f"select {chosen} from read_parquet('{files}', union_by_name = true)"
        return duckdb.sql(query).df()

    values = pandas_script.Script(read, seeds, now).run()
    assert contest.agree(values, theirs) > 500
    # Other orders in a month, and no orders at all: both are seen.
    more = [*values, ("orders", "2026-01-01", "all", 1e9)]
    none = [value for value in values if value[0] != "orders"]
    for spoiled in (more, none):
        with pytest.raises(contest.OtherNumbers):
            contest.agree(spoiled, theirs)


def test_every_theme_has_second_opinions():
    """At least 25 KPIs, some of each theme, and no KPI that does not exist."""
    kpis = {
        path.stem.removeprefix("kpi_"): path.parent.name
        for path in (PROJECT / "models/marts").glob("*/kpi_*.sql")
    }
    assert set(OPINIONS) <= set(kpis), set(OPINIONS) - set(kpis)
    assert len(OPINIONS) >= 25
    themes = set(kpis.values()) - {"scorecard"}
    assert {kpis[kpi_id] for kpi_id in OPINIONS} == themes


def test_a_comparison_can_fail(demo):
    """A cent too much, an order too few and a missing month are all seen."""
    landing, kpi_values = demo

    def spoiled(kpi_id: str, change: pl.Expr) -> int:
        """Periods that differ once the warehouse's value is another."""
        here = pl.col("kpi_id") == kpi_id
        other = kpi_values.with_columns(
            pl.when(here).then(change).otherwise("value").alias("value")
        )
        return len(disagreements(OPINIONS[kpi_id], landing, other))

    assert spoiled("net_sales", pl.col("value") + 0.02)
    assert spoiled("orders", pl.col("value") - 1)
    assert spoiled("conversion_rate", pl.col("value") * (1 + 1e-7))
    assert spoiled("picking_minutes", pl.lit(None, pl.Float64))


@pytest.fixture(scope="module")
def real_shop(shared, folder) -> tuple[Landing, pl.DataFrame]:
    """A shop's orders and a mail account's campaigns, as they were exported."""
    clear(folder)
    samples = shared / "data" / "export_samples"
    for name, sample in {
        "shopify/cad/orders_export.csv": "shopify_orders_export_2025_CAD_tax_excluded",
        "klaviyo/cad/campaigns_export.csv": "klaviyo_campaign_export",
    }.items():
        path = folder.landing / name
        path.parent.mkdir(parents=True)
        shutil.copy(samples / f"{sample}_masked.csv", path)
    folder.write(
        "flat",
        "shops.csv",
        "shop_id,time_zone,currency,prices_include_tax\n"
        "cad,America/Toronto,CAD,false\n",
    )
    return built(folder, REAL)


# What these exports have figures for.
REAL = [
    *("orders", "units_sold", "net_sales", "total_sales", "average_order_value"),
    *("items_per_order", "discount_rate", "refund_share", "cancellation_rate"),
    *("purchasing_customers", "new_customers", "purchase_frequency"),
    *("emails_sent", "email_delivery_rate", "email_open_rate", "email_click_rate"),
    "email_unsubscribe_rate",
]


@pytest.mark.parametrize("kpi_id", REAL)
def test_both_opinions_agree_on_real_exports(real_shop, kpi_id):
    """Files that nobody here wrote: every figure they have, and each has one."""
    landing, kpi_values = real_shop
    assert kpi_values.filter(pl.col("kpi_id") == kpi_id)["value"].is_not_null().any()
    apart = disagreements(OPINIONS[kpi_id], landing, kpi_values)
    assert apart.is_empty(), f"{kpi_id}, {len(apart)} periods\n{apart.head(8)}"
