"""E-mail (KPIS.md "E-mail", DECISIONS "E-mail")."""

import polars as pl

from second_opinion.fulfilment import utc
from second_opinion.landing import Landing, number, once
from second_opinion.registry import Kpi, opinion, total

COUNTS = ["sent", "delivered", "opened", "clicked", "unsubscribed"]


@once
def printed(shop: Landing) -> pl.DataFrame:
    """What the platforms print of each campaign, by the day it went out in the shop."""
    klaviyo = shop.csv("klaviyo/*/campaigns*.csv").select(
        "shop_id",
        campaign="Campaign ID",
        sent_at=pl.col("Send Time").str.to_datetime("%Y-%m-%d %H:%M:%S"),
        is_text=pl.col("Campaign Channel").str.to_lowercase() == "sms",
        sent=number("Total Recipients"),
        delivered=number("Successful Deliveries"),
        opened=number("Unique Opens"),
        clicked=number("Unique Clicks"),
        unsubscribed=number("Unsubscribes"),
    )
    mailchimp = shop.csv("mailchimp/*/campaigns*.csv").select(
        "shop_id",
        campaign="Unique Id",
        sent_at=pl.col("Send Date").str.to_datetime("%b %d, %Y %I:%M %p"),
        is_text=pl.lit(False),
        sent=number("Total Recipients"),
        delivered=number("Successful Deliveries"),
        opened=number("Unique Opens"),
        clicked=number("Unique Clicks"),
        unsubscribed=number("Unsubscribes"),
    )
    rows = pl.concat([klaviyo, mailchimp]).filter(~pl.col("is_text"))
    return rows.with_columns(date=pl.col("sent_at").dt.date())


@once
def flow_totals(shop: Landing) -> pl.DataFrame:
    """Totals of flows by period, from the template."""
    return shop.csv("flat/email_campaigns*.csv").select(
        "shop_id",
        flow="campaign_name",
        date=shop.day_of(utc("sent_at")),
        **{count: number(count) for count in COUNTS},
    )


@once
def events(shop: Landing) -> pl.DataFrame:
    """Events of single messages: shop_id, campaign, flow, recipient, event, at."""
    words = {
        "Received Email": "delivered",
        "Bounced Email": "bounced",
        "Opened Email": "opened",
        "Clicked Email": "clicked",
        "Unsubscribed": "unsubscribed",
        "Marked Email as Spam": "complained",
    }
    # Newer events of the API name metric and profile by ids, explained beside them.
    known = {
        (r["shop_id"], r["type"], r["id"]): r["attributes"]
        for r in shop.jsonl("klaviyo/*/included*.jsonl")
    }
    rows = []
    for r in shop.jsonl("klaviyo/*/events*.jsonl"):
        if r.get("type") == "event":
            refers = {
                kind: known[r["shop_id"], kind, r["relationships"][kind]["data"]["id"]]
                for kind in ("metric", "profile")
            }
            r |= {
                **r["attributes"],
                "event_name": refers["metric"]["name"],
                "person": {"$email": refers["profile"]["email"]},
            }
        p = r["event_properties"]
        rows.append(
            {
                "shop_id": r["shop_id"],
                "campaign": p["$message"],
                "flow": p["Campaign Name"] if p.get("$flow") else None,
                "send": p["$_cohort$message_send_cohort"] if p.get("$flow") else None,
                "recipient": r["person"]["$email"],
                "event": words.get(r["event_name"]),
                "at": r["datetime"],
            }
        )
    schema = dict.fromkeys(
        ["shop_id", "campaign", "flow", "send", "recipient", "event", "at"], pl.String
    )
    klaviyo = pl.DataFrame(rows, schema=schema)
    chimp = {
        "sent": "sent",
        "open": "opened",
        "click": "clicked",
        "bounce": "bounced",
        "unsub": "unsubscribed",
        "abuse": "complained",
    }
    mailchimp = shop.csv("mailchimp/*/recipient_activity*.csv").select(
        "shop_id",
        campaign="Campaign Id",
        flow=pl.lit(None, pl.String),
        send=pl.lit(None, pl.String),
        recipient="Email Address",
        event=pl.col("Action").replace_strict(chimp, default=None),
        at=pl.col("Timestamp").str.replace("T", " "),
    )
    moment = pl.col("at").str.to_datetime("%Y-%m-%d %H:%M:%S%:z")
    return pl.concat([klaviyo, mailchimp]).with_columns(
        at=moment.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    )


