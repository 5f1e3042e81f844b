"""A build on top of the last one gives what a build from scratch gives.

Event exports of two small sites, with sessions over midnight, days that are exported
twice and a shop's orders, arrive in any order: late days, a replaced file, a file that
leaves, a visitor who is taken out, a product that comes after the events that name its
stock number, an order that was a test, a customer with a new address, another currency.
Carts settle as the days go on, and are open again when they go back. With them comes
the post: late news of old messages, the same news with another moment and another
person, a campaign that is renamed; and parcels: delivered days later, before their
order is known, one more of an order, taken to another order; payments, refunds,
some of days that nobody has seen yet, and a longer report of visits. After each, the
warehouse is built on top of what it was, after every second and the last one once more
from scratch, and every table is the same. `WAREHOUSE_TEST_STEPS` and
`WAREHOUSE_TEST_SEED` make it longer and other.
"""

import datetime as dt
import json
import os
import random
import shutil
from collections import Counter
from io import StringIO
from pathlib import Path

import duckdb
import pytest
from rich.console import Console
from shop import Shop, parsed_once, read_project

from warehouse import build as building
from warehouse.build import AS_THEY_WERE, BuildResult
from warehouse.inputs import inputs
from warehouse.load import load
from warehouse.since import days_of_files, since_last_build, what_hangs_on

SEED = int(os.environ.get("WAREHOUSE_TEST_SEED", "7"))
STEPS = int(os.environ.get("WAREHOUSE_TEST_STEPS", "5"))
FIRST = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)
DAYS = 14
VISITORS = [f"{n}.1" for n in range(24)]
ITEMS = ["tent", "mug", "SKU-9", "lamp"]
PRODUCTS = "shop_id,product_id,sku,product_name,category,unit_cost,currency\n"
ORDERS = (
    "shop_id,order_id,order_number,ordered_at,customer_id,email,financial_status,"
    "currency,subtotal_amount,discount_amount,shipping_amount,tax_amount,total_amount,"
    "utm_source,utm_medium,utm_campaign,visitor_id,is_test\n"
)
SHOPS = "shop_id,shop_name,time_zone,currency,prices_include_tax,country\n"
ADS = "shop_id,ad_date,platform,campaign_name,campaign_type,currency,spend\n"
LINES = "shop_id,order_id,line_id,product_id,sku,product_name,quantity,unit_price\n"


class Site:
    """What happened on a site, and the exports that tell it.

    Args:
        chance: Decides everything.
    """

    def __init__(self, chance: random.Random):
        self.chance = chance
        self.events: list[dict] = []
        self.orders: list[tuple[str, str, dt.datetime]] = []
        for number in range(160):
            self.visit(number)
        self.orders.sort(key=lambda order: order[2])

    def visit(self, number: int) -> None:
        """A session of one to seven events, some of them after midnight."""
        chance = self.chance
        visitor = chance.choice(VISITORS)
        hour = chance.choice([9, 14, 20, 23.8])
        moment = FIRST + dt.timedelta(days=chance.randrange(DAYS), hours=hour)
        source = chance.choice(["google", "newsletter", None, "Googlebot"])
        session = str(int(moment.timestamp()) + number)
        # Two devices to an account; whoever is not logged in may be known by an order.
        user = account(visitor) if chance.random() < 0.2 else None
        # The shop stores the visitor; no event tells of the order.
        if chance.random() < 0.2:
            self.orders.append((str(5000 + number), visitor, moment))
        names = ["page_view", "view_item", "add_to_cart", "begin_checkout", "purchase"]
        for place in range(chance.randrange(1, 8)):
            name = chance.choice(names)
            order = None
            if name == "purchase":
                order = str(1000 + number)
                self.orders.append((order, visitor, moment))
            self.events.append(
                event(visitor, session, moment, name, place, source, order, chance)
                | {"user_id": user}
            )
            moment += dt.timedelta(minutes=chance.randrange(1, 25))

    def days(self) -> list[str]:
        """The days with events."""
        return sorted({one["event_date"] for one in self.events})

    def export(self, days: list[str], without: tuple = ()) -> str:
        """The lines of an export of some days, perhaps without some visitors."""
        return "".join(
            json.dumps(one) + "\n"
            for one in self.events
            if one["event_date"] in days and one["user_pseudo_id"] not in without
        )

    def shop_files(self, number: int) -> dict[str, str]:
        """Exports of the shop with the first orders, so many of them.

        Every fourth is a test, another fourth each time; later ones have a new address
        of the same account, every fifth is a guest's.
        """
        orders, lines = ORDERS, LINES
        for place, order in enumerate(dict.fromkeys(self.orders[:number])):
            order, visitor, moment = order
            buyer = account(visitor) if place % 5 else ""
            mail = f"{buyer or visitor}@{'new' if place > 8 else 'old'}.example.com"
            test = "true" if place % 4 == number // 2 % 4 else ""
            told = visitor if order.startswith("5") and place % 2 else ""
            tags = "google,cpc,autumn" if place % 3 == 0 else ",,"
            orders += f"s1,{order},{order},{moment:%Y-%m-%dT%H:%M:%SZ},{buyer},"
            orders += f"{mail},paid,EUR,40,0,5,8,53,{tags},{told},{test}\n"
            lines += f"s1,{order},1,mug,mug,Mug,2,20\n"
        return {"flat/orders.csv": orders, "flat/order_lines.csv": lines}


