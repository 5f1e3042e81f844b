"""The service desk: tickets, calls, reviews and surveys of the customers.

Who gets a parcel late, sends something back or is cancelled asks more and likes the
shop less. In August the desk is on holiday: replies take days, callers give up, and
what people answer to surveys shows it. The chat robot of 2026 answers at once and
solves little. The European desk exports Zendesk's CSV, a call list and Judge.me's
reviews; the American one Zendesk's JSON lines and flat files.
"""

from datetime import date, timedelta

import numpy as np

from warehouse.demo.clock import DAY, day_number
from warehouse.demo.department import Department
from warehouse.demo.orders import NEVER, POS, REFUSED, TEST
from warehouse.demo.shopify import EMAIL_ADDRESS
from warehouse.demo.table import Table, length, stack, take
from warehouse.demo.world import GIFT_CARDS, SHOPS
from warehouse.demo.write import text_list

HOUR = 3600
# Who is on duty changes from day to day.
AGENTS = {"alder_eu": ("Sabine Roth", "Clara Weiss"), "alder_us": ("Kevin Ortiz",)}
QUEUES = ("Orders", "Returns", "Advice", "Payment")
ORDERS, RETURNS, ADVICE, PAYMENT = range(4)
# Channels as the CSV writes them, and as the API does.
VIA = ("Mail", "Web form", "Chat", "Instagram Direct", "Phone call (inbound)")
VIA_API = ("email", "web", "chat", "instagram_dm", "voice")
CHAT, VOICE = 2, 4
ROBOT = "Alder Bot"
ROBOT_SINCE = date(2026, 3, 2)
# Tickets by hour of the day: at work and in the evening.
TICKET_HOURS = np.array(
    [1, 1, 0, 0, 0, 1, 2, 5, 8, 10, 10, 9, 8, 8, 9, 9, 8, 7, 6, 6, 6, 5, 3, 2]
)
# Calls by hour of the day, from 8 to 19.
CALL_HOURS = np.array([2, 8, 13, 13, 9, 8, 10, 12, 11, 9, 4, 1])
# The custom fields of the American desk: what it is about, and the order.
TOPIC_FIELD, ORDER_FIELD = 360000011111, 360000011122
STARS = np.array([[0.03, 0.04, 0.09, 0.27, 0.57], [0.26, 0.20, 0.20, 0.20, 0.14]])
TICKET_COLUMNS = [
    "Summation column", "Id", "Requester", "Requester id", "Requester external id",
    "Requester email", "Requester domain", "Submitter", "Assignee", "Group", "Subject",
    "Tags", "Status", "Priority", "Via", "Ticket type", "Created at", "Updated at",
    "Assigned at", "Organization", "Due date", "Initially assigned at", "Solved at",
    "Resolution time", "Satisfaction Score", "Group stations", "Assignee stations",
    "Reopens", "Replies", "First reply time in minutes",
    "First reply time in minutes within business hours",
    "First resolution time in minutes", "Full resolution time in minutes",
    "Order number",
]  # fmt: skip
CALL_COLUMNS = [
    "Call ID", "Start time", "Direction", "Queue", "Caller ID", "Agent", "Call status",
    "Wait time", "Talk time", "Rating",
]  # fmt: skip
FLAT_CALL_COLUMNS = [
    "shop_id", "call_id", "started_at", "direction", "queue", "phone", "agent",
    "answered", "wait_seconds", "talk_seconds",
]  # fmt: skip
ANSWER_COLUMNS = [
    "shop_id", "answer_id", "survey", "answered_at", "score", "email", "order_id",
    "call_id",
]  # fmt: skip
JUDGEME_COLUMNS = [
    "title", "body", "rating", "review_date", "source", "curated", "reviewer_name",
    "reviewer_email", "product_id", "product_handle", "reply", "reply_date",
    "picture_urls", "ip_address", "location",
]  # fmt: skip
REVIEW_COLUMNS = [
    "shop_id", "review_id", "reviewed_at", "stars", "product_id", "order_id", "email",
]  # fmt: skip
SUBJECTS = (
    "Where is my order?", "Return, how does it work?", "Which size, M or L?",
    'Paid twice? "pending" in my bank',
)  # fmt: skip
TITLES = ("Not for me", "Disappointing", "It is okay", "Good, with a but", "Love it")
BODIES = (
    "Came late, and nobody answered.",
    "The zip broke after a week.\nSent back.",
    "Does what it should, no more.",
    "Good quality, runs a little small.",
    'Light, dry, "perfect" for three weeks in Norway.',
)
_KEPT = (
    "number", "at", "day", "person", "ship_at", "cancel_at", "placed", "failed",
    "has_email", "has_phone", "country", "place",
)  # fmt: skip
_LOCAL = "strftime(make_timestamp({0} * 1000000), '%Y-%m-%d {1}')"


