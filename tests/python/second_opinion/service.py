"""Service (KPIS.md "Service", DECISIONS "Service")."""

import polars as pl

from second_opinion.fulfilment import utc
from second_opinion.landing import Landing, number, once, truth
from second_opinion.orders import placed
from second_opinion.registry import Kpi, count, opinion, quantile, total


def seconds(column: str) -> pl.Expr:
    """A length such as 00:01:25 in seconds."""
    parts = pl.col(column).str.split(":")
    return sum(
        parts.list.get(place).cast(pl.Float64) * unit
        for place, unit in ((0, 3600), (1, 60), (2, 1))
    )


@once
def calls(shop: Landing) -> pl.DataFrame:
    """Inbound calls of the telephone system and of the template."""
    clock = pl.col("Start time").str.to_datetime("%Y-%m-%d %H:%M:%S")
    system = shop.csv("pbx/*/call_list*.csv")
    system = system.select(
        "shop_id",
        call="Call ID",
        began_at=shop.off_clock(clock),
        date=clock.dt.date(),
        inbound=pl.col("Direction").str.to_lowercase() == "inbound",
        answered=pl.col("Call status").str.to_uppercase() == "ANSWERED",
        wait=seconds("Wait time"),
        rating=number("Rating"),
    )
    table = shop.csv("flat/calls*.csv")
    table = table.select(
        "shop_id",
        call="call_id",
        began_at=utc("started_at"),
        date=shop.day_of(utc("started_at")),
        inbound=pl.col("direction").fill_null("inbound") == "inbound",
        answered=truth("answered"),
        wait=number("wait_seconds"),
        rating=pl.lit(None, pl.Float64),
    )
    return pl.concat([system, table], how="vertical_relaxed").filter("inbound")


@once
def tickets(shop: Landing) -> pl.DataFrame:
    """Tickets of the help desks, the newest version of each (UTC moments).

    Merged and deleted ones are gone; a ticket that came by phone is the desk's note of
    a call where the telephone system tells of the shop's calls.
    """
    clock = "%Y-%m-%d %H:%M"
    sheet = shop.csv("zendesk/*/export*tickets*.csv")
    opened = shop.off_clock(pl.col("Created at").str.to_datetime(clock))
    sheet = sheet.select(
        "shop_id",
        "_file",
        ticket="Id",
        opened_at=opened,
        solved_at=shop.off_clock(pl.col("Solved at").str.to_datetime(clock)),
        updated_at=shop.off_clock(pl.col("Updated at").str.to_datetime(clock)),
        reply_minutes=pl.when(number("Replies") > 0).then(
            number("First reply time in minutes")
        ),
        agent="Assignee",
        status=pl.col("Status").str.to_lowercase(),
        tags=pl.col("Tags").fill_null("").str.split(" "),
        via=pl.col("Via").str.to_lowercase(),
        rating=pl.col("Satisfaction Score").str.to_lowercase(),
    )
    at = "%Y-%m-%dT%H:%M:%SZ"
    rows = [
        {
            "shop_id": r["shop_id"],
            "_file": r["_file"],
            "ticket": str(r["id"]),
            "opened_at": r["created_at"],
            "solved_at": r["metric_set"].get("solved_at"),
            "updated_at": r["updated_at"],
            "reply_minutes": (r["metric_set"].get("reply_time_in_minutes") or {}).get(
                "calendar"
            )
            if r["metric_set"].get("replies")
            else None,
            "agent": (r.get("assignee") or {}).get("name"),
            "status": r["status"],
            "tags": r["tags"],
            "via": r["via"]["channel"],
            "rating": (r.get("satisfaction_rating") or {}).get("score"),
        }
        for r in shop.jsonl("zendesk/*/export*tickets*.jsonl")
    ]
    frames = [sheet]
    if rows:
        frames.append(
            pl.DataFrame(rows, infer_schema_length=None).with_columns(
                pl.col("opened_at", "solved_at", "updated_at").str.to_datetime(at)
            )
        )
    found = (
        pl.concat(frames, how="vertical_relaxed")
        .sort("updated_at", "_file")
        .unique(["shop_id", "ticket"], keep="last", maintain_order=True)
    )
    merged = pl.col("tags").list.contains("closed_by_merge") | (
        pl.col("status") == "deleted"
    )
    told = (
        calls(shop)
        .group_by("shop_id")
        .agg(first_call=pl.col("began_at").min(), last_call=pl.col("began_at").max())
    )
    told_of = pl.col("opened_at").is_between("first_call", "last_call")
    note = pl.col("via").str.contains("phone|voice|call") & told_of
    return (
        found.with_columns(date=shop.day_of("opened_at"))
        .join(told, on="shop_id", how="left")
        .with_columns(is_counted=~merged & ~note.fill_null(False))
    )


