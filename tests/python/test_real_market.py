"""Exports about the market and the site, as the vendors write them, to the KPIs.

The files are made by hand in the vendors' shapes, with what real ones do: a zip of
several tables, French names, a CTR with a percent sign, logs with the newest row first.
"""

import io
import json
import zipfile
from decimal import Decimal

import pytest
from shop import Shop

ENGLISH = {
    "Chart.csv": (
        "Date,Clicks,Impressions,CTR,Position\n"
        "2026-08-01,4,40,10%,3.1\n2026-08-02,0,20,0%,5\n2026-08-03,6,40,15%,2.9\n"
    ),
    "Queries.csv": (
        "Top queries,Clicks,Impressions,CTR,Position\n"
        "Alder & Co,5,10,50%,1.1\n"
        '"tent, two persons",2,17,11.76%,8.4\n'
        "lamp,0,3,0%,31\n"
    ),
    "Pages.csv": (
        "Top pages,Clicks,Impressions,CTR,Position\n"
        "https://shop.example/,10,100,10%,3\n"
    ),
    "Filters.csv": "Filter,Value\nSearch type,Web\nDate,Last 7 days\n",
}
FRENCH = {
    "Graphique.csv": (
        "Date,Clics,Impressions,CTR,Position\n"
        '2026-08-02,2,8,"25 %","1,5"\n2026-08-03,2,8,"25 %","1,5"\n'
    ),
    "Requêtes.csv": (
        "Requêtes les plus fréquentes,Clics,Impressions,CTR,Position\n"
        'alder,3,6,"50 %","1,2"\ntente,1,10,"10 %","12,5"\n'
    ),
}
WITHOUT_CHART = {"Queries.csv": ENGLISH["Queries.csv"]}
API = (
    "date,query,clicks,impressions,ctr,position\n"
    "2026-08-03,alder,1,2,0.5,1\n2026-08-03,hammock,0,5,0,12.4\n"
)
ROBOT_LOG = (
    "Event,Monitor,Date-Time,Reason,Duration,Duration (in mins.)\n"
    'Up,Shop,2026-08-02 06:00:00,OK,"18 hrs, 0 mins",1080\n'
    'Down,Shop,2026-08-02 05:30:00,Connection Timeout,"0 hrs, 30 mins",30\n'
    'Paused,Shop,2026-08-02 04:00:00,Paused,"1 hrs, 30 mins",90\n'
    'Up,Shop,2026-08-01 16:00:00,OK,"12 hrs, 0 mins",720\n'
    'Started,Shop,2026-08-01 16:00:00,Started,"0 hrs, 0 mins",0\n'
)


def archive(shop: Shop, name: str, members: dict[str, str]) -> None:
    """Write a zip as the export button gives it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for member, text in members.items():
            file.writestr(member, text)
    path = shop.landing / "search_console" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(packed.getvalue())


def parameters(**values) -> list[dict]:
    """Event parameters as BigQuery writes them to JSON."""
    return [
        {
            "key": key,
            "value": {
                "string_value": value if isinstance(value, str) else None,
                "int_value": str(value) if isinstance(value, int) else None,
                "double_value": value if isinstance(value, float) else None,
            },
        }
        for key, value in values.items()
    ]


def event(second: int, name: str, **values) -> str:
    """One line of the event export, at 10:00 UTC on 3 August and some seconds."""
    session = {"ga_session_id": 77, "page_location": "https://shop.example/cart?a=1"}
    moment = 1_785_751_200 + second
    return json.dumps(
        {
            "event_timestamp": str(moment * 1_000_000),
            "event_name": name,
            "user_pseudo_id": "v1",
            "event_bundle_sequence_id": "1",
            "batch_event_index": str(second),
            "device": {"category": "mobile"},
            "event_params": parameters(**session, **values),
        }
    )


@pytest.fixture(scope="module")
def market(tmp_path_factory) -> Shop:
    """Two shops' exports, loaded and built with the tests that concern them."""
    shop = Shop(tmp_path_factory.mktemp("market"))
    shop.write("flat", "shops.csv", "shop_id,time_zone,currency,prices_include_tax\n"
               "s1,UTC,EUR,true\ns2,UTC,EUR,true\n")  # fmt: skip
    archive(shop, "s1/https___shop.example_-Performance-2026-08-05.zip", ENGLISH)
    shop.write("search_console", "s1/search_queries.csv", API)
    archive(shop, "s2/performances.zip", FRENCH)
    archive(shop, "s2/plain.zip", WITHOUT_CHART)
    shop.write("uptimerobot", "s1/uptimerobot-all_monitors-logs.csv", ROBOT_LOG)
    events = [
        event(0, "page_view"),
        event(1, "LCP", value=2500, metric_id="m1"),
        event(2, "LCP", value=900, metric_id="m2"),
        event(3, "exception", description="TypeError: x is undefined"),
        event(4, "click", link_id="pay", link_text="Pay now", outbound="true"),
        event(5, "click", link_url="https://bank.example/?order=1", outbound="true"),
    ]
    shop.write("ga4", "s1/events_20260803.jsonl", "\n".join(events) + "\n")
    shop.load()
    shop.dbt("seed", "--quiet")
    models = (
        *("kpi_site_uptime", "kpi_page_error_rate", "kpi_page_load_seconds"),
        *("kpi_brand_searches", "kpi_brand_search_share", "element_clicks"),
        *("page_drop_off", "stg_loader__files"),
    )
    shop.dbt("run", "--select", *(f"+{model}" for model in models))
    return shop


