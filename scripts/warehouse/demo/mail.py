"""The demo shop's newsletters and flows, as its mail tools export them.

The European shop writes with Klaviyo, the American one with Mailchimp. Readers are the
customers who accept marketing so far; a letter's clicks are the visits that came by its
link. Every visit that analytics saw has its click; some clicks have no visit, because
their reader did not consent. Whole campaigns are told as totals, single messages of the
last two months only, flows before that as weekly totals in the flat template.

In November and December, in sales, and every week since June 2026 those who did not
open the letter get it a second time on Sunday. It is opened less, and readers leave.
"""

from datetime import date, timedelta

import numpy as np

from warehouse.demo.clock import DAY, day_number
from warehouse.demo.department import Department
from warehouse.demo.shopify import EMAIL_ADDRESS
from warehouse.demo.table import Table, length, names, stack, take
from warehouse.demo.world import EMAIL, SHOPS, newsletter_days, sale

CART, WELCOME = 0, 1  # flows, in the order of their origins
FLOWS = ("flow_abandoned_cart", "flow_welcome")
KLAVIYO_API_SINCE = date(2026, 9, 1)  # then its newer API was asked
TWICE_A_WEEK = date(2026, 6, 1)
HANDING_OVER = 900  # seconds until the last of a letter's readers has it
NEVER = np.iinfo(np.int64).max
SUBJECTS = (
    "New in: made for wet days 🌧️",
    "{{ first_name|default:'Friend' }}, your weekend starts here",
    'What to pack for two nights, and why "less" is more',
    "Field notes\nThree huts worth the climb ⛰️",
    "[MULTIPLE VARIATIONS]",
    "Back in stock, for now",
)
KLAVIYO_COLUMNS = names(
    "Campaign Name,Tags,Subject,List,Send Time,Send Weekday,Total Recipients,"
    "Unique Placed Order,Placed Order Rate,Revenue,Unique Opens,Open Rate,Total Opens,"
    "Unique Clicks,Click Rate,Total Clicks,Unsubscribes,Spam Complaints,"
    "Spam Complaints Rate,Successful Deliveries,Bounces,Bounce Rate,Campaign ID,"
    "Campaign Channel"
)
MAILCHIMP_COLUMNS = names(
    "Title,Subject,List,Send Date,Send Weekday,Total Recipients,Successful Deliveries,"
    "Soft Bounces,Hard Bounces,Total Bounces,Times Forwarded,Forwarded Opens,"
    "Unique Opens,Open Rate,Total Opens,Unique Clicks,Click Rate,Total Clicks,"
    "Unsubscribes,Abuse Complaints,Unique Id,Total Orders,Total Gross Sales,"
    "Total Revenue"
)
ACTIVITY_COLUMNS = names(
    "Email Address,Campaign Id,Campaign Title,Action,Timestamp,Type,URL"
)
FLAT_COLUMNS = names(
    "shop_id,campaign_id,campaign_name,kind,sent_at,sent,delivered,opened,clicked,"
    "bounced,unsubscribed,complaints"
)
# What happens to a message, and what the two platforms call it.
DELIVERED, BOUNCED, OPENED, CLICKED, UNSUBSCRIBED, COMPLAINED = range(6)
METRICS = (
    "Received Email", "Bounced Email", "Opened Email", "Clicked Email", "Unsubscribed",
    "Marked Email as Spam",
)  # fmt: skip
ACTIONS = ("sent", "bounce", "open", "click", "unsub", "abuse")