@opinion("count")
def calls_received(shop: Landing) -> Kpi:
    """Inbound calls by the moment at which they began."""
    return Kpi([count(calls(shop))])


@opinion("ratio")
def call_answer_rate(shop: Landing) -> Kpi:
    """Answered ÷ received."""
    rows = calls(shop)
    return Kpi([count(rows.filter("answered"))], [count(rows)])


@opinion("ratio")
def call_service_level(shop: Landing) -> Kpi:
    """Answered within 20 seconds ÷ received."""
    rows = calls(shop)
    quick = rows.filter(pl.col("answered") & (pl.col("wait") <= 20))
    return Kpi([count(quick)], [count(rows)])


@opinion("ratio")
def call_wait_seconds(shop: Landing) -> Kpi:
    """Σ wait of answered calls ÷ answered."""
    rows = calls(shop).filter("answered").drop_nulls("wait")
    return Kpi([total(rows, "wait")], [count(rows)])


@opinion("ratio")
def first_response_minutes(shop: Landing) -> Kpi:
    """p50 minutes from opened to the first reply by a person; a machine's is none."""
    machine = pl.col("agent").fill_null("").str.contains(r"(?i)\bbot\b")
    rows = tickets(shop).filter(pl.col("is_counted") & ~machine)
    return Kpi([quantile(rows.drop_nulls("reply_minutes"), "reply_minutes", 0.5)])


@opinion("ratio")
def contact_rate(shop: Landing) -> Kpi:
    """Calls and tickets ÷ placed orders from the shop's first contact to its last."""
    called = calls(shop).select("shop_id", "date")
    written = tickets(shop).filter("is_counted").select("shop_id", "date")
    contacts = pl.concat([called, written])
    span = contacts.group_by("shop_id").agg(
        since=pl.col("date").min(), until=pl.col("date").max()
    )
    rows = placed(shop).join(span, on="shop_id")
    rows = rows.filter(pl.col("date").is_between("since", "until"))
    return Kpi([count(contacts)], [count(rows)])


@once
def answers(shop: Landing) -> pl.DataFrame:
    """Answers to surveys; a file of answers wins over the rating kept with a call."""
    table = shop.csv("flat/survey_answers*.csv").select(
        "shop_id",
        "survey",
        date=shop.day_of(utc("answered_at")),
        score=number("score"),
        call="call_id",
    )
    asked = table.drop_nulls("call").select("shop_id", "call")
    rated = (
        calls(shop).drop_nulls("rating").join(asked, on=["shop_id", "call"], how="anti")
    )
    desk = tickets(shop).filter(pl.col("rating").is_in(["good", "bad"]))
    return pl.concat(
        [
            table.drop("call"),
            rated.select("shop_id", survey=pl.lit("csat"), date="date", score="rating"),
            desk.select(
                "shop_id",
                survey=pl.lit("csat"),
                date=shop.day_of(pl.coalesce("solved_at", "updated_at")),
                score=pl.when(pl.col("rating") == "good").then(5.0).otherwise(1.0),
            ),
        ],
        how="vertical_relaxed",
    )


@opinion("ratio")
def customer_satisfaction(shop: Landing) -> Kpi:
    """Answers 4 or 5 of 5 ÷ answers, by the date of the answer."""
    rows = answers(shop).filter(pl.col("survey") == "csat")
    return Kpi([count(rows.filter(pl.col("score") >= 4))], [count(rows)])


@opinion("ratio")
def net_promoter_score(shop: Landing) -> Kpi:
    """100 × (promoters 9–10 − detractors 0–6) ÷ answers."""
    rows = answers(shop).filter(pl.col("survey") == "nps")
    return Kpi(
        [count(rows.filter(pl.col("score") >= 9))],
        [count(rows)],
        less=[count(rows.filter(pl.col("score") <= 6))],
        times=100,
    )


@once
def reviews(shop: Landing) -> pl.DataFrame:
    """Reviews but spam; hidden ones count."""
    judged = shop.csv("judgeme/*/reviews*.csv")
    moment = pl.col("review_date").str.to_datetime("%Y-%m-%d %H:%M:%S UTC")
    judged = judged.filter(pl.col("curated") != "spam").select(
        "shop_id", date=shop.day_of(moment), stars=number("rating")
    )
    table = shop.csv("flat/reviews*.csv").select(
        "shop_id", date=shop.day_of(utc("reviewed_at")), stars=number("stars")
    )
    return pl.concat([judged, table])


@opinion("ratio")
def average_rating(shop: Landing) -> Kpi:
    """Σ stars ÷ reviews."""
    return Kpi([total(reviews(shop), "stars")], [count(reviews(shop))])


@opinion("ratio")
def negative_review_rate(shop: Landing) -> Kpi:
    """Reviews of 1 or 2 stars ÷ reviews."""
    rows = reviews(shop)
    return Kpi([count(rows.filter(pl.col("stars") <= 2))], [count(rows)])
