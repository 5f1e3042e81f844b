"""Vendors' files through the loader and staging: what they hold is what comes out.

The first tests read real exports, which are not ours to ship: they skip where the
folder of shared data is absent. The others write files as the vendors document them.
"""

import json
import os
from decimal import Decimal

import pytest
from shop import Shop

ZAR = "shopify_orders_export_2021_ZAR_tax_included_masked.csv"
CAD = "shopify_orders_export_2025_CAD_tax_excluded_masked.csv"
SOURCES = ("shopify", "ga4", "google_ads", "meta_ads")


def build_staging(shop: Shop) -> Shop:
    """Load the landing folder and build the sources' views, with their data tests."""
    shop.load()
    selection = ["countries", *(f"staging.{source}" for source in SOURCES)]
    shop.dbt(
        *("build", "--exclude-resource-type", "unit_test"),
        # Not the tests that look at later layers too.
        *("--indirect-selection", "cautious", "--select", *selection),
    )
    return shop


def sample(shared, name: str) -> str:
    return (shared / "data" / "export_samples" / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def real(shared, tmp_path_factory) -> Shop:
    """The real exports; one of them again, with a later excerpt of one order."""
    shop = Shop(tmp_path_factory.mktemp("real"))
    shop.write("shopify", "zar/orders_export.csv", sample(shared, ZAR))
    shop.write("shopify", "cad/orders_export_1.csv", sample(shared, CAD))
    full = shop.write("shopify", "again/orders_export_1.csv", sample(shared, CAD))
    first_lines = "".join(sample(shared, CAD).splitlines(keepends=True)[:2])
    excerpt = first_lines.replace(",paid,", ",refunded,", 1)
    later = shop.write("shopify", "again/orders_export_2.csv", excerpt)
    os.utime(full, (1_750_000_000, 1_750_000_000))
    os.utime(later, (1_760_000_000, 1_760_000_000))
    for name in (
        "google_ads_campaign_report_en_INR.csv",
        "google_ads_campaign_report_en_EUR_zero_rows.csv",
        "google_ads_search_terms_report_header.csv",
    ):
        shop.write("google_ads", f"s1/{name}", sample(shared, name))
    name = "ga4_report_snapshot_multi_block.csv"
    shop.write("ga4", f"s1/{name}", sample(shared, name))
    return build_staging(shop)


@pytest.mark.parametrize(
    ("shop_id", "orders", "total", "subtotal", "shipping", "tax", "lines", "goods"),
    [
        ("zar", 50, "147699.00", "144894.00", "2805.00", "18833.97", 101, "144894.00"),
        ("cad", 20, "2238.95", "1872.92", "139.86", "216.18", 64, "1935.57"),
    ],
)
def test_shopify_control_totals(
    real, shop_id, orders, total, subtotal, shipping, tax, lines, goods
):
    """Order amounts stand on one of several lines and are counted once."""
    assert real.ask(
        f"""select count(*), sum(total_amount), sum(subtotal_amount),
                sum(shipping_amount), sum(tax_amount)
            from stg_shopify__orders where shop_id = '{shop_id}'"""
    ) == [(orders, *map(Decimal, (total, subtotal, shipping, tax)))]
    assert real.ask(
        f"""select count(*), sum(quantity * unit_price), count(distinct order_id)
            from stg_shopify__order_lines where shop_id = '{shop_id}'"""
    ) == [(lines, Decimal(goods), orders)]


def test_shopify_by_status(real):
    """Pending and voided orders are kept with their totals, for the policy to judge."""
    assert real.ask(
        """select shop_id, financial_status, count(*), sum(total_amount),
               sum(refunded_amount), sum(discount_amount)
           from stg_shopify__orders where shop_id <> 'again'
           group by 1, 2 order by 1, 2"""
    ) == [
        (shop_id, status, orders, *map(Decimal, amounts))
        for shop_id, status, orders, *amounts in [
            ("cad", "paid", 19, "2089.51", "0", "51.25"),
            ("cad", "partially_refunded", 1, "149.44", "1.54", "11.40"),
            ("zar", "paid", 35, "62855.00", "0", "0"),
            ("zar", "pending", 13, "72859.00", "0", "0"),
            ("zar", "voided", 2, "11985.00", "0", "0"),
        ]
    ]


def test_shopify_discounts_stand_on_their_lines(real):
    """The lines' discounts add up to the orders' (they are not per piece)."""
    assert real.ask(
        """select shop_id, sum(discount_amount), sum(quantity * unit_price)
               - sum(discount_amount)
           from stg_shopify__order_lines where shop_id = 'cad' group by 1"""
    ) == [("cad", Decimal("62.65"), Decimal("1872.92"))]


def test_shopify_times_are_utc(real):
    """The export writes shop-local time with its offset."""
    assert real.ask(
        """select min(cast(ordered_at as string)), count(cancelled_at)
           from stg_shopify__orders where shop_id = 'zar'"""
    ) == [("2021-05-13 09:01:12", 2)]
    assert real.ask(
        """select cast(ordered_at as string), cast(paid_at as string)
           from stg_shopify__orders where order_number = '1001' and shop_id = 'cad'"""
    ) == [("2025-03-20 12:20:57", "2025-04-02 00:18:52")]


def test_shopify_later_export_replaces_the_order(real):
    """Of 20 orders one is in a later file too: its status and its lines are those."""
    assert real.ask(
        """select order_number, financial_status, count(*) over ()
           from stg_shopify__orders where shop_id = 'again'
           order by order_number limit 1"""
    ) == [("1001", "refunded", 20)]
    assert real.ask(
        """select count(*) from stg_shopify__order_lines
           where shop_id = 'again' and order_id in (
               select order_id from stg_shopify__orders where order_number = '1001')"""
    ) == [(1,)]


def test_shopify_has_no_people(real):
    """Neither e-mail nor phone in clear: hashes only."""
    ((emails, clear),) = real.ask(
        """select count(email_hash), count(*) filter (email_hash not similar to
               '[0-9a-f]{64}') from stg_shopify__orders where shop_id = 'cad'"""
    )
    assert emails > 0
    assert clear == 0


def test_google_ads_without_totals(real):
    """The four total rows hold the cost twice more; interactions are no clicks."""
    assert real.ask(
        """select campaign_type, spend, impressions, clicks, conversions,
               cast(starts_on as string), cast(ends_on as string)
           from stg_google_ads__campaign_days where currency = 'INR' order by spend"""
    ) == [
        (
            "Demand Gen",
            Decimal("904.26"),
            20287,
            None,
            15.0,
            "2025-07-08",
            "2025-07-31",
        ),
        ("Video", Decimal("1661.67"), 25881, None, 0.0, "2025-07-08", "2025-07-31"),
    ]
    assert real.ask(
        """select count(*), sum(spend), sum(clicks), cast(min(starts_on) as string)
           from stg_google_ads__campaign_days where currency = 'EUR'"""
    ) == [(3, Decimal(0), 0, "2026-03-27")]
    assert real.ask("select count(*) from stg_google_ads__search_terms") == [(0,)]


def test_ga4_snapshot(real):
    """One table of a file of many is ours; the others are left alone."""
    assert real.ask(
        """select channel, sessions, cast(starts_on as string), cast(ends_on as string)
           from stg_ga4__channel_totals order by sessions desc"""
    ) == [
        ("direct", 3, "2023-04-24", "2023-05-21"),
        ("unassigned", 2, "2023-04-24", "2023-05-21"),
        ("organic_search", 1, "2023-04-24", "2023-05-21"),
    ]


def parameter(key: str, **value) -> dict:
    return {"key": key, "value": value}


def drop_ga4(shop: Shop) -> None:
    """A nested event as BigQuery writes it, in two overlapping exports; a report."""
    event = {
        "event_date": "20260901",
        "event_timestamp": "1788256800000000",
        "event_name": "purchase",
        "event_params": [
            parameter("ga_session_id", int_value="1788256000"),
            parameter("ga_session_number", int_value="2"),
            parameter("page_location", string_value="https://x.de/?fbclid=f1"),
            parameter("value", double_value=120.5),
            parameter("engagement_time_msec", int_value="2500"),
            parameter("session_engaged", string_value="1"),
        ],
        "user_pseudo_id": "11.22",
        "user_id": "ann",
        "device": {"category": "mobile"},
        "geo": {"country": "Germany"},
        "traffic_source": {"source": "news", "medium": "email", "name": "welcome"},
        "collected_traffic_source": {"manual_source": "ig", "manual_medium": "social"},
        "ecommerce": {"transaction_id": "#1001"},
        "items": [{"item_id": "tent", "item_category": "tents", "price": 60.25}] * 2,
    }
    shop.write("ga4", "s1/events_20260901.jsonl", json.dumps(event) + "\n")
    later = {**event, "batch_event_index": "9", "event_name": "page_view", "items": []}
    overlap = json.dumps(event) + "\n" + json.dumps(later) + "\n"
    shop.write("ga4", "s1/events_20260902.jsonl", overlap)
    shop.write(
        "ga4",
        "s1/traffic_acquisition.csv",
        "# Traffic acquisition\n\n"
        "Date,Session default channel group,Device category,Sessions,Total users,"
        "Average engagement time per session\n"
        "Grand total,,,7,6,20\n"
        "20260901,Paid Search,mobile,4,4,10.5\n"
        "20260901,Cross-network,desktop,3,3,20\n",
    )


def drop_meta_ads(shop: Shop) -> None:
    """A report over a range, with its total on top; Spanish and French ones by day."""
    shop.write(
        "meta_ads",
        "s1/Account-Campaigns-Sep-1-2026-Sep-20-2026.csv",
        "Reporting starts,Reporting ends,Campaign name,Result indicator,Results,"
        "Amount spent (USD),Impressions,Reach,Link clicks,Clicks (all)\n"
        "2026-09-01,2026-09-20,,,,300.00,3000,,65,90\n"
        '2026-09-01,2026-09-20,"Broad, all",Website Purchase,11,"1,200.50",2000,'
        "1500,65,87\n"
        "2026-09-01,2026-09-20,Likes,Post engagement,40,100.00,1000,900,,3\n",
    )
    shop.write(
        "meta_ads",
        "s1/campañas.csv",
        "Inicio del informe,Fin del informe,Día,Nombre de la campaña,"
        "Identificador de la campaña,Importe gastado (PEN)\n"
        "2026-08-01,2026-08-31,2026-08-15,Otoño,77,50.25\n",
    )
    shop.write(
        "meta_ads",
        "s1/campagnes_ads.csv",
        "Jour;Nom de la campagne;Montant dépensé (EUR);Clics (tous)\n"
        "31/08/2026;Rentrée;1 234,56;8\n",
    )


def drop_inventory(shop: Shop) -> None:
    """Shopify's inventory, twice for one day; once without a day in the name."""
    header = (
        "Handle,Title,Option1 Name,Option1 Value,SKU,HS Code,COO,Location,Incoming,"
        "Unavailable,Committed,Available,On hand\n"
    )
    store = "not stocked,not stocked,not stocked,not stocked,not stocked\n"
    first = shop.write(
        "shopify",
        "s1/inventory_export_2026-09-20.csv",
        f"{header}"
        "tent,Tent,Title,Default Title,TENT,,CN,Berlin Warehouse,0,0,2,7,9\n"
        f"tent,Tent,Title,Default Title,TENT,,CN,Berlin Store,{store}"
        "mug,Mug,Title,Default Title,'0042,,CN,Berlin Warehouse,12,1,3,-2,2\n"
        "sock,Sock,Size,M,,,CN,Berlin Warehouse,0,0,0,5,5\n",
    )
    again = shop.write(
        "shopify",
        "s1/inventory_export_20260920 (1).csv",
        f"{header}tent,Tent,Title,Default Title,TENT,,CN,Berlin Warehouse,0,0,2,6,8\n",
    )
    os.utime(first, (1_789_000_000, 1_789_000_000))
    os.utime(again, (1_790_000_000, 1_790_000_000))
    shop.write(
        "shopify",
        "s1/inventory_export_1.csv",
        f"{header}"
        "tent,Tent,Title,Default Title,TENT,,CN,Berlin Warehouse,0,0,0,99,99\n",
    )


@pytest.fixture(scope="module")
def documented(tmp_path_factory) -> Shop:
    """Files in the shape that the vendors document."""
    shop = Shop(tmp_path_factory.mktemp("documented"))
    drop_ga4(shop)
    drop_meta_ads(shop)
    drop_inventory(shop)
    return build_staging(shop)


def test_ga4_events_and_items(documented):
    """Two exports hold the purchase, and it counts once; so do its two items."""
    assert documented.ask(
        """select event_name, session_id, user_key, cast(event_at as string),
               order_number, value, source, medium, campaign_name, click_id, device,
               country, session_number, engagement_seconds, is_engaged
           from stg_ga4__events order by 1 desc limit 1"""
    ) == [
        (
            *("purchase", "s1:11.22:1788256000", "s1:ann", "2026-09-01 10:00:00"),
            *("1001", Decimal("120.5"), "ig", "social", None, "f1", "mobile", "DE"),
            *(2, 2.5, True),
        )
    ]
    assert documented.ask("select count(*) from stg_ga4__events") == [(2,)]
    assert documented.ask(
        """select product_id, category, sum(quantity), sum(price)
           from stg_ga4__event_items group by 1, 2"""
    ) == [("s1:tent", "tents", 2, Decimal("120.5"))]


def test_ga4_report(documented):
    """Without its total; seconds in all are the average times the sessions."""
    assert documented.ask(
        """select cast(traffic_date as string), channel, device, sessions, visitors,
               engaged_seconds
           from stg_ga4__traffic_days order by channel"""
    ) == [
        ("2026-09-01", "cross_network", "desktop", 3, 3, 60.0),
        ("2026-09-01", "paid_search", "mobile", 4, 4, 42.0),
    ]


def test_meta_ads(documented):
    """The currency in the header, the total without a campaign, two kinds of clicks."""
    assert documented.ask(
        """select campaign_name, currency, spend, clicks, conversions,
               cast(starts_on as string), cast(ends_on as string)
           from stg_meta_ads__campaign_days order by spend"""
    ) == [
        ("Otoño", "PEN", Decimal("50.25"), None, None, "2026-08-15", "2026-08-15"),
        ("Likes", "USD", Decimal(100), 0, None, "2026-09-01", "2026-09-20"),
        ("Broad, all", "USD", Decimal("1200.5"), 65, 11.0, "2026-09-01", "2026-09-20"),
        ("Rentrée", "EUR", Decimal("1234.56"), 8, None, "2026-08-31", "2026-08-31"),
    ]
    assert documented.ask(
        "select campaign_id from stg_meta_ads__campaign_days where spend < 60"
    ) == [("meta_ads:77",)]


def test_shopify_inventory(documented):
    """The day is the file's, the last file wins, and what is promised is gone."""
    assert documented.ask(
        """select product_id, sku, location, system, cast(stock_date as string),
               counted_at, on_hand
           from stg_shopify__stock_levels order by on_hand"""
    ) == [
        ("s1:0042", "0042", "Berlin Warehouse", "shop", "2026-09-20", None, -1),
        ("s1:Sock - M", None, "Berlin Warehouse", "shop", "2026-09-20", None, 5),
        ("s1:TENT", "TENT", "Berlin Warehouse", "shop", "2026-09-20", None, 6),
    ]
