"""Mail platforms' exports through the loader, the facts and the KPIs.

The first shop is a real Klaviyo export (masked, not part of the project): the open and
click rates that Klaviyo prints must come out. The second is made by hand: everything
that such exports do to a reader, in a few rows.
"""

import csv
import shutil

import pytest
from shop import Shop

EXPORT = "data/export_samples/klaviyo_campaign_export_masked.csv"
MODELS = ("+rollup_emails", "kpi_email_open_rate", "kpi_email_click_rate")
SHOPS = """shop_id,shop_name,time_zone,currency,prices_include_tax,country
mailer,Mailer,America/New_York,USD,false,US
"""
COUNTS = "sent, delivered, opened, clicked, bounced, unsubscribed, complaints"


@pytest.fixture(scope="module")
def mailer(shared, tmp_path_factory) -> Shop:
    """A shop that has nothing but Klaviyo's campaign export, rates by deliveries."""
    shop = Shop(tmp_path_factory.mktemp("mailer"))
    shop.write("flat", "shops.csv", SHOPS)
    folder = shop.landing / "klaviyo" / "mailer"
    folder.mkdir(parents=True)
    shutil.copy(shared / EXPORT, folder)
    shop.load()
    shop.build(*MODELS, email_rate_base="delivered")
    return shop


def printed(shared) -> dict[str, dict[str, str]]:
    """What Klaviyo printed, by campaign."""
    with (shared / EXPORT).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 21
    return {row["Campaign Name"].strip(): row for row in rows}


@pytest.mark.parametrize(("kpi", "name"), [("open", "Open"), ("click", "Click")])
@pytest.mark.confirms("email_open_rate", "email_click_rate", by="Klaviyo, 21 campaigns")
def test_rates_are_those_klaviyo_prints(mailer, shared, kpi, name):
    """Per campaign, within the hundredth of a point to which Klaviyo rounds."""
    found = dict(
        mailer.ask(
            f"""select member, value from kpi_email_{kpi}_rate
                where grain = 'year' and dimension = 'campaign'"""
        )
    )
    expected = printed(shared)
    assert found.keys() == expected.keys()
    for campaign, row in expected.items():
        rate = float(row[f"{name} Rate"].rstrip("%")) / 100
        assert found[campaign] == pytest.approx(rate, abs=0.0001), campaign


@pytest.mark.confirms("emails_sent", "email_delivery_rate", by="Klaviyo, 21 campaigns")
def test_totals_are_those_of_the_export(mailer):
    """Nothing is lost between the file and the rollup."""
    rollup = "from rollup_emails where grain = 'year' and dimension = 'all'"
    assert mailer.ask(f"select sent, delivered, opened, clicked {rollup}") == [
        (925_284, 916_945, 465_068, 6_813)
    ]
    assert mailer.ask(
        """select count(*), sum(platform_orders), count(distinct campaign_id),
                count_if(delivered + bounced = sent) from fct_email_campaigns"""
    ) == [(21, 1_224, 21, 21)]
    # By the clock of the account: 09:38 in New York is 13:38 UTC in April.
    assert mailer.ask(
        """select cast(sent_at as varchar), cast(sent_date as varchar)
           from fct_email_campaigns where campaign_name = 'Campaign 01'"""
    ) == [("2025-04-09 13:38:00", "2025-04-09")]


def test_what_was_sent_is_the_default_base(mailer, shared):
    """Without the variable, rates divide by recipients: up to 0.73 points less."""
    mailer.build("fct_email_campaigns", "rollup_emails", "kpi_email_open_rate")
    found = dict(
        mailer.ask(
            """select member, value from kpi_email_open_rate
               where grain = 'year' and dimension = 'campaign'"""
        )
    )
    less = 0.0
    for campaign, row in printed(shared).items():
        opens, sent = float(row["Unique Opens"]), float(row["Total Recipients"])
        assert found[campaign] == pytest.approx(opens / sent), campaign
        less = max(less, opens / float(row["Successful Deliveries"]) - opens / sent)
    assert less == pytest.approx(0.0073, abs=0.0002)


# ---------------------------------------------------------------------- made by hand

