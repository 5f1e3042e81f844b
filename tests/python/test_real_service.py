"""A public call centre and a public shop's reviews, with the answers their data give.

The data are not ours to ship: the tests skip where the folder of shared data is absent.
"""

import shutil

import pytest
from shop import Shop


@pytest.fixture(scope="module")
def desk(shared, tmp_path_factory) -> Shop:
    """The call centre as it was published, and the reviews in the flat template."""
    shop = Shop(tmp_path_factory.mktemp("real_service"))
    folder = shop.landing / "pbx" / "phone_now"
    folder.mkdir(parents=True)
    shutil.copy(shared / "data/call_centre/pwc_calls.parquet", folder / "calls.parquet")
    shop.drop(
        "flat",
        "shops.csv",
        """select * from (values
            ('phone_now', 'PhoneNow', 'Europe/Zurich', 'EUR', true, 'CH'),
            ('olist', 'Olist', 'America/Sao_Paulo', 'EUR', false, 'BR')
        ) as shops(shop_id, shop_name, time_zone, currency, prices_include_tax,
            country)""",
    )
    reviews = shared / "data/olist/sample_20000_orders/order_reviews.parquet"
    shop.drop(
        "flat",
        "reviews.csv",
        f"""select 'olist' as shop_id, review_id, order_id, review_score as stars,
                strftime(review_creation_date, '%Y-%m-%d %H:%M:%S-03:00') as reviewed_at
            from '{reviews}'""",
    )
    shop.load()
    shop.build("+path:models/marts/service")
    return shop


def whole(shop: Shop, rollup: str, columns: str) -> tuple:
    """Sums of a rollup over all years."""
    (row,) = shop.ask(
        f"select {columns} from {rollup} where grain = 'year' and dimension = 'all'"
    )
    return row


@pytest.mark.confirms(
    "calls_received", "call_answer_rate", "call_wait_seconds", by="PwC calls"
)
def test_calls_as_published(desk):
    """5,000 calls, 4,054 answered, 67.52 seconds to answer over answered calls only."""
    received, answered, in_time, wait, waited = whole(
        desk,
        "rollup_contacts",
        "sum(calls_received), sum(calls_answered), sum(calls_within_service_level),"
        " sum(answered_wait_seconds), sum(calls_with_wait)",
    )
    assert (received, answered, waited) == (5000, 4054, 4054)
    assert in_time == 374
    assert round(wait / waited, 2) == 67.52
    (talk,) = whole(desk, "rollup_contacts", "sum(talk_seconds) / sum(calls_answered)")
    assert round(talk, 2) == 224.92


def test_calls_by_hour_are_those_of_the_file(desk, shared):
    """The hours are the wall clock's: every call is in the hour that the file says."""
    import duckdb

    file = shared / "data/call_centre/pwc_calls.parquet"
    expected = duckdb.sql(
        f"""select cast(substr("Time", 1, 2) as int) as hour, count(*)
            from '{file}' group by 1 order by 1"""
    ).fetchall()
    assert (
        desk.ask(
            """select hour(period_start), cast(sum(value) as int)
               from kpi_calls_received where grain = 'hour' and dimension = 'all'
               group by 1 order by 1"""
        )
        == expected
    )


@pytest.mark.confirms("customer_satisfaction", by="PwC calls")
def test_satisfaction_counts_answered_calls_only(desk):
    """Mean 3.40 and 49.90 % satisfied; unanswered calls have no score, not a 3."""
    answers, satisfied, points = whole(
        desk,
        "rollup_surveys",
        "sum(csat_answers), sum(satisfied_answers), sum(csat_points)",
    )
    assert answers == 4054
    assert round(points / answers, 4) == 3.4036
    assert round(satisfied / answers, 4) == 0.4990


@pytest.mark.confirms("average_rating", by="Olist, 20,000 orders")
def test_rating_of_the_published_reviews(desk):
    """19,986 reviews with a mean of 4.0909: an id that speaks of two orders is two."""
    reviews, stars, negative = whole(
        desk, "rollup_reviews", "sum(reviews), sum(stars), sum(negative_reviews)"
    )
    assert reviews == 19_986
    assert round(stars / reviews, 4) == 4.0909
    assert 0 < negative < reviews