def account(visitor: str) -> str:
    """The account of a visitor's person, who has two devices."""
    return f"c{VISITORS.index(visitor) // 2}"


def event(visitor, session, moment, name, place, source, order, chance) -> dict:
    """An event as BigQuery exports it."""
    parameters = {"ga_session_id": session, "ga_session_number": "1"}
    parameters["page_location"] = f"https://shop.example/{chance.randrange(5)}"
    parameters["engagement_time_msec"] = str(chance.randrange(20_000))
    if source and place == 0:
        parameters |= {"source": source, "medium": chance.choice(["cpc", "organic"])}
    item = {"item_id": chance.choice(ITEMS), "item_category": "c", "price": "20"}
    return {
        "event_date": f"{moment:%Y%m%d}",
        "event_timestamp": str(int(moment.timestamp()) * 1_000_000),
        "event_name": name,
        "event_params": [
            {"key": key, "value": {"string_value": value}}
            for key, value in parameters.items()
        ],
        "event_bundle_sequence_id": session,
        "batch_event_index": str(place),
        "user_pseudo_id": visitor,
        "device": {"category": chance.choice(["mobile", "desktop"])},
        "geo": {"country": "Germany"},
        "ecommerce": {"transaction_id": order},
        "items": [item] if name != "page_view" else [],
    }