class Service(Department):
    """Listens to the orders, and at the end tells what their customers did."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.kept: list[list[Table]] = [[] for _ in SHOPS]

    def orders(
        self, index: int, month: dict[str, Table], first: date, last: date
    ) -> None:
        """Remember every order, its first product and whether something came back."""
        o, lines, refunds = month["orders"], month["lines"], month["refunds"]
        if not length(o):
            return
        kept = {name: o[name] for name in _KEPT}
        kept["back_at"] = np.full(length(o), NEVER)
        if length(refunds):
            rows = refunds["kind"] <= REFUSED
            np.minimum.at(kept["back_at"], refunds["order"][rows], refunds["at"][rows])
        kept["variant"] = lines["variant"][o["first_line"]]
        kept["is_gift"] = lines["category"][o["first_line"]] == GIFT_CARDS
        self.kept[index].append(kept)

    def finish(self) -> None:
        """Both shops, one after the other; surveys and reviews in one file for both."""
        answers = []
        for index, shop in enumerate(SHOPS):
            o = stack(self.kept[index])
            if not length(o):
                continue
            details = self.book.people.details(o["person"])
            o |= {name: details[name] for name in details if name != "person"}
            self._moods(index, o)
            self._tickets(index, o)
            calls = self._calls(index, o)
            self._reviews(index, o)
            answers += [self._nps(index, o)]
            if shop.shop_id == "alder_us":
                answers += [self._after_calls(index, calls)]
        answers = [table for table in answers if length(table)]
        if answers:
            self._write_answers(stack(answers))

    # ------------------------------------------------------------------ moods
    def _moods(self, index: int, o: Table) -> None:
        """Whether an order was late, came back, was cancelled, is bought again."""
        clock, number = self.book.shops[index].clock, o["number"]
        shipped = o["ship_at"] < NEVER
        day = clock.local(np.where(shipped, o["ship_at"], o["at"])) // DAY
        rush = np.zeros(len(number), dtype=bool)
        for year in range(self.first.year, self.last.year + 1):
            since, until = date(year, 12, 8), date(year, 12, 22)
            rush |= (day >= day_number(since)) & (day <= day_number(until))
        rush &= self.chance.happens(0.6, "service late", index, number)
        o["late"] = shipped & ((o["ship_at"] - o["at"] > 63 * HOUR) | rush)
        o["back"] = o["back_at"] < NEVER
        o["cancelled"] = o["placed"] & (o["cancel_at"] < NEVER)
        o["known"] = (o["person"] >= 0) & (o["place"] != TEST)
        # Whether the same person orders later: the satisfied ones do.
        order = np.lexsort((o["at"], o["person"]))
        again = np.zeros(len(number), dtype=bool)
        person, placed = o["person"][order], o["placed"][order]
        again[order[:-1]] = (person[1:] == person[:-1]) & placed[1:] & (person[1:] >= 0)
        o["again"] = again

    @staticmethod
    def _holiday(day: np.ndarray) -> np.ndarray:
        """How much slower the desk is on a local day: 1 is as usual."""
        months = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        month, year = months % 12 + 1, months // 12 + 1970
        slow = np.where(month == 7, 1.5, np.where(month == 8, 2.5, 1.0))
        slow = np.where((month == 8) & (year >= 2026), 6.0, slow)
        return np.where(month == 12, 1.6, slow)

    def _agent(self, index: int, local: np.ndarray) -> np.ndarray:
        """Position of the agent on duty; day 1 of the calendar is ordinal 1."""
        ordinal = local // DAY + date(1970, 1, 1).toordinal()
        return ordinal % len(AGENTS[SHOPS[index].shop_id])

    # ------------------------------------------------------------------ tickets
    def _tickets(self, index: int, o: Table) -> None:
        chance, clock, end = (
            self.chance, self.book.shops[index].clock, self.book.end(index),
        )  # fmt: skip
        number = o["number"]
        share = 0.055 + 0.09 * o["late"] + 0.13 * o["back"] + 0.2 * o["cancelled"]
        share = np.where(o["failed"], 0.5, share) * (o["place"] != POS)
        asks = o["known"] & chance.happens(share, "ticket", index, number)
        # Others ask before they ever buy: nobody knows them.
        strangers = chance.happens(0.016, "stranger", index, number) & o["known"]
        rows = np.r_[np.flatnonzero(asks), np.flatnonzero(strangers)]
        if not len(rows):
            return
        t = take(o, rows)
        t["stranger"] = np.arange(len(rows)) >= int(asks.sum())
        key = (index, t["number"], t["stranger"].astype(np.int64))
        queue = chance.pick([0.5, 0.08, 0.32, 0.1], "ticket queue", *key)
        queue = np.where(t["late"] | t["cancelled"], ORDERS, queue)
        queue = np.where(t["back"], RETURNS, queue)
        queue = np.where(t["failed"], PAYMENT, queue)
        t["queue"] = np.where(t["stranger"], ADVICE, queue)
        weights = [0.46, 0.26, 0.2, 0.05, 0.03]
        t["via"] = chance.pick(weights, "ticket via", *key)
        days = np.minimum(chance.waiting(3.0, "ticket after", *key), 25)
        days = np.where(t["late"], 2.5 + days / 3, days)
        opened = t["at"] + (days * DAY).astype(np.int64)
        before = chance.whole(2 * DAY, 8 * DAY, "ticket before", *key)
        opened = np.where(t["back"], t["back_at"] - before, opened)
        opened = np.maximum(opened, t["at"] + 900)
        local = clock.local(opened)
        when = chance.pick(TICKET_HOURS, "ticket hour", *key) * HOUR
        when += chance.whole(0, HOUR - 1, "ticket second", *key)
        calling = 9 * HOUR + chance.whole(0, 8 * HOUR, "ticket call", *key)
        when = np.where(t["via"] == VOICE, calling, when)
        local = np.where(t["failed"], local, local // DAY * DAY + when)
        t["opened"] = np.maximum(clock.utc(local), t["at"] + 300)
        t["opened"] = t["opened"] // 60 * 60  # the CSV knows minutes only
        t = take(t, t["opened"] <= end)
        key = (index, t["number"], t["stranger"].astype(np.int64))
        local = clock.local(t["opened"])
        slow = self._holiday(local // DAY)

        # Replies come in desk hours, Monday to Saturday from 8 to 18.
        minutes = 65 * np.exp(0.9 * chance.normal("reply", *key)) * slow
        minutes = np.where(t["via"] == CHAT, minutes / 4, minutes)
        minutes = np.where(t["via"] == VOICE, 1, minutes)
        replied = self._in_desk_hours(local, minutes)
        never = chance.happens(0.03, "no reply", *key)
        t["merged"] = chance.happens(0.02, "merged", *key)
        robot_day = day_number(ROBOT_SINCE)
        t["robot"] = (
            (SHOPS[index].shop_id == "alder_eu")
            & (t["via"] == CHAT)
            & (local // DAY >= robot_day)
            & chance.happens(0.3, "robot", *key)
        )
        replied = np.where(t["robot"], local, replied)
        t["replied"] = np.where(
            never & ~t["robot"] | t["merged"], NEVER, clock.utc(replied)
        )
        t["reply_minutes"] = (t["replied"] - t["opened"]) // 60
        solved = t["replied"] + (chance.waiting(19, "solve", *key) * HOUR).astype(
            np.int64
        )
        t["solved"] = np.where(t["merged"], t["opened"] + HOUR, solved) // 60 * 60
        t["solved"] = np.where(never & ~t["robot"] & ~t["merged"], NEVER, t["solved"])
        t["replies"] = np.where(
            t["replied"] < NEVER, 1 + chance.pick([5, 3, 2, 1], "replies", *key), 0
        )
        good = 0.97 - 0.1 * t["late"] - 0.1 * t["back"] - 0.35 * t["robot"]
        good = good - 0.055 * np.log1p(np.minimum(t["reply_minutes"], 10**5) / 60)
        rated = chance.happens(0.3, "rated", *key) & ~t["merged"]
        happy = chance.happens(good, "good", *key)
        t["rating"] = np.where(rated, np.where(happy, 2, 1), 0)
        t["agent"] = self._agent(index, clock.local(np.minimum(t["replied"], end)))
        t["named"] = chance.happens(0.62, "names order", *key) & ~t["stranger"]
        # Numbers grow with time, as Zendesk gives them.
        t = take(t, np.lexsort((t["number"], t["opened"])))
        t["id"] = 10_000 * (index + 1) + np.arange(length(t))

        # Two exports: the second holds what has changed since the first.
        split = self.last - timedelta(days=85)
        moments = [(end, self.last, np.ones(length(t), dtype=bool))]
        if split > self.first:
            then = self.book.end(index, split)
            changed = (t["opened"] > then) | (
                (t["solved"] > then) & (t["solved"] <= end)
                | (t["replied"] > then) & (t["replied"] <= end)
            )
            moments = [
                (then, split, t["opened"] <= then), (end, self.last, changed),
            ]  # fmt: skip
        for seen, day, kept in moments:
            self._export(index, take(t, kept), seen, day)

    @staticmethod
    def _in_desk_hours(local: np.ndarray, minutes: np.ndarray) -> np.ndarray:
        """The wall clock moment at which so many minutes of desk time have passed."""
        opens, shuts = 8 * HOUR, 18 * HOUR
        length_of_day = shuts - opens
        day, second = local // DAY, local % DAY
        second = np.clip(second, opens, shuts) - opens
        total = second + (minutes * 60).astype(np.int64)
        # Count in days of work: six a week, from a Monday.
        monday = (day + 3) // 7
        weekday = (day + 3) % 7
        sunday = weekday == 6
        work_day = monday * 6 + np.where(sunday, 6, weekday)
        total = np.where(sunday, total - second, total)
        work_day = work_day + total // length_of_day
        back = work_day // 6 * 7 + work_day % 6 - 3
        found = back * DAY + opens + total % length_of_day
        return np.maximum(found, local + 60)

    def _export(self, index: int, t: Table, seen: int, day: date) -> None:
        """One export of the desk as it stood at a moment."""
        if not length(t):
            return
        shop, clock = SHOPS[index], self.book.shops[index].clock
        t = dict(t)
        replied, solved = t["replied"] <= seen, t["solved"] <= seen
        t["has_reply"], t["has_solution"] = replied, solved
        t["is_closed"] = t["solved"] <= seen - 4 * DAY
        t["rating"] = np.where(solved, t["rating"], 0)
        updated = np.maximum(
            t["opened"],
            np.maximum(
                np.where(replied, t["replied"], 0), np.where(solved, t["solved"], 0)
            ),
        )
        for name, moment, known in (
            ("opened", t["opened"], np.ones(len(seen_at := t["opened"]), dtype=bool)),
            ("updated", updated, np.ones(len(seen_at), dtype=bool)),
            ("replied", t["replied"], replied),
            ("solved", t["solved"], solved),
        ):
            t[f"{name}_utc"] = np.where(known, moment, 0)
            t[f"{name}_local"] = np.where(
                known, clock.local(np.where(known, moment, 0)), 0
            )
        self.writer.table("desk", t)
        agents = text_list(AGENTS[shop.shop_id])
        person = (
            "case when stranger then 'ask.' || number || '@mail.example' "
            f"when via = {VOICE} or not has_email then null else {EMAIL_ADDRESS} end"
        )
        agent = (
            f"case when robot then '{ROBOT}' "
            f"when replies > 0 and has_reply then {agents}[agent + 1] end"
        )
        status = (
            "case when merged or is_closed then 'closed' "
            "when has_solution then 'solved' when has_reply then 'pending' "
            "when id % 3 = 0 then 'open' else 'new' end"
        )
        tags = (
            "case when merged then 'closed_by_merge' "
            "when queue = 1 then 'return web' when queue = 0 then 'where_is_it' end"
        )
        look = {
            "id": "id", "person": person, "agent": agent, "status": status,
            "tags": tags,
            "queue": f"{text_list(QUEUES)}[queue + 1]",
            "priority": (
                "case when id % 11 = 0 then 'high' when id % 7 = 0 then 'low' "
                "else 'normal' end"
            ),
        }  # fmt: skip
        if shop.shop_id == "alder_eu":
            self._csv(shop.shop_id, look, day)
        else:
            self._lines(shop.shop_id, look, day)

    def _csv(self, shop_id: str, look: dict[str, str], day: date) -> None:
        """Zendesk's CSV: names, and wall clock times of the account's time zone."""

        def at(name: str, known: str = "true") -> str:
            moment = _LOCAL.format(f"{name}_local", "%H:%M")
            return f"case when {known} then {moment} end"

        cells = {
            "Summation column": "1",
            "Id": "id",
            "Requester": f"coalesce(split_part({look['person']}, '@', 1), 'Caller')",
            "Requester id": "360000000000 + person",
            "Requester email": look["person"],
            "Requester domain": f"split_part({look['person']}, '@', 2)",
            "Submitter": f"coalesce(split_part({look['person']}, '@', 1), 'Caller')",
            "Assignee": look["agent"],
            "Group": look["queue"],
            "Subject": f"quoted({text_list(SUBJECTS)}[queue + 1])",
            "Tags": look["tags"],
            "Status": look["status"],
            "Priority": look["priority"],
            "Via": f"{text_list(VIA)}[via + 1]",
            "Ticket type": "'question'",
            "Created at": at("opened"),
            "Updated at": at("updated"),
            "Assigned at": at("replied", "has_reply"),
            "Initially assigned at": at("replied", "has_reply"),
            "Solved at": at("solved", "has_solution"),
            "Resolution time": (
                "case when has_solution then "
                "cast(round((solved_utc - opened_utc) / 3600.0) as bigint) end"
            ),
            "Satisfaction Score": (
                "['Not Offered', 'Bad', 'Good'][rating + 1]"
            ),
            "Group stations": "1",
            "Assignee stations": "case when has_reply then 1 else 0 end",
            "Reopens": "0",
            "Replies": "case when has_reply then replies else 0 end",
            "First reply time in minutes": (
                "case when has_reply then reply_minutes end"
            ),
            "First resolution time in minutes": (
                "case when has_solution then (solved_utc - opened_utc) // 60 end"
            ),
            "Full resolution time in minutes": (
                "case when has_solution then (solved_utc - opened_utc) // 60 end"
            ),
            "Order number": "case when named then '#' || (1000 + number) end",
        }  # fmt: skip
        select = ",\n".join(cells.get(column, "null") for column in TICKET_COLUMNS)
        self.writer.append_csv(
            f"landing/zendesk/{shop_id}/export_{day:%Y_%m_%d}_tickets_1.csv",
            TICKET_COLUMNS,
            f"select {select} from desk order by id",
        )

    def _lines(self, shop_id: str, look: dict[str, str], day: date) -> None:
        """Zendesk's JSON lines: objects, and UTC."""

        def at(name: str, known: str = "true") -> str:
            moment = (
                f"strftime(make_timestamp({name}_utc * 1000000), '%Y-%m-%dT%H:%M:%SZ')"
            )
            return f"case when {known} then {moment} end"

        self.writer.copy(
            f"landing/zendesk/{shop_id}/export_{day:%Y_%m_%d}_tickets_1.jsonl",
            f"""
            select
                id,
                {at("opened")} as created_at,
                {at("updated")} as updated_at,
                {look["status"]} as status,
                {look["priority"]} as priority,
                {text_list(SUBJECTS)}[queue + 1] as subject,
                struct_pack(
                    channel := {text_list(VIA_API)}[via + 1],
                    source := struct_pack("from" := struct_pack(address :=
                        case when via = 0 then {look["person"]} end))
                ) as via,
                struct_pack(id := 370000000000 + person, email := {look["person"]})
                    as requester,
                struct_pack(name := {look["agent"]}) as assignee,
                struct_pack(name := {look["queue"]}) as "group",
                string_split(coalesce({look["tags"]}, ''), ' ') as tags,
                [
                    struct_pack(id := {TOPIC_FIELD}, value := {look["queue"]}),
                    struct_pack(id := {ORDER_FIELD},
                        value := case when named then '#' || (1000 + number) end)
                ] as custom_fields,
                struct_pack(score := ['unoffered', 'bad', 'good'][rating + 1])
                    as satisfaction_rating,
                struct_pack(
                    replies := case when has_reply then replies else 0 end,
                    solved_at := {at("solved", "has_solution")},
                    initially_assigned_at := {at("replied", "has_reply")},
                    reply_time_in_minutes := struct_pack(
                        calendar := case when has_reply then reply_minutes end)
                ) as metric_set
            from desk
            order by id
            """,
            "format json",
        )

    # ------------------------------------------------------------------ calls
    def _calls(self, index: int, o: Table) -> Table:
        chance, shop, clock = self.chance, SHOPS[index], self.book.shops[index].clock
        number, end = o["number"], self.book.end(index)
        share = 0.045 + 0.06 * o["late"] + 0.05 * o["back"] + 0.12 * o["cancelled"]
        share = np.where(o["failed"], 0.3, share) * np.where(o["place"] == POS, 0.3, 1)
        rows = np.flatnonzero(chance.happens(share, "call", index, number))
        if not len(rows):
            return {}
        c = take(o, rows)
        key = (index, c["number"])
        queue = chance.pick([0.55, 0.13, 0.25, 0.07], "call queue", *key)
        queue = np.where(c["back"], RETURNS, np.where(c["failed"], PAYMENT, queue))
        c["queue"] = np.where(c["late"] | c["cancelled"], ORDERS, queue)
        days = np.minimum(chance.waiting(2.6, "call after", *key), 25)
        days = np.where(c["late"], 3 + days / 3, days)
        local = clock.local(c["at"]) // DAY + days.astype(np.int64)
        local += (local + 3) % 7 == 6  # closed on Sundays
        hour = 8 + chance.pick(CALL_HOURS, "call hour", *key)
        local = local * DAY + hour * HOUR + chance.whole(0, 3599, "call second", *key)
        c["outbound"] = chance.happens(0.06, "call out", *key)
        c["attempt"] = np.zeros(len(rows), dtype=np.int64)
        c["local"] = local
        c = self._answered(index, c)
        # Of those who gave up, most try again soon.
        tries = (
            ~c["answered"] & ~c["outbound"] & chance.happens(0.6, "call again", *key)
        )
        more = take(c, tries)
        more["local"] = more["local"] + chance.whole(
            300, 5400, "call again at", index, more["number"]
        )
        more["attempt"] = more["attempt"] + 1
        c = stack([c, self._answered(index, more)])
        c["started"] = clock.utc(c["local"])
        c = take(c, (c["started"] <= end) & (c["started"] > c["at"]))
        c = take(c, np.lexsort((c["attempt"], c["number"], c["started"])))
        key = (index, c["number"], c["attempt"])
        c["id"] = 100_000 * (index + 1) + np.arange(length(c))
        c["agent"] = self._agent(index, c["local"])
        rated = (
            c["answered"] & ~c["outbound"] & chance.happens(0.22, "call rated", *key)
        )
        mood = 4.45 + 0.85 * chance.normal("call mood", *key)
        mood -= 0.006 * np.minimum(c["wait"], 300) + 0.5 * c["late"] + 0.4 * c["back"]
        c["rating"] = np.where(rated, np.clip(np.floor(mood + 0.5), 1, 5), 0)
        c["rating"] = c["rating"].astype(np.int64)
        c["hidden"] = chance.happens(0.09, "no number", *key)
        # A stranger's number for those who never gave theirs.
        self.writer.table("calls", c)
        dial = f"{text_list(country.dial for country in shop.countries)}[country + 1]"
        phone = (
            f"case when person >= 0 and not hidden "
            f"then {dial} || printf('%09d', digits) end"
        )
        agents = f"{text_list(AGENTS[shop.shop_id])}[agent + 1]"
        queues = f"{text_list(QUEUES)}[queue + 1]"
        if shop.shop_id == "alder_eu":
            clockwise = (
                "printf('%02d:%02d:%02d', {0} // 3600, {0} // 60 % 60, {0} % 60)"
            )
            self.writer.append_csv(
                f"landing/pbx/{shop.shop_id}/call_list.csv",
                CALL_COLUMNS,
                f"""
                select
                    'C' || id,
                    {_LOCAL.format("local", "%H:%M:%S")},
                    case when outbound then 'Outbound' else 'Inbound' end,
                    {queues},
                    coalesce({phone}, 'anonymous'),
                    case when answered then {agents} end,
                    case when answered then 'ANSWERED'
                        when outbound then 'NO ANSWER' else 'ABANDONED' end,
                    {clockwise.format("wait")},
                    case when answered then {clockwise.format("talk")} end,
                    case when rating > 0 then rating end
                from calls order by id
                """,
            )
        else:
            self.writer.append_csv(
                "landing/flat/calls.csv",
                FLAT_CALL_COLUMNS,
                f"""
                select
                    '{shop.shop_id}',
                    id,
                    strftime(make_timestamp(started * 1000000), '%Y-%m-%dT%H:%M:%SZ'),
                    case when outbound then 'outbound' else 'inbound' end,
                    {queues},
                    {phone},
                    case when answered then {agents} end,
                    answered,
                    wait,
                    case when answered then talk end
                from calls order by id
                """,
            )
        return c

    def _answered(self, index: int, c: Table) -> Table:
        """Who got through, after how long; calls refer to their moment `local`."""
        chance = self.chance
        key = (index, c["number"], c["attempt"])
        hour, slow = c["local"] % DAY // HOUR, self._holiday(c["local"] // DAY)
        busy = np.where(np.isin(hour, (10, 11, 15)), 1.5, 1.0)
        busy = np.where(hour >= 18, 4.0, busy)
        wait = 10.5 * busy * slow**0.8 * np.exp(0.95 * chance.normal("wait", *key))
        patience = 8 + chance.waiting(120, "patience", *key)
        out = c["outbound"]
        reached = np.where(out, chance.happens(0.7, "reached", *key), wait <= patience)
        c = dict(c)
        c["answered"] = reached.astype(bool)
        waited = np.where(out, 5 + chance.waiting(12, "rings", *key), wait)
        c["wait"] = np.floor(np.where(reached | out, waited, patience)).astype(np.int64)
        talk = np.exp(5.2 + 0.6 * chance.normal("talk", *key))
        c["talk"] = np.floor(20 + talk).astype(np.int64)
        return c

    # ------------------------------------------------------------------ reviews
    def _reviews(self, index: int, o: Table) -> None:
        chance, shop, end = self.chance, SHOPS[index], self.book.end(index)
        number = o["number"]
        writes = o["known"] & o["placed"] & o["has_email"] & ~o["is_gift"]
        writes &= (o["ship_at"] < NEVER) & ~o["cancelled"]
        share = 0.11 + 0.05 * o["late"] + 0.05 * o["back"]
        rows = np.flatnonzero(writes & chance.happens(share, "review", index, number))
        r = take(o, rows)
        key = (index, r["number"])
        r["written"] = r["ship_at"] + chance.whole(5 * DAY, 26 * DAY, "review at", *key)
        r = take(r, r["written"] <= end)
        if not length(r):
            return
        key = (index, r["number"])
        # Some products are not as good as others; one lamp is a bad one.
        unlucky = r["variant"] % 29 == 11
        upset = chance.happens(
            0.03 + 0.45 * r["late"] + 0.4 * r["back"] + 0.4 * unlucky, "upset", *key
        )
        r["stars"] = 1 + chance.pick_row(STARS, upset.astype(np.int64), "stars", *key)
        r["spam"] = chance.happens(0.008, "spam", *key)
        r["of_shop"] = chance.happens(0.06, "of the shop", *key)
        r = take(r, np.lexsort((r["number"], r["written"])))
        self.writer.table("opinions", r)
        if shop.shop_id == "alder_eu":
            stars = "cast(stars as int)"
            cells = {
                "title": f"quoted({text_list(TITLES)}[{stars}])",
                "body": f"quoted({text_list(BODIES)}[{stars}])",
                "rating": stars,
                "review_date": (
                    "strftime(make_timestamp(written * 1000000), "
                    "'%Y-%m-%d %H:%M:%S UTC')"
                ),
                "source": "'email'",
                "curated": (
                    "case when spam then 'spam' when number % 40 = 0 then 'not-yet' "
                    "else 'ok' end"
                ),
                "reviewer_name": f"split_part({EMAIL_ADDRESS}, '.', 1)",
                "reviewer_email": EMAIL_ADDRESS,
                "product_id": (
                    "case when not of_shop then 8000000000000 + "
                    "cast('0x' || substr(md5(handle), 1, 6) as bigint) end"
                ),
                "product_handle": (
                    "case when of_shop then 'judgeme-shop-reviews' else handle end"
                ),
            }  # fmt: skip
            select = ",\n".join(cells.get(c, "null") for c in JUDGEME_COLUMNS)
            name, columns = (
                f"landing/judgeme/{shop.shop_id}/reviews.csv",
                JUDGEME_COLUMNS,
            )
        else:
            select = f"""
                '{shop.shop_id}',
                'r' || number,
                strftime(make_timestamp(written * 1000000), '%Y-%m-%dT%H:%M:%SZ'),
                stars,
                case when not of_shop then sku end,
                '#' || (1000 + number),
                {EMAIL_ADDRESS}"""
            name, columns = "landing/flat/reviews.csv", REVIEW_COLUMNS
        self.writer.append_csv(
            name,
            columns,
            f"""
            select {select}
            from opinions
            inner join variants_{shop.shop_id} as v using (variant)
            order by written, number
            """,
        )

    # ------------------------------------------------------------------ surveys
    def _nps(self, index: int, o: Table) -> Table:
        """A month after the parcel: would you recommend us?"""
        chance, end = self.chance, self.book.end(index)
        asked = o["known"] & o["placed"] & o["has_email"] & (o["ship_at"] < NEVER)
        answers = asked & chance.happens(0.085, "nps", index, o["number"])
        a = take(o, np.flatnonzero(answers))
        key = (index, a["number"])
        a["answered"] = a["ship_at"] + 30 * DAY
        a["answered"] += (chance.waiting(30, "nps at", *key) * HOUR).astype(np.int64)
        a = take(a, a["answered"] <= end)
        if not length(a):
            return {}
        key = (index, a["number"])
        mood = 8.9 + 1.6 * chance.normal("nps mood", *key)
        mood += 0.9 * a["again"] - 2.2 * a["late"] - 1.8 * a["back"]
        # Whoever asked something in the slow weeks remembers it.
        slow = self._holiday(self.book.shops[index].clock.local(a["answered"]) // DAY)
        mood -= 0.35 * np.minimum(slow - 1, 4)
        a["score"] = np.clip(np.floor(mood + 0.5), 0, 10).astype(np.int64)
        a["is_nps"] = np.ones(length(a), dtype=bool)
        a["call"] = np.zeros(length(a), dtype=np.int64)
        return self._answers(index, a)

    def _after_calls(self, index: int, calls: Table) -> Table:
        """Callers' answers, of a shop whose call list has no column for them."""
        if not length(calls):
            return {}
        a = take(calls, calls["rating"] > 0)
        a["answered"] = np.minimum(a["started"] + a["talk"] + 120, self.book.end(index))
        a["score"], a["call"] = a["rating"], a["id"]
        a["is_nps"] = np.zeros(length(a), dtype=bool)
        return self._answers(index, a)

    @staticmethod
    def _answers(index: int, a: Table) -> Table:
        names = ("number", "person", "first_name", "last_name", "domain", "answered")
        names += ("score", "is_nps", "call")
        return {"shop": np.full(length(a), index), **{name: a[name] for name in names}}

    def _write_answers(self, answers: Table) -> None:
        order = np.lexsort((answers["call"], answers["number"], answers["answered"]))
        self.writer.table("answers", take(answers, order))
        self.writer.append_csv(
            "landing/flat/survey_answers.csv",
            ANSWER_COLUMNS,
            f"""
            select
                {text_list(shop.shop_id for shop in SHOPS)}[shop + 1],
                case when is_nps then 'n' || number else 'c' || call end,
                case when is_nps then 'nps' else 'csat' end,
                strftime(make_timestamp(answered * 1000000), '%Y-%m-%dT%H:%M:%SZ'),
                score,
                case when is_nps then {EMAIL_ADDRESS} end,
                case when is_nps then '#' || (1000 + number) end,
                case when not is_nps then call end
            from answers
            order by answered, number, call
            """,
        )