CAMPAIGNS = """\
Campaign Name,Subject,Send Time,Total Recipients,Unique Opens,Open Rate,Total Opens,\
Unique Clicks,Click Rate,Unsubscribes,Spam Complaints,Successful Deliveries,Bounces,\
Campaign ID,Campaign Channel,Revenue
Spring ,"Hi {{ person.first_name|default:'friend' }} 🌷
""open"" me, now",2026-04-01 22:30:00,1000.0,400.0,40.40%,900.0,20.0,2.02%,3.0,1.0,\
990.0,10.0,01SPRING,Email,120.5
[Follow-up] Spring,[MULTIPLE VARIATIONS],2026-04-05 08:00:00,3.0,2.0,66.67%,2.0,1.0,\
33.33%,0.0,0.0,3.0,0.0,01FOLLOW,Email,0.0
Flash,,2026-04-06 08:00:00,500.0,0.0,0.00%,0.0,50.0,10.00%,0.0,0.0,500.0,0.0,01FLASH,\
SMS,
"""
# A table that somebody's BI tool made: tabs, fractions, day and hour apart.
TABLE = """\
Campaign Name\tSend Date\tSend Hour\tTotal Recipients\tSuccessful Deliveries\t\
Unique Opens\tOpen Rate\tUnique Clicks\tBounces
Winter\t2026-01-15\t9\t200\t198\t99\t0.5\t2\t2
"""
EVENT = (
    '{{"object": "event", "id": "{id}", "event_name": "{name}",'
    ' "timestamp": 1775390000, "datetime": "{at}+00:00",'
    ' "event_properties": {{"$message": "{message}", "Campaign Name": "{campaign}",'
    ' "$flow": {flow}, "$_cohort$message_send_cohort": "{cohort}:{message}",'
    ' "machine_open": {machine}}},'
    ' "person": {{"id": "P{who}", "$email": "{who}@example.com"}}}}\n'
)


def event(number, name, at, who, flow="null", cohort="1", machine="null") -> str:
    """A line of Klaviyo's events: of the follow-up, or of the welcome flow."""
    message, campaign = ("WELCOM", "Welcome") if flow != "null" else (
        "01FOLLOW", "[Follow-up] Spring",
    )  # fmt: skip
    return EVENT.format(
        id=f"e{number}", name=name, at=f"2026-04-{at}", who=who, flow=flow,
        message=message, campaign=campaign, cohort=cohort, machine=machine,
    )  # fmt: skip


EVENTS = [
    # The follow-up: Ann by a machine only, Bob without a delivery; Cid bounces.
    event(1, "Received Email", "05 12:00:00", "ann"),
    event(2, "Opened Email", "05 12:00:09", "ann", machine="true"),
    event(3, "Received Email", "05 12:00:00", "bob"),
    event(4, "Opened Email", "05 14:00:00", "Bob", machine="false"),
    event(5, "Clicked Email", "05 14:01:00", "bob"),
    event(6, "Opened Email", "06 14:00:00", "bob", machine="false"),
    event(7, "Bounced Email", "05 12:00:00", "cid"),
    event(8, "Placed Order", "05 15:00:00", "bob"),
    # The flow writes twice to Ann; the second time she leaves.
    event(9, "Received Email", "07 12:00:00", "ann", '"F1"', "7"),
    event(10, "Received Email", "07 20:00:00", "ann", '"F1"', "8"),
    event(11, "Unsubscribed", "07 21:00:00", "ann", '"F1"', "8"),
]
# What the API gives today: ids, and what they stand for in a list beside them.
API_EVENT = (
    '{{"type": "event", "id": "{id}", "attributes": {{"timestamp": 1775390000,'
    ' "datetime": "2026-04-07 {at}+00:00", "uuid": "u{id}", "event_properties":'
    ' {{"$message": "WELCOM", "Campaign Name": "Welcome", "$flow": "F1",'
    ' "$_cohort$message_send_cohort": "8:WELCOM"}}}}, "relationships":'
    ' {{"profile": {{"data": {{"type": "profile", "id": "{who}"}}}},'
    ' "metric": {{"data": {{"type": "metric", "id": "{metric}"}}}}}}}}\n'
)
API_EVENTS = [
    # Ann, whose address is told, opens what came at eight; Dan's is not told. What
    # nobody explains is no event.
    API_EVENT.format(id="e12", at="20:30:00", who="Pann", metric="Open01"),
    API_EVENT.format(id="e13", at="20:00:00", who="Pdan", metric="Recv01"),
    API_EVENT.format(id="e14", at="20:40:00", who="Pann", metric="Else01"),
]
INCLUDED = [
    '{"type": "metric", "id": "Open01", "attributes": {"name": "Opened Email"}}\n',
    '{"type": "metric", "id": "Recv01", "attributes": {"name": "Received Email"}}\n',
    '{"type": "profile", "id": "Pann", "attributes": {"email": "Ann@example.com"}}\n',
]
MAILCHIMP = """\
Title,Subject,List,Send Date,Send Weekday,Total Recipients,Successful Deliveries,\
Soft Bounces,Hard Bounces,Total Bounces,Unique Opens,Open Rate,Total Opens,\
Unique Clicks,Click Rate,Total Clicks,Unsubscribes,Abuse Complaints,Unique Id
May,"Hi, May",All,"May 09, 2026 09:38 pm",Saturday,"1,000",990,6,4,10,400,40.40%,500,\
20,2.02%,25,3,1,abc123
Draft,,All,,,0,0,0,0,0,0,0%,0,0,0%,0,0,0,abc124
"""
OPENS = "Timestamp,IP,Email\n2026-05-10 08:00:00,192.0.2.1,ann@example.com\n"


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory) -> Shop:
    """A shop with two mail platforms whose exports overlap, built with its tests."""
    shop = Shop(tmp_path_factory.mktemp("by_hand"))
    shop.write("flat", "shops.csv", SHOPS)
    shop.write("klaviyo", "mailer/campaigns.csv", CAMPAIGNS)
    shop.write("klaviyo", "mailer/campaign_table.tsv", TABLE)
    shop.write("klaviyo", "mailer/events_1.jsonl", "".join(EVENTS[:8]))
    shop.write("klaviyo", "mailer/events_2.jsonl", "".join(EVENTS[4:]))
    shop.write("klaviyo", "mailer/events_3.jsonl", "".join(API_EVENTS))
    shop.write("klaviyo", "mailer/included.jsonl", "".join(INCLUDED))
    shop.write("mailchimp", "mailer/campaigns.csv", MAILCHIMP)
    shop.write("mailchimp", "mailer/opens_may.csv", OPENS)
    shop.load()
    shop.build("+rollup_emails")
    tests = ("assert_emails_add_up", "fct_messages", "fct_email_campaigns")
    cautious = ("--indirect-selection", "cautious")
    shop.dbt(
        "test", "--select", *tests, *cautious, "--exclude-resource-type", "unit_test"
    )
    return shop