@once
def messages(shop: Landing) -> pl.DataFrame:
    """One row per message: a campaign reaches a person once, a flow by each hand-over.

    An opened message was delivered; where a platform tells no deliveries, what did not
    bounce was delivered.
    """
    tells = pl.col("event") == "delivered"
    rows = events(shop).with_columns(tells=tells.any().over("shop_id"))
    has = {
        e: (pl.col("event") == e).any()
        for e in ("sent", "delivered", "bounced", "opened", "clicked", "unsubscribed")
    }
    rows = rows.group_by(
        "shop_id", "campaign", "flow", "send", "recipient", "tells"
    ).agg(
        **has,
        complained=(pl.col("event") == "complained").any(),
        at=pl.col("at")
        .filter(pl.col("event").is_in(["sent", "delivered", "bounced"]))
        .min()
        .fill_null(pl.col("at").min()),
    )
    reacted = pl.any_horizontal("opened", "clicked", "unsubscribed", "complained")
    arrived = pl.col("delivered") | reacted | (~pl.col("tells") & ~pl.col("bounced"))
    return rows.with_columns(
        delivered=arrived,
        known=pl.any_horizontal("sent", "delivered", "bounced"),
        sent=pl.lit(True),
        date=shop.day_of("at"),
    )


@once
def sendings(shop: Landing) -> pl.DataFrame:
    """One row per campaign, and per flow and day: counts by the day it was sent.

    Single messages count where at least as many are known as the platform printed
    recipients, printed totals elsewhere. Totals of a flow end on the day on which its
    single messages begin.
    """
    single = messages(shop)
    campaigns = (
        single.filter(pl.col("flow").is_null())
        .group_by("shop_id", "campaign")
        .agg(pl.col(COUNTS).sum().cast(pl.Float64), messages=pl.col("known").sum())
    )
    told = printed(shop).join(
        campaigns, on=["shop_id", "campaign"], how="left", suffix="_single"
    )
    all_there = pl.col("messages").fill_null(0) >= pl.col("sent")
    told = told.select(
        "shop_id",
        "date",
        *(pl.when(all_there).then(f"{c}_single").otherwise(c).alias(c) for c in COUNTS),
    )
    flows = (
        single.filter(pl.col("flow").is_not_null())
        .group_by("shop_id", "flow", "date")
        .agg(pl.col(COUNTS).sum().cast(pl.Float64))
    )
    begin = flows.group_by("shop_id", "flow").agg(begin=pl.col("date").min())
    totals = flow_totals(shop).join(begin, on=["shop_id", "flow"], how="left")
    totals = totals.filter(
        pl.col("begin").is_null() | (pl.col("date") < pl.col("begin"))
    )
    columns = ["shop_id", "date", *COUNTS]
    return pl.concat(
        [told.select(columns), flows.select(columns), totals.select(columns)]
    )


@opinion("count")
def emails_sent(shop: Landing) -> Kpi:
    """Messages sent, bounced ones among them; text messages are none."""
    return Kpi([total(sendings(shop), "sent")])


def rate(shop: Landing, part: str, whole: str) -> Kpi:
    """One count of the sendings over another."""
    return Kpi([total(sendings(shop), part)], [total(sendings(shop), whole)])


@opinion("ratio")
def email_delivery_rate(shop: Landing) -> Kpi:
    """Delivered ÷ sent."""
    return rate(shop, "delivered", "sent")


@opinion("ratio")
def email_open_rate(shop: Landing) -> Kpi:
    """Messages opened ÷ messages sent."""
    return rate(shop, "opened", "sent")


@opinion("ratio")
def email_click_rate(shop: Landing) -> Kpi:
    """Messages clicked ÷ messages sent."""
    return rate(shop, "clicked", "sent")


@opinion("ratio")
def email_unsubscribe_rate(shop: Landing) -> Kpi:
    """Unsubscribes ÷ delivered."""
    return rate(shop, "unsubscribed", "delivered")