class Post:
    """The messages of a shop, and the files that Klaviyo and Mailchimp write of them.

    Args:
        chance: Decides everything.
    """

    KNOWN = tuple(f"c{n}@old.example.com" for n in range(len(VISITORS) // 2))
    PEOPLE = (*KNOWN, *(f"{n}@example.com" for n in range(30)))
    SENT = "Received Email"
    NEWS = ("Opened Email", "Clicked Email", "Bounced Email", "Received Email")
    KLAVIYO = "Event ID,Event Name,Event Date,Email,Profile ID,Message ID,"
    MAILCHIMP = "Email,Campaign ID,Campaign Title,Action,Timestamp,URL\n"
    TITLES = "Title,Send Date,Total Recipients,Unique Id\n"

    def __init__(self, chance: random.Random):
        self.chance = chance
        self.told = 0
        self.landed = []

    def first_files(self) -> dict[str, str]:
        """What there is before anything arrives."""
        metrics = [("metric", "M1", f'"name": "{self.NEWS[0]}"')]
        people = [("profile", f"P{v}", f'"email": "{v}"') for v in self.KNOWN]
        included = "".join(
            f'{{"type": "{kind}", "id": "{key}", "attributes": {{{says}}}}}\n'
            for kind, key, says in metrics + people
        )
        self.landed = [f"klaviyo/s1/events_{n}.csv" for n in range(6)]
        return (
            {name: self.klaviyo(20, self.SENT, *self.NEWS) for name in self.landed}
            | {f"mailchimp/s1/activity_{n}.csv": self.mailchimp() for n in range(4)}
            | {"klaviyo/s1/included.jsonl": included}
            | {"mailchimp/s1/campaigns.csv": self.campaigns(0)}
        )

    def klaviyo(self, rows: int, *names: str, ids: list[int] | None = None) -> str:
        """Events of campaigns and of a flow, some told by the ids of metric and person,
        some of them of `ids` that were told before."""
        chance, lines = self.chance, ""
        for place in range(rows):
            name, address = chance.choice(names), chance.choice(self.PEOPLE)
            if ids:
                number = ids[place % len(ids)]
            else:
                self.told = number = self.told + 1
            person = f"{address},"
            if address in self.KNOWN and chance.random() < 0.5:
                person = f",P{address}"
            if name == self.NEWS[0] and chance.random() < 0.3:
                name = "M1"
            what = chance.choice(["w,Welcome,flow", "k1,Autumn,", "k2,Sale,"])
            moment = FIRST + dt.timedelta(minutes=chance.randrange(DAYS * 1440))
            zone = chance.choice(["Z", ""])
            key = f"e{number}" if number % 7 else ""
            lines += f"{key},{name},{moment:%Y-%m-%dT%H:%M:%S}{zone},{person},{what}\n"
        return f"{self.KLAVIYO}Campaign Name,Flow ID\n{lines}"

    def mailchimp(self, rows: int = 12) -> str:
        """Actions of recipients; some have no moment but that of the campaign."""
        chance, lines = self.chance, ""
        for _ in range(rows):
            moment = FIRST + dt.timedelta(minutes=chance.randrange(DAYS * 1440))
            said = f"{moment:%Y-%m-%dT%H:%M:%SZ}" if chance.random() < 0.8 else ""
            action = chance.choice(["sent", "open", "click", "bounce", "unsub"])
            title = chance.choice(["c1,", ",autumn", ",Nobody's"])
            lines += f"{chance.choice(self.PEOPLE)},{title},{action},{said},\n"
        return self.MAILCHIMP + lines

    def campaigns(self, step: int) -> str:
        """Mailchimp's campaign, by the name and moment that it has on a step."""
        return self.TITLES + f"Autumn {step or ''},2026-09-02 08:{step:02}:00,20,c1\n"

    def news(self, step: int) -> dict[str, str | None]:
        """What the post brings on a step, five things in turn."""
        name = f"klaviyo/s1/events_more_{step}.csv"
        if step % 5 == 0:
            self.landed.append(name)
            return {name: self.klaviyo(8, *self.NEWS)}
        if step % 5 == 1:
            self.landed.append(name)
            ids = self.chance.sample(range(1, self.told), 8)
            return {name: self.klaviyo(8, *self.NEWS, ids=ids)}
        if step % 5 == 2:
            replaced = self.chance.choice(self.landed)
            return {
                replaced: self.klaviyo(8, self.SENT, *self.NEWS),
                "mailchimp/s1/activity_0.csv": self.mailchimp(80),
            }
        if step % 5 == 3:
            gone = self.landed.pop(self.chance.randrange(len(self.landed)))
            return {gone: None, "mailchimp/s1/activity_1.csv": self.mailchimp(2)}
        # Files that are most of their table: it is not followed this time.
        return {
            **{f"mailchimp/s1/activity_{n}.csv": self.mailchimp(90) for n in (1, 2, 3)},
            "mailchimp/s1/campaigns.csv": self.campaigns(step),
        }


class Depot:
    """Parcels of a site's orders, known or not yet, and of some that are nobody's.

    Args:
        chance: Decides everything.
        site: Whose orders they are.
    """

    PARCELS = (
        "shop_id,parcel_id,order_id,carrier,confirmed_at,packed_at,dispatched_at,"
        "promised_date,delivered_at\n"
    )
    EVENTS = "shop_id,parcel_id,event,happened_at,order_id\n"

    def __init__(self, chance: random.Random, site: Site):
        self.chance = chance
        self.orders = [*dict.fromkeys(site.orders), ("9", "", FIRST)]

    def parcel(self, number: int, order: int) -> str:
        """A parcel of the order of a number; promised early or when all is over."""
        chance = self.chance
        order_id, _, moment = self.orders[order % len(self.orders)]
        confirmed = moment + dt.timedelta(hours=chance.randrange(1, 30))
        packed = confirmed + dt.timedelta(hours=chance.randrange(1, 30))
        promised = packed + dt.timedelta(days=chance.choice([1, 3, 30]))
        delivered = packed + dt.timedelta(hours=chance.randrange(20, 90))
        told = f"{delivered:%Y-%m-%dT%H:%M:%SZ}" if chance.random() < 0.5 else ""
        return (
            f"s1,p{number},{order_id},{chance.choice(['Alpha', 'Beta'])},"
            f"{confirmed:%Y-%m-%dT%H:%M:%SZ},{packed:%Y-%m-%dT%H:%M:%SZ},"
            f"{packed:%Y-%m-%dT%H:%M:%SZ},{promised:%Y-%m-%d},{told}\n"
        )

    def first_files(self) -> dict[str, str]:
        """A parcel an order."""
        rows = [self.parcel(n, n) for n in range(len(self.orders))]
        return {"flat/parcels.csv": self.PARCELS + "".join(rows)}

    def news(self, step: int) -> dict[str, str | None]:
        """What is told of parcels on a step, four things in turn."""
        chance, there = self.chance, len(self.orders)
        if step % 4 == 1:
            # One more of an order, and one that was another order's before.
            rows = self.parcel(there + step, chance.randrange(there))
            rows += self.parcel(chance.randrange(there), chance.randrange(there))
            return {f"flat/parcels_{step}.csv": self.PARCELS + rows}
        if step % 4 == 3:
            return {f"flat/parcel_events_{step - 3}.csv": None}
        lines = ""
        for number in chance.sample(range(there), 4):
            moment = self.orders[number][2] + dt.timedelta(days=chance.randrange(2, 25))
            word = chance.choice(["delivered", "delivered", "refused", "packed"])
            lines += f"s1,p{number},{word},{moment:%Y-%m-%dT%H:%M:%SZ},\n"
        return {f"flat/parcel_events_{step}.csv": self.EVENTS + lines}


class Office:
    """Attempts to pay a site's orders, refunds of them, some dated after all else that
    is known, and a report of days from before the first event.

    Args:
        chance: Decides everything.
        site: Whose orders they are.
    """

    PAYMENTS = "shop_id,payment_id,order_id,attempted_at,kind,status,gateway,method,"
    REFUNDS = "shop_id,refund_id,order_id,product_id,refunded_at,quantity,"
    TRAFFIC = "shop_id,traffic_date,channel,device,sessions,visitors\n"

    def __init__(self, chance: random.Random, site: Site):
        self.chance = chance
        self.orders = [*dict.fromkeys(site.orders)][:60]

    def payments(self, name: str, rows: int) -> str:
        """So many attempts; the second of a pair succeeds more often."""
        chance, lines = self.chance, ""
        for number in range(rows):
            order, _, moment = chance.choice(self.orders)
            at = moment + dt.timedelta(minutes=number)
            status = chance.choice(["success", "failure", "pending"])
            lines += f"s1,{name}{number},{order},{at:%Y-%m-%dT%H:%M:%SZ},sale,{status},"
            lines += f"{chance.choice(['stripe', 'paypal'])},card,53,EUR\n"
        return f"{self.PAYMENTS}amount,currency\n{lines}"

    def refunds(self, name: str, rows: int) -> str:
        """So many refunds, up to two months after the order."""
        chance, lines = self.chance, ""
        for number in range(rows):
            order, _, moment = chance.choice(self.orders)
            at = moment + dt.timedelta(days=chance.randrange(1, 60))
            lines += f"s1,{name}{number},{order},mug,{at:%Y-%m-%dT%H:%M:%SZ},1,"
            lines += f"{chance.choice([20, 0])},4,{chance.choice([0, 5])},return,true\n"
        head = "merchandise_amount,tax_amount,shipping_amount,kind,is_restocked\n"
        return self.REFUNDS + head + lines

    def traffic(self, days: int) -> str:
        """A report of so many days of August."""
        lines = "".join(
            f"s1,2026-08-{day:02},Direct,mobile,{self.chance.randrange(9, 99)},9\n"
            for day in range(20, 20 + days)
        )
        return self.TRAFFIC + lines

    def first_files(self) -> dict[str, str]:
        """What there is before anything arrives."""
        return {
            "flat/payments.csv": self.payments("p", 40),
            "flat/refunds.csv": self.refunds("r", 20),
            "flat/traffic_days.csv": self.traffic(3),
        }

    def news(self, step: int) -> dict[str, str]:
        """More attempts, more refunds, a longer report: one of them on a step."""
        if step % 3 == 0:
            return {f"flat/payments_{step}.csv": self.payments(f"p{step}-", 4)}
        if step % 3 == 1:
            return {f"flat/refunds_{step}.csv": self.refunds(f"r{step}-", 4)}
        return {"flat/traffic_days.csv": self.traffic(3 + step)}


class Stand:
    """A shop with the memory that `warehouse build` keeps.

    Args:
        shop: Where it lies.
        chance: Decides what arrives.
    """

    def __init__(self, shop: Shop, chance: random.Random):
        self.shop = shop
        self.chance = chance
        self.times = random.Random(SEED)
        self.memory: dict = {}
        self.file = shop.folder / "warehouse.duckdb"
        with shop.surroundings():
            self.nodes = read_project().nodes
        self.models = sorted(
            node.name
            for node in self.nodes.values()
            if str(node.resource_type) == "model"
            and node.config.materialized == "incremental"
        )

    def land(self, files: dict[str, str | None]) -> None:
        """Write files, as on any day; take away those that have no text."""
        for name, text in files.items():
            if text is None:
                (self.shop.landing / name).unlink()
                continue
            path = self.shop.write(*name.split("/", 1), text)
            day = 1_760_000_000 + 86_400 * self.times.randrange(300)
            os.utime(path, (day, day))
        result = load(data=self.shop.folder, prune=True)
        assert not result.refused and not result.total("rejected")

    def build(self, on_top: bool) -> dict | None:
        """Build all that incremental models are made of, and them.

        Returns:
            What dbt was told of the last build.
        """
        told = None
        with self.shop.surroundings():
            now = inputs("dev")
            days = days_of_files(self.shop.folder / "lake", self.memory.get("days"))
            if on_top:
                told = since_last_build(self.memory, now, days)
                assert told, "nothing to build on"
            self.memory = {"made_of": now, "days": days, "is_consistent": True}
        said = json.dumps(told) if told else ""
        self.shop.environment["WAREHOUSE_SINCE_LAST_BUILD"] = said
        chosen = [f"+{name}" for name in self.models]
        if told:
            moved = what_hangs_on(told)
            chosen = [f"{one},{each}" for one in moved for each in chosen]
            chosen = chosen or ["source:*"]
        if self.file.exists():
            chosen += ["--exclude", *AS_THEY_WERE]
        self.shop.build(*chosen)
        return told

    def compare(self) -> None:
        """Build from scratch in a copy: every table must be as it is on top."""
        on_top = self.file.with_name("on_top.duckdb")
        shutil.copy(self.file, on_top)
        kept = self.memory
        self.build(on_top=False)
        self.memory = kept
        differences = compare(self.file, on_top)
        on_top.replace(self.file)
        assert not differences, sorted(differences)


def compare(one: Path, other: Path) -> dict[str, tuple]:
    """The tables of two builds that are not the same, with rows of each that the other
    lacks; doubles but for their last digits, as their sums hang on the order."""
    found = {}
    with duckdb.connect() as connection:
        for name, file in (("one", one), ("other", other)):
            connection.execute(f"attach '{file}' as {name} (read_only)")
        tables = connection.execute(
            "select table_name from duckdb_tables() where database_name = 'one'"
            " and not contains(table_name, '__changes') order by all"
        ).fetchall()
        assert len(tables) > 20
        for (table,) in tables:
            columns = connection.execute(
                "select column_name, data_type from duckdb_columns()"
                " where database_name = 'one' and table_name = ?",
                [table],
            ).fetchall()
            listed = ", ".join(
                f'round("{name}", 9) as "{name}"' if kind == "DOUBLE" else f'"{name}"'
                for name, kind in columns
            )
            rows = [
                connection.sql(
                    f"select {listed} from {a}.{table}"
                    f" except all select {listed} from {b}.{table} limit 3"
                ).fetchall()
                for a, b in (("one", "other"), ("other", "one"))
            ]
            if any(rows):
                found[table] = tuple(rows)
    return found


@pytest.fixture(scope="module")
def stand(tmp_path_factory) -> Stand:
    """A shop of which the first days have come, built from scratch."""
    chance = random.Random(SEED)
    stand = Stand(Shop(tmp_path_factory.mktemp("on_top")), chance)
    stand.site, stand.other = Site(chance), Site(chance)
    # The last ones come first, and there is little after midnight.
    *stand.waiting, one, newest, _ = stand.site.days()
    chance.shuffle(stand.waiting)
    first = [stand.waiting.pop() for _ in range(8)]
    stand.waiting += [one, newest]
    stand.twice = set()
    stand.post = Post(random.Random(SEED))
    stand.depot = Depot(random.Random(SEED), stand.site)
    stand.office = Office(random.Random(SEED), stand.site)
    stand.landed = {day: f"ga4/s1/events_{day}.jsonl" for day in first}
    stand.land(
        {name: stand.site.export([day]) for day, name in stand.landed.items()}
        | {"flat/products.csv": PRODUCTS + "s1,tent,tent,Tent,tents,60,EUR\n"}
        | {"ga4/s2/events.jsonl": stand.other.export(stand.other.days()[:2])}
        | {"flat/shops.csv": SHOPS + "s1,Shop,Europe/Berlin,EUR,true,DE\n"}
        | stand.site.shop_files(16)
        | stand.post.first_files()
        | stand.depot.first_files()
        | stand.office.first_files()
    )
    stand.build(on_top=False)
    return stand


def late_days(stand: Stand) -> dict[str, str | None]:
    """Two days that have not come yet, with more orders."""
    files = stand.site.shop_files(stand.chance.randrange(20, 50))
    for _ in range(min(len(stand.waiting), 2)):
        day = stand.waiting.pop()
        stand.landed[day] = name = f"ga4/s1/events_{day}.jsonl"
        files[name] = stand.site.export([day])
    return files


def a_day_twice(stand: Stand) -> dict[str, str | None]:
    """An export of two days that are there, older or newer than theirs, a longer
    one of the other shop, and orders that no event tells of."""
    days = stand.chance.sample(sorted(stand.landed), 2)
    stand.twice.update(days)
    other = {"ga4/s2/events.jsonl": stand.other.export(stand.other.days()[:3])}
    other |= stand.site.shop_files(stand.chance.randrange(50, 70))
    return other | {f"ga4/s1/events_of_{days[0]}.jsonl": stand.site.export(days)}


def a_visitor_less(stand: Stand) -> dict[str, str | None]:
    """Visitors are taken out of the exports of all days, which is most of history."""
    visitors = tuple(stand.chance.sample(VISITORS, 5))
    texts = {
        stand.landed[day]: stand.site.export([day], without=visitors)
        for day in sorted(stand.landed.keys() - stand.twice)
    }
    return {name: text for name, text in texts.items() if text}


def a_day_less(stand: Stand) -> dict[str, str | None]:
    """The newest file leaves the landing folder; its day has not come, then."""
    day = max(stand.landed.keys() - stand.twice)
    stand.waiting.append(day)
    return {stand.landed.pop(day): None}


def what_all_days_hang_on(stand: Stand) -> dict[str, str | None]:
    """A product by the stock number that events have named for long, another currency
    of the shop, and the channel of a campaign that orders have named."""
    number = stand.chance.randrange(100)
    rows = "s1,tent,tent,Tent,tents,60,EUR\n"
    rows += f"s1,new{number},SKU-9,New,c{number},5,EUR\n"
    currency = stand.chance.choice(["USD", "GBP"])
    kind = stand.chance.choice(["shopping", "display"])
    return {
        "flat/products.csv": PRODUCTS + rows,
        "flat/shops.csv": SHOPS + f"s1,Shop,Europe/Berlin,{currency},true,DE\n",
        "flat/ads.csv": ADS + f"s1,2026-09-02,google_ads,autumn,{kind},EUR,5\n",
    }


ARRIVALS = [
    late_days,
    a_day_twice,
    a_visitor_less,
    what_all_days_hang_on,
    a_day_less,
]


@pytest.mark.parametrize("step", range(STEPS))
def test_on_top_is_as_from_scratch(stand, step):
    """Every table, row for row, after the things that may arrive, two by two."""
    arrival = ARRIVALS[step % len(ARRIVALS)]
    files = arrival(stand)
    # What comes with what is another thing in each round.
    turn = step + step // 5
    news = stand.post.news(turn) | stand.depot.news(step) | stand.office.news(step)
    stand.land(files | news)
    told = stand.build(on_top=True)
    (events,), (changed,) = stand.shop.ask(
        "select count(*) from int_events"
        " union all select count(*) from int_events__changes"
    )
    assert changed < events / 2
    if arrival is a_visitor_less:
        assert changed and "ga4/events" in told["moved"], "made whole, and compared"
    elif any(name.startswith("ga4/") for name in files):
        assert changed and told["followed"]["ga4/events"]["days"]
    else:
        assert not changed, "left as it is, it tells of changes before"
    assert "klaviyo/events" in told["followed"] or turn % 5 == 4
    assert "mailchimp/activity" in told["moved"] or turn % 5 != 4
    # Most news of parcels may say what is known.
    for table, reached in (("fct_messages", 1), ("fct_parcels", step % 4 == 1)):
        (rows,), (changed,) = stand.shop.ask(
            f"select count(*) from {table}"
            f" union all select count(*) from {table}__changes"
        )
        assert reached <= changed < 2 * rows, f"{table}: the rest stays as it was"
    if step % 2 or step == STEPS - 1:
        stand.compare()


def test_what_is_followed_by_file():
    """Files that come, change and leave; none where they make most of a table."""

    def told(before, after):
        both = [
            {
                f"klaviyo/events/{n}.parquet": {
                    "stamp": [size, 0],
                    "file": n,
                    "days": [],
                }
                for n, size in each.items()
            }
            for each in (before, after)
        ]
        made = [
            {"project": "", "lake": {"klaviyo/events": hash(str(each))}}
            for each in (before, after)
        ]
        memory = {"is_consistent": True, "made_of": made[0], "days": both[0]}
        return since_last_build(memory, made[1], both[1])

    came = told({"a": 5, "b": 3, None: 0}, {"a": 5, "c": 4, None: 1})
    assert came["followed"] == {"klaviyo/events": {"days": [], "files": ["b", "c"]}}
    most = told({"a": 5}, {"a": 6, "c": 4})
    assert most["followed"] == {} and most["moved"] == ["klaviyo/events"]


def test_every_change_is_asked_for(stand):
    """An incremental model asks each of the models it reads what changed."""
    follows = {
        node.unique_id: node.config.meta
        for node in stand.nodes.values()
        if str(node.resource_type) == "model"
        and (node.config.materialized == "incremental" or "tracked" in node.config.meta)
    }

    def followed(node) -> set[str]:
        """The models that a model reads and that tell what changed, also by views."""
        parents = [stand.nodes.get(each) for each in node.depends_on.nodes]
        views = [p for p in parents if p and p.config.materialized == "view"]
        read = {p.unique_id for p in parents if p} & follows.keys()
        return read.union(*map(followed, views))

    missing = [
        (key, parent)
        for key, meta in follows.items()
        if not meta.get("touched", "days of").startswith(("days of", "files of"))
        for parent in followed(stand.nodes[key])
        if f"{parent.rsplit('.', 1)[-1]}__changes"
        not in meta["touched"] + meta.get("whole_if", "")
    ]
    assert not missing, "name the changes of these in meta.touched"


def test_nothing_new_changes_nothing(stand):
    """Built again without a load, nothing is made, not even written."""
    before = stand.file.read_bytes()
    told = stand.build(on_top=True)
    assert told == {"moved": [], "followed": {}, "ask_again": []}
    assert stand.file.read_bytes() == before


def test_what_is_left_as_it_is_counts(stand):
    """A build that has nothing to make is a whole one, and what passed has passed."""
    nothing = {"moved": [], "followed": {}, "ask_again": []}
    with stand.shop.surroundings(), parsed_once():
        result, _ = building.invoke(
            Console(file=StringIO()), "dev", ["build", "--no-write-json"], nothing
        )
    kinds = Counter(str(node.resource_type) for node in stand.nodes.values())
    assert result.success and result.is_consistent and not result.problems
    assert result.total("model") == result.counts["model kept"] == kinds["model"]
    assert result.counts["seed kept"] == kinds["seed"]
    assert result.checks > kinds["test"] == result.counts["test kept"]
    result.counts["model error"] = 1
    assert not result.is_consistent


def test_a_part_where_nothing_stands(tmp_path):
    """Tests that look at tables out of the part wait until these are made; what stands
    there as another kind makes way."""
    shop = Shop(tmp_path)
    shop.landing.mkdir()
    load(data=shop.folder)
    result = shop.build_part("+fct_marketing_costs")
    assert result.success, result.problems
    assert result.total("model", status=("success",)) > 1 < result.checks

    # A name that was a view, and one that was a table, is taken by the other kind.
    with duckdb.connect(shop.folder / "warehouse.duckdb") as connection:
        connection.execute("drop table fct_marketing_costs")
        connection.execute("create view fct_marketing_costs as select 1 as x")
        connection.execute("drop view stg_flat__marketing_costs")
        connection.execute("create table stg_flat__marketing_costs as select 1 as x")
    result = shop.build_part("+fct_marketing_costs")
    assert result.success, result.problems


MEMORY = {
    "is_consistent": True,
    "made_of": {"project": "p", "lake": {"ga4/events": "1", "flat/orders": "1"}},
    "days": {
        f"ga4/events/{n}.parquet": {
            "stamp": [1, 1],
            "file": n,
            "days": [f"2026-09-0{n}"],
        }
        for n in "1234567"
    },
}


def test_only_a_whole_build_of_this_project_is_built_upon():
    """Another seed or salt, a part's build, one that was broken off: from scratch."""
    now, days = MEMORY["made_of"], MEMORY["days"]
    nothing = {"moved": [], "followed": {}, "ask_again": []}
    assert since_last_build(MEMORY, now, days) == nothing
    assert since_last_build(MEMORY, now | {"project": "q"}, days) is None
    assert since_last_build(MEMORY | {"is_consistent": False}, now, days) is None
    assert since_last_build({"success": True, "made_of": now}, now, days) is None
    assert since_last_build({}, now, days) is None


def test_a_file_touches_the_days_it_has_and_had():
    """Of a replaced file both count; files with one of the days are read again."""
    now = {"project": "p", "lake": {"ga4/events": "2", "flat/orders": "2"}}
    replaced = {"stamp": [2, 2], "file": "1", "days": ["2026-09-02"]}
    days = MEMORY["days"] | {"ga4/events/1.parquet": replaced}
    touched = {"days": ["2026-09-01", "2026-09-02"], "files": ["1", "2"]}
    assert since_last_build(MEMORY | {"ask_again": ["t"]}, now, days) == {
        "moved": ["flat/orders"],
        "followed": {"ga4/events": touched},
        "ask_again": ["t"],
    }
    gone = {k: v for k, v in MEMORY["days"].items() if "4.parquet" not in k}
    told = since_last_build(MEMORY, now, gone)
    assert told["followed"]["ga4/events"] == {"days": ["2026-09-04"], "files": []}
    most = {key: one | {"stamp": [2, 2]} for key, one in MEMORY["days"].items()}
    assert since_last_build(MEMORY, now, most)["moved"] == ["flat/orders", "ga4/events"]


def test_what_a_build_tells_the_next(stand, monkeypatch):
    """A part's build, a killed one and an edited seed have the next start anew."""
    told = []
    good = BuildResult(success=True, counts={"model success": 3, "seed success": 1})

    def invoke(console, target, arguments, since=None):
        told.append(since is not None)
        return good, None

    monkeypatch.setattr(building, "invoke", invoke)
    monkeypatch.setattr(building, "inputs", lambda target: dict(made_of))
    console = Console(file=StringIO())
    made_of = {"project": "p", "lake": {}}
    with stand.shop.surroundings():
        building.build(console, "dev")
        building.build(console, "dev")
        building.build(console, "dev", select=["int_events"])
        building.build(console, "dev")
        building.build(console, "dev", full_refresh=True)
        made_of["project"] = "q"
        building.build(console, "dev")
        building.build(console, "dev")
        good.counts["model error"] = 1
        building.build(console, "dev")
        building.build(console, "dev")
        del good.counts["model error"]
        building.build(console, "dev")
        with duckdb.connect(str(stand.file)) as connection:
            connection.execute("create table half as select 1 as done")
        building.build(console, "dev")
    # new, again, a part, after it, asked for, another seed, again, with an error,
    # after it, after that, and after somebody wrote into the file.
    expected = [0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0]
    assert told == [bool(one) for one in expected]