class Mail(Department):
    """Sends the letters once all visits are known, and writes what became of them."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self._bought: list[list[Table]] = [[] for _ in SHOPS]
        self._clicks: list[list[Table]] = [[] for _ in SHOPS]
        self._carts: list[list[Table]] = [[] for _ in SHOPS]
        # Single messages are exported since the first day of the month before last's.
        month = self.last.replace(day=1) - timedelta(days=1)
        self.since = max(month.replace(day=1), self.first)

    # ------------------------------------------------------------------ listening
    def orders(self, index, month, first, last) -> None:
        o = month["orders"]
        if length(o):
            columns = {name: o[name] for name in ("person", "at", "total", "placed")}
            self._bought[index].append(take(columns, o["person"] >= 0))

    def visits(self, index, visits, first, last) -> None:
        v = visits
        seen = v["counted"] & (v["at"] <= self.book.end(index))
        columns = {name: v[name] for name in ("person", "at", "origin")}
        self._clicks[index].append(take(columns, seen & (v["channel"] == EMAIL)))
        left = seen & (v["adds"] > 0) & ~v["buys"] & (v["person"] >= 0)
        self._carts[index].append(take(columns, left))

    # ------------------------------------------------------------------ writing
    def finish(self) -> None:
        flat = []
        for index in range(len(SHOPS)):
            bought = stack(self._bought[index])
            if not length(bought):
                continue
            post = _Post(self, index, bought)
            post.flows()
            post.letters()
            post.settle()
            # Mailchimp's campaign export leaves automations out, always.
            klaviyo = index == 0
            flat += post.flow_totals(self.since if klaviyo else None)
            if klaviyo:
                post.klaviyo()
            else:
                post.mailchimp()
        if flat:
            self.writer.csv("landing/flat/email_campaigns.csv", FLAT_COLUMNS, flat)

    def clicks(self, index: int) -> Table:
        """Visits by e-mail of a shop, in order of time."""
        return _in_time(stack(self._clicks[index]))

    def carts(self, index: int) -> Table:
        """Visits of known people that left something in the cart, in order of time."""
        return _in_time(stack(self._carts[index]))


def _in_time(table: Table) -> Table:
    if not table:
        return {name: np.zeros(0, np.int64) for name in ("person", "at", "origin")}
    return take(table, np.argsort(table["at"], kind="stable"))


class _Post:
    """The post of one shop.

    Args:
        mail: The department.
        index: Position of the shop.
        bought: Its orders: person, moment, total in cents and whether they count.
    """

    def __init__(self, mail: Mail, index: int, bought: Table):
        self.mail, self.index, self.shop = mail, index, SHOPS[index]
        self.chance, self.writer = mail.chance, mail.writer
        self.clock = mail.book.shops[index].clock
        self.end = mail.book.end(index)
        self.bought = take(bought, np.argsort(bought["at"], kind="stable"))
        people = mail.book.people
        person, first = np.unique(self.bought["person"], return_index=True)
        reads = people.accepts_marketing(person) & ~people.phone_only(person)
        self.reader = person[reads]
        self.joined = self.bought["at"][first][reads]
        self.left = np.full(len(self.reader), NEVER)
        self.clicks = mail.clicks(index)
        # Who still comes by e-mail has not unsubscribed.
        self.faithful = np.zeros(len(self.reader), np.int64)
        known, rows = self._readers(self.clicks["person"])
        np.maximum.at(self.faithful, rows, self.clicks["at"][known])
        self.sends: list[dict] = []  # letters, with their totals
        self.posted: list[Table] = []  # messages that may be told one by one
        self.flown: list[list[Table]] = [[], []]
        self.names: dict[int, tuple[str, str, str]] = {}

    def _readers(self, person: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which of these people are readers, and their positions among the readers."""
        if not len(self.reader):
            return np.zeros(len(person), bool), np.zeros(0, np.int64)
        row = np.minimum(np.searchsorted(self.reader, person), len(self.reader) - 1)
        known = self.reader[row] == person
        return known, row[known]

    def _utc(self, day: date, second: int) -> int:
        return int(self.clock.utc(np.array([day_number(day) * DAY + second]))[0])

    def _code(self, name: str, length_: int, letters: str) -> str:
        bits = int(self.chance.bits(f"mail id {name}", self.index))
        text = ""
        for _ in range(length_):
            bits, rest = divmod(bits * 31 + 7, len(letters))
            text += letters[rest]
        return text

    # ------------------------------------------------------------------ letters
    def letters(self) -> None:
        """Send the weekly letters and their follow-ups, in order of time."""
        origins = self.mail.visit_book.origins[self.index]
        for week, day in enumerate(newsletter_days(self.mail.first, self.mail.last)):
            if day < self.mail.first:
                continue
            name = f"newsletter_{day:%Y-%m-%d}"
            early = 6 * 3600 + 600 * int(
                self.chance.whole(0, 17, "letter at", self.index, week)
            )
            at = self._utc(day, early)
            sunday = day + timedelta(days=3)
            again = sunday <= self.mail.last and _second_time(day)
            later = self._utc(sunday, 17 * 3600) if again else NEVER
            come = take(
                self.clicks, self.clicks["origin"] == origins.newsletters + week
            )
            here = np.flatnonzero((self.joined < at) & (self.left > at + HANDING_OVER))
            if not len(here):
                continue
            weekly = 1 + _second_time(day - timedelta(days=7))
            # Some who come after Sunday come by the second letter.
            luck = self.chance.happens(0.6, "second letter", self.index, come["at"])
            second = (come["at"] > later) & luck
            late, late_rows = self._readers(come["person"])
            main = self._send(
                2 * week, name, at, here, take(come, ~second), weekly,
                unopened=late_rows[second[late]],
            )  # fmt: skip
            if again:
                rest = main["opened_at"] > later
                rest &= ~main["bounced"]
                here = main["reader"][rest]
                here = here[self.left[here] > later + HANDING_OVER]
                if len(here):
                    self._send(
                        2 * week + 1, f"[Follow-up] {name}", later, here,
                        take(come, second), 2,
                    )  # fmt: skip

    def _send(
        self,
        number: int,
        name: str,
        at: int,
        readers: np.ndarray,
        come: Table,
        weekly: int,
        unopened: np.ndarray | None = None,
    ) -> Table:
        """One letter to many readers; keeps its totals and returns its messages."""
        sent = at + self.chance.whole(
            5, HANDING_OVER, "sent", self.index, number, readers
        )
        m = self._messages(number, readers, sent, come, 0.40, weekly, unopened)
        engaged = (m["opened_at"] < NEVER) | (m["clicked_at"] < NEVER)
        subject = SUBJECTS[number % len(SUBJECTS)]
        self.sends.append(
            self._totals(m)
            | self._claims(at, np.r_[self.reader[m["reader"][engaged]], come["person"]])
            | {"number": number, "name": name, "at": at, "subject": subject}
        )
        if self.index == 0:
            code = "01" + self._code(name, 24, "0123456789ABCDEFGHJKMNPQRSTVWXYZ")
        else:
            code = self._code(name, 10, "0123456789abcdef")
        self.names[number] = (code, name, subject)
        if at >= self._utc(self.mail.since, 0) - 8 * DAY:
            self.posted.append(m)
        return m

    def _messages(
        self, number, readers, sent, come, opens, weekly, unopened=None
    ) -> Table:
        """What becomes of messages; moments that never come are NEVER.

        Args:
            number: Of the letter or flow.
            readers: Positions of the readers, ascending, each once.
            sent: When each is sent.
            come: The visits by its link.
            opens: Share of readers who open such a message.
            weekly: How often the shop writes in a week.
            unopened: Readers who open only a later letter.
        """
        chance, size = self.chance, len(readers)
        key = (self.index, number, readers, sent)
        clicked = np.full(size, NEVER)
        known, rows = self._readers(come["person"])
        place = np.minimum(np.searchsorted(readers, rows), size - 1)
        mine = readers[place] == rows
        np.minimum.at(clicked, place[mine], come["at"][known][mine])
        # Others came by a letter that a reader had passed on, or on another's device.
        others = np.concatenate([come["at"][~known], come["at"][known][~mine]])
        # And some clicks no analytics saw.
        unseen = int(len(come["at"]) * 0.09 + chance.uniform("unseen", *key[:2]))
        lag = 600 + chance.waiting(9 * 3600, "unseen at", *key[:2], np.arange(unseen))
        others = np.concatenate([others, sent.min() + lag.astype(np.int64)])
        free = np.argsort(chance.uniform("hands", *key), kind="stable")
        free = free[clicked[free] == NEVER]
        if unopened is not None:
            free = free[~np.isin(readers[free], unopened)]
        # What is more comes from those who have clicked already.
        free = free[: min(len(others), 1 + int(size * opens / 3))]
        clicked[free] = others[: len(free)]
        clicks = clicked < NEVER
        clicked = np.where(clicks, np.maximum(clicked, sent + 45), NEVER)
        bounced = ~clicks & chance.happens((0.006, 0.009)[self.index], "bounce", *key)
        mood = chance.uniform("mood", self.index, self.reader[readers])
        share = opens * (0.45 + 1.1 * mood) * 0.94 ** (weekly - 1)
        opened = ~bounced & chance.happens(share, "opens", *key)
        if unopened is not None:
            opened &= ~np.isin(readers, unopened)
        machine = opened & ~clicks & chance.happens(0.3, "machine", *key)
        wait = np.where(machine, 90.0, chance.waiting(7 * 3600, "opens at", *key))
        opened_at = np.where(opened, sent + 20 + wait.astype(np.int64), NEVER)
        opened = np.where(clicks, chance.happens(0.96, "pictures", *key), opened)
        before = np.maximum(clicked - 25, sent + 15)
        opened_at = np.where(clicks & opened, np.minimum(opened_at, before), opened_at)
        # Those who are written to often leave more often.
        free = ~bounced & ~clicks & (self.faithful[readers] < sent)
        if unopened is not None:
            free &= ~np.isin(readers, unopened)
        leaves = free & chance.happens(0.0013 * weekly**1.4, "leaves", *key)
        when = sent + 60 + chance.waiting(5 * 3600, "leaves at", *key).astype(np.int64)
        unsubscribed = np.where(leaves & (when <= self.end), when, NEVER)
        reads = unsubscribed < NEVER
        opened_at = np.where(reads, np.minimum(opened_at, when - 15), opened_at)
        machine &= ~reads
        angry = free & chance.happens(0.00018 * weekly, "spam", *key)
        when = sent + 120 + chance.waiting(4 * 3600, "spam at", *key).astype(np.int64)
        np.minimum.at(self.left, readers, unsubscribed)
        happens = lambda at: np.where(at <= self.end, at, NEVER)  # noqa: E731
        return {
            "number": np.full(size, number),
            "reader": readers,
            "sent_at": sent,
            "bounced": bounced,
            "hard": chance.happens(0.4, "hard", *key),
            "opened_at": happens(opened_at),
            "machine": machine,
            "clicked_at": happens(clicked),
            "unsubscribed_at": unsubscribed,
            "complained_at": happens(np.where(angry, when, NEVER)),
        }

    def _totals(self, m: Table) -> dict[str, int]:
        """The counts of messages."""
        counts = {
            name: int((m[f"{name}_at"] < NEVER).sum())
            for name in ("opened", "clicked", "unsubscribed", "complained")
        }
        bounced = int(m["bounced"].sum())
        soft = int((m["bounced"] & ~m["hard"]).sum())
        sent = len(m["reader"])
        return counts | {
            "sent": sent, "bounced": bounced, "soft": soft, "delivered": sent - bounced,
        }  # fmt: skip

    def _claims(self, at: int, engaged: np.ndarray) -> dict[str, float]:
        """What a mail tool claims: all orders of five days of who opened or came."""
        start, stop = np.searchsorted(self.bought["at"], [at, at + 5 * DAY], "right")
        b = take(self.bought, slice(start, stop))
        b = take(b, b["placed"] & np.isin(b["person"], engaged))
        return {
            "orders": len(np.unique(b["person"])),
            "revenue": float(b["total"].sum()) / 100,
        }

    # ------------------------------------------------------------------ flows
    def flows(self) -> None:
        """Messages that something sets off: a first order, a cart left behind."""
        carts = self.mail.carts(self.index)
        known, rows = self._readers(carts["person"])
        at = carts["at"][known] + 4 * 3600
        # Nobody is asked about a cart that was bought meanwhile.
        codes = self.bought["person"].astype(np.int64) << 40
        codes = np.sort(codes + self.bought["at"])
        code = (self.reader[rows].astype(np.int64) << 40) + at
        before = np.searchsorted(codes, code - 5 * 3600)
        bought = np.searchsorted(codes, code) > before
        wanted = ~bought & (at > self.joined[rows]) & (at <= self.end)
        wanted &= at < self.left[rows]
        rows, at = rows[wanted], at[wanted]
        # At most one reminder a week: the first of each reader and week.
        _, first = np.unique(rows * 10_000 + at // (7 * DAY), return_index=True)
        self._flow(CART, rows[first], at[first])
        welcome = self.joined + 3600
        rows = np.flatnonzero((welcome <= self.end) & (welcome < self.left))
        self._flow(WELCOME, rows, welcome[rows])
        for flow, name in enumerate(FLOWS):
            code = self._code(name, 6, "ABCDEFGHJKLMNPQRSTUVWXYZ")
            self.names[1000 + flow] = (code, name, "Did you forget something?")

    def _flow(self, flow: int, rows: np.ndarray, at: np.ndarray) -> None:
        """Send a flow's messages week by week: nobody gets two in one week."""
        origins = self.mail.visit_book.origins[self.index]
        come = take(self.clicks, self.clicks["origin"] == origins.first[EMAIL] + flow)
        week = at // (7 * DAY)
        visited = come["at"] // (7 * DAY)
        for number in np.unique(week):
            here = np.flatnonzero(week == number)
            here = here[np.argsort(rows[here], kind="stable")]
            mine = take(come, visited == number)
            after = mine["at"] > at[here].min()
            self.flown[flow].append(
                self._messages(
                    1000 + flow, rows[here], at[here], take(mine, after), 0.52, 1
                )
            )

    def settle(self) -> None:
        """Take back what flows would have sent to those who had left by a letter."""
        for flow, parts in enumerate(self.flown):
            self.flown[flow] = [
                take(m, m["sent_at"] < self.left[m["reader"]]) for m in parts
            ]

    def flow_totals(self, until: date | None) -> list[list]:
        """Rows of the flat template: a flow and week each, weeks that begin on Monday.

        Args:
            until: The day from which messages are told one by one; None for never.
        """
        lines = []
        stop = NEVER if until is None else self._utc(until, 0)
        for flow, name in enumerate(FLOWS):
            m = stack(self.flown[flow])
            if not length(m):
                continue
            m = take(m, m["sent_at"] < stop)
            day = self.clock.local(m["sent_at"]) // DAY
            monday = np.maximum(day - (day + 3) % 7, day_number(self.mail.first))
            for start in np.unique(monday):
                t = self._totals(take(m, monday == start))
                begins = int(self.clock.utc(np.array([start * DAY]))[0])
                moment = np.datetime64(begins, "s")
                lines.append(
                    [self.shop.shop_id, name, name, "flow", f"{moment}Z", t["sent"],
                     t["delivered"], t["opened"], t["clicked"], t["bounced"],
                     t["unsubscribed"], t["complained"]]
                )  # fmt: skip
        return lines

    # ------------------------------------------------------------------ the files
    def _told(self, flows: bool) -> Table:
        """The events of single messages, in order of time."""
        parts = self.posted + ([m for f in self.flown for m in f] if flows else [])
        m = stack(parts)
        if not m:
            return {}
        events = []
        for what, column in (
            (DELIVERED, "sent_at"),
            (BOUNCED, "sent_at"),
            (OPENED, "opened_at"),
            (CLICKED, "clicked_at"),
            (UNSUBSCRIBED, "unsubscribed_at"),
            (COMPLAINED, "complained_at"),
        ):
            happens = m[column] < NEVER
            if what == BOUNCED:
                happens &= m["bounced"]
            elif what == DELIVERED and self.index == 0:
                happens &= ~m["bounced"]
            rows = np.flatnonzero(happens)
            later = 9 * (what == BOUNCED)
            events.append(
                {
                    "what": np.full(len(rows), what),
                    "at": m[column][rows] + later,
                    "sent_at": m["sent_at"][rows],
                    "number": m["number"][rows],
                    "person": self.reader[m["reader"][rows]],
                    "hard": m["hard"][rows],
                    "machine": m["machine"][rows],
                }
            )
        e = stack(events)
        start = self._utc(self.mail.since, 0)
        told = (e["at"] >= start) & (e["at"] <= self.end)
        if flows:  # a flow's totals end where its messages begin
            told &= (e["number"] < 1000) | (e["sent_at"] >= start)
        e = take(e, told)
        e = take(e, np.lexsort((e["what"], e["person"], e["at"])))
        e |= self.mail.book.people.details(e["person"])
        e["day"] = self.clock.local(e["at"]) // DAY
        numbers = sorted(self.names)
        self.writer.keep(
            "mail_names",
            {
                "number": numbers,
                "code": [self.names[n][0] for n in numbers],
                "name": [self.names[n][1] for n in numbers],
                "subject": [self.names[n][2] for n in numbers],
            },
        )
        return e

    def klaviyo(self) -> None:
        """The campaign export, and the events month by month."""
        clock = self.clock
        season = ("Winter", "Spring", "Summer", "Autumn")
        lines = []
        for s in self.sends:
            local = np.datetime64(int(clock.local(np.array([s["at"]]))[0]), "s").item()
            tag = f"{season[local.month % 12 // 3]} {local.year}"
            follow = s["name"].startswith("[")
            lists = "Newsletter, Customers" if not follow else (
                f"[Engaged non-openers] {s['name'].split('] ')[1]}"
            )  # fmt: skip
            rate = lambda part, whole: f"{part / max(whole, 1):.2%}"  # noqa: E731
            lines.append(
                [s["name"], f"{tag}, Newsletter", s["subject"], lists, f"{local}",
                 f"{local:%A}", f"{s['sent']:.1f}", f"{s['orders']:.1f}",
                 rate(s["orders"], s["delivered"]), f"{s['revenue']}",
                 f"{s['opened']:.1f}", rate(s["opened"], s["delivered"]),
                 f"{round(s['opened'] * 1.31):.1f}", f"{s['clicked']:.1f}",
                 rate(s["clicked"], s["delivered"]),
                 f"{round(s['clicked'] * 1.38):.1f}", f"{s['unsubscribed']:.1f}",
                 f"{s['complained']:.1f}", rate(s["complained"], s["delivered"]),
                 f"{s['delivered']:.1f}", f"{s['bounced']:.1f}",
                 rate(s["bounced"], s["sent"]), self.names[s["number"]][0], "Email"]
            )  # fmt: skip
        self._write("klaviyo", "campaigns_export.csv", KLAVIYO_COLUMNS, lines)
        e = self._told(flows=True)
        if not length(e):
            return
        last = day_number(self.mail.last)
        first = self.mail.since
        while first <= self.mail.last:
            after = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
            # A month's export begins a day early: that day's events come twice.
            start = day_number(first) - (first > self.mail.since)
            stop = min(day_number(after) - 1, last)
            here = (e["day"] >= start) & (e["day"] <= stop)
            if here.any():
                folder = f"landing/klaviyo/{self.shop.shop_id}"
                newest = first >= KLAVIYO_API_SINCE
                self.writer.table("mail", take(e, here))
                self.writer.copy(
                    f"{folder}/events_{first:%Y%m}.jsonl",
                    KLAVIYO_API_EVENTS if newest else KLAVIYO_EVENTS,
                    "format json",
                )
                if newest:
                    self.writer.copy(
                        f"{folder}/included_{first:%Y%m}.jsonl",
                        KLAVIYO_INCLUDED,
                        "format json",
                    )
            first = after

    def mailchimp(self) -> None:
        """The campaign export, and the activity of recipients."""
        lines = []
        for s in self.sends:
            local = np.datetime64(int(self.clock.local(np.array([s["at"]]))[0]), "s")
            local = local.item()
            rate = lambda part, whole: f"{part / max(whole, 1):.2%}"  # noqa: E731
            lines.append(
                [s["name"], s["subject"], "Alder & Co readers",
                 f"{local:%b %d, %Y %I:%M} {'am' if local.hour < 12 else 'pm'}",
                 f"{local:%A}", s["sent"], s["delivered"], s["soft"],
                 s["bounced"] - s["soft"], s["bounced"], 0, 0, s["opened"],
                 rate(s["opened"], s["delivered"]), round(s["opened"] * 1.27),
                 s["clicked"], rate(s["clicked"], s["delivered"]),
                 round(s["clicked"] * 1.33), s["unsubscribed"], s["complained"],
                 self.names[s["number"]][0], s["orders"], f"{s['revenue']:.2f}",
                 f"{s['revenue']:.2f}"]
            )  # fmt: skip
        self._write("mailchimp", "campaigns.csv", MAILCHIMP_COLUMNS, lines)
        e = self._told(flows=False)
        if length(e):
            self.writer.table("mail", e)
            self.writer.append_csv(
                f"landing/mailchimp/{self.shop.shop_id}/recipient_activity.csv",
                ACTIVITY_COLUMNS,
                MAILCHIMP_ACTIVITY,
            )

    def _write(self, source: str, name: str, header: list[str], lines: list) -> None:
        self.writer.csv(f"landing/{source}/{self.shop.shop_id}/{name}", header, lines)


def _second_time(day: date) -> bool:
    """Whether the letter of that Thursday is sent once more on Sunday."""
    if day >= TWICE_A_WEEK or day.month in (11, 12):
        return True
    return any(sale(day + timedelta(days=i)) for i in range(4))


_LIST = "[" + ", ".join(f"'{metric}'" for metric in METRICS) + "]"
_ID = (
    "md5(number || ':' || person || ':' || sent_at || ':' || what) as id,"  # an event's
)
_MOMENT = (
    "strftime(make_timestamp(\"at\" * 1000000), '%Y-%m-%d %H:%M:%S+00:00') as datetime"
)
_PROPERTIES = f"""{{
    '$message': code,
    '$event_id': code || ':' || person || ':' || "at",
    'Campaign Name': name,
    'Subject': subject,
    '$flow': case when number >= 1000 then 'F' || code end,
    '$_cohort$message_send_cohort': sent_at || ':' || code,
    'Bounce Type': case when what = {BOUNCED} then if(hard, 'Hard', 'Soft') end,
    'machine_open': case when what = {OPENED} then machine end
}} as event_properties"""
_PROFILE = "upper(substr(md5('profile' || person), 1, 8))"
_METRIC = "substr(md5('metric' || what), 1, 6)"
KLAVIYO_EVENTS = f"""
    select
        'event' as object,
        {_ID}
        {_LIST}[what + 1] as event_name,
        "at" as "timestamp",
        {_MOMENT},
        {_PROPERTIES},
        {{'id': {_PROFILE}, '$email': {EMAIL_ADDRESS}}} as person
    from mail join mail_names using (number)
"""
# The API of today: an event names its metric and its person by ids alone.
KLAVIYO_API_EVENTS = f"""
    select
        'event' as type,
        id,
        {{
            'timestamp': "timestamp",
            'event_properties': event_properties,
            'datetime': datetime,
            'uuid': id
        }} as attributes,
        {{
            'profile': {{'data': {{'type': 'profile', 'id': profile}}}},
            'metric': {{'data': {{'type': 'metric', 'id': metric}}}}
        }} as relationships
    from (
        select
            {_ID}
            "at" as "timestamp",
            {_MOMENT},
            {_PROPERTIES},
            {_PROFILE} as profile,
            {_METRIC} as metric
        from mail join mail_names using (number)
    )
"""
KLAVIYO_INCLUDED = f"""
    select distinct
        'metric' as type,
        {_METRIC} as id,
        {{'name': {_LIST}[what + 1], 'email': null}} as attributes
    from mail
    union all
    select distinct
        'profile',
        {_PROFILE},
        {{'name': null, 'email': {EMAIL_ADDRESS}}}
    from mail
    order by all
"""
_LIST = "[" + ", ".join(f"'{action}'" for action in ACTIONS) + "]"
MAILCHIMP_ACTIVITY = f"""
    select
        {EMAIL_ADDRESS},
        code,
        name,
        {_LIST}[what + 1],
        strftime(make_timestamp("at" * 1000000), '%Y-%m-%dT%H:%M:%S+00:00'),
        case when what = {BOUNCED} then if(hard, 'hard', 'soft') end,
        case
            when what = {CLICKED}
                then 'https://www.alder-co.example/?utm_campaign=' || name
        end
    from mail join mail_names using (number)
"""