@pytest.mark.parametrize(
    ("campaign", "sent_at", "counts", "is_from_messages"),
    [
        # Half past ten in the evening in New York is the next day in UTC.
        ("Spring", "2026-04-02 02:30:00", (1000, 990, 400, 20, 10, 3, 1), False),
        # All three recipients are known: what they did counts, not what was printed.
        ("[Follow-up] Spring", "2026-04-05 12:00:00", (3, 2, 2, 1, 1, 0, 0), True),
        ("Winter", "2026-01-15 14:00:00", (200, 198, 99, 2, 2, None, None), False),
        ("Flash", "2026-04-06 12:00:00", (500, 500, 0, 50, 0, 0, 0), False),
        # One open is known of a thousand messages: the printed totals stand.
        ("May", "2026-05-10 01:38:00", (1000, 990, 400, 20, 10, 3, 1), False),
        # Two to Ann, one of which she opened, and one to somebody known by id alone.
        ("Welcome", "2026-04-07 12:00:00", (3, 3, 1, 0, 0, 1, 0), True),
    ],
)
def test_campaigns_by_hand(by_hand, campaign, sent_at, counts, is_from_messages):
    """Floats, emoji, line breaks, am and pm, fractions, overlapping files."""
    assert by_hand.ask(
        f"""select cast(sent_at as varchar), {COUNTS}, is_from_messages
            from fct_email_campaigns where campaign_name = '{campaign}'"""
    ) == [(sent_at.removesuffix(".0"), *counts, is_from_messages)]


def test_messages_by_hand(by_hand):
    """A machine's open is told apart, one person is one person in any case."""
    assert by_hand.ask(
        """select count(*), count(opened_at), count_if(is_machine_open),
                count(clicked_at), count_if(is_bounced), count(distinct recipient_key)
           from fct_messages where campaign_id = 'mailer:01FOLLOW'"""
    ) == [(3, 2, 1, 1, 1, 3)]
    # The open of May belongs to the campaign though only its file's name says so.
    assert by_hand.ask(
        """select campaign_id, has_send_event, is_delivered, cast(sent_at as varchar)
           from fct_messages where source_system = 'mailchimp'"""
    ) == [("mailer:abc123", False, True, "2026-05-10 01:38:00")]


def test_text_messages_are_no_emails(by_hand):
    """The flash sale went out as SMS: 500 messages that no e-mail KPI counts."""
    assert by_hand.ask(
        """select sum(sent) from rollup_emails
           where grain = 'month' and dimension = 'all'
           and period_start = timestamp '2026-04-01'"""
    ) == [(1000 + 3 + 3,)]
    assert by_hand.ask("select sum(sent) from fct_email_campaigns") == [(2706,)]


def test_a_base_that_nobody_knows_is_refused(by_hand):
    """A typing error in the variable must not change the rates silently."""
    with pytest.raises(AssertionError, match="it must be sent or delivered"):
        by_hand.dbt(
            "build", "--select", "fct_email_campaigns", email_rate_base="opened"
        )