def test_search_console_zip(market):
    """Percent signs, quotes and the folder's shop; what has no table is left out."""
    assert market.ask(
        """select query, clicks, impressions, position from stg_search_console__queries
           where shop_id = 's1' order by clicks desc"""
    ) == [
        ("alder & co", 5, 10, 1.1),
        ("tent, two persons", 2, 17, 8.4),
        ("lamp", 0, 3, 31.0),
    ]
    assert market.ask(
        """select sum(clicks), sum(impressions) from stg_search_console__days
           where shop_id = 's1'"""
    ) == [(10, 100)]


def test_search_console_in_french(market):
    """Names, headers and decimal commas of a French account."""
    assert market.ask(
        """select query, clicks, position from stg_search_console__queries
           where export_id = 's2/performances.zip' order by query"""
    ) == [("alder", 3, 1.2), ("tente", 1, 12.5)]


def test_an_archive_is_spread_over_its_chart(market):
    """Days 1 and 2 as the chart went, 4 of 10 clicks and none; the API tells day 3."""
    assert market.ask(
        """select cast(search_date as string), query, clicks, is_brand, is_spread
           from fct_search_days where shop_id = 's1' and clicks > 0
           order by search_date, query"""
    ) == [
        ("2026-08-01", "alder & co", 2, True, True),
        ("2026-08-03", "alder", 1, True, False),
    ]
    # s2: 3 brand clicks of 4; the archive without a chart has no days.
    assert market.ask(
        """select numerator, denominator from kpi_brand_search_share
           where grain = 'month' and dimension = 'shop' and member = 's2'"""
    ) == [(3, 4)]
    assert market.ask(
        """select value from kpi_brand_searches
           where grain = 'month' and dimension = 'search_type'
           and member = 'organic'"""
    ) == [(6 + 4 + 2 + 2,)]  # s2; ten as the chart's 40 and 20 of 100; the API's


def test_uptimerobot_log(market):
    """Paused is not monitored: 12 hours up, half an hour down, 18 hours up."""
    assert market.ask(
        """select period_start, numerator, denominator from kpi_site_uptime
           where grain = 'day' and dimension = 'site' and member = 'Shop'
           order by period_start"""
    )[0][1:] == (480, 480)
    assert market.ask(
        """select numerator, denominator from kpi_site_uptime
           where grain = 'month' and dimension = 'all'"""
    ) == [(1800, 1830)]


def test_vitals_errors_and_clicks_of_ga4(market):
    """Two paints, one failed script, two clicks: one by id, one by where it leads."""
    assert market.ask(
        """select error.numerator, error.denominator, speed.value
           from kpi_page_error_rate as error
           inner join kpi_page_load_seconds as speed
               using (grain, period_start, dimension, member)
           where grain = 'month' and dimension = 'page'
           and member = 'https://shop.example/cart'"""
    ) == [(1, 2, pytest.approx(2.1))]
    assert market.ask(
        """select element, clicks, sessions, share from element_clicks
           where grain = 'month' order by element"""
    ) == [("https://bank.example/", 1, 1, 0.5), ("pay", 1, 1, 0.5)]
    assert market.ask(
        """select page, page_views, exits from page_drop_off where grain = 'month'"""
    ) == [("https://shop.example/cart", 1, 1)]


def test_nothing_is_lost(market):
    """Landed rows are loaded ones, but for those of the files that are of no table."""
    assert market.ask(
        """select count(*), sum(rows_landed - rows_loaded) from stg_loader__files
           where source_system in ('search_console', 'uptimerobot')
           and status = 'loaded'"""
    ) == [(7, Decimal(0))]
