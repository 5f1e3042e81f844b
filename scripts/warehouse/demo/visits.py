"""Visits and their events.

`VisitBook` plans the visits that orders need (the buying visit, research before it,
browsing after it), adds strangers, robots and the shop's own people, and gives them out
month by month. `events` turns visits into the events that a browser would send.
"""

from datetime import date, timedelta

import numpy as np

from warehouse.demo.clock import DAY, day_number
from warehouse.demo.orders import OrderBook
from warehouse.demo.table import Table, counter, length, rank_within, stack, take
from warehouse.demo.world import (
    BROKEN_CHECKOUT,
    CATEGORY_SEASON,
    CATEGORY_SHARE,
    CHANNELS,
    DIRECT,
    EMAIL,
    FAILED_CAMPAIGN,
    HOURS,
    PAID_SOCIAL,
    REFERRAL,
    SHOPS,
    SPAM,
    build_origins,
    demand,
    newsletter_days,
)

# Why a visit happens.
(
    STRANGER,
    BUYS,
    FILLS_CART,
    RESEARCH,
    BROWSES,
    FAILS,
    RELOADS,
    LURED,
    LOST,
    ROBOT,
    STAFF,
) = range(11)
EVENTS = (
    "session_start",
    "first_visit",
    "page_view",
    "view_item",
    "add_to_cart",
    "remove_from_cart",
    "begin_checkout",
    "add_payment_info",
    "purchase",
    "sign_up",
    "generate_lead",
    "user_engagement",
)
(
    START,
    FIRST,
    PAGE,
    VIEW,
    ADD,
    REMOVE,
    CHECKOUT,
    PAYMENT_INFO,
    PURCHASE,
    SIGN_UP,
    LEAD,
    ENGAGEMENT,
) = range(12)
PAGES = (
    "home",
    "collection",
    "product",
    "cart",
    "checkout",
    "thanks",
    "search",
    "probe",
)
HOME, COLLECTION, PRODUCT, CART, CHECKOUT_PAGE, THANKS, SEARCH, PROBE = range(8)
STRANGER_BIT = np.uint64(1) << np.uint64(62)

_COLUMNS = (
    "at",
    "why",
    "visitor",
    "person",
    "slot",
    "session_number",
    "channel",
    "origin",
    "device",
    "country",
    "order",
    "length",
)


def _visits(**columns) -> Table:
    """A table of visits; columns that are left out get their neutral value."""
    size = len(columns["at"])
    neutral = {
        "person": -1,
        "slot": 0,
        "session_number": 0,
        "origin": -1,
        "order": -1,
        "length": -1,
        "country": 0,
    }
    table = {}
    for name in _COLUMNS:
        value = columns.get(name, neutral.get(name))
        dtype = np.uint64 if name == "visitor" else np.int64
        table[name] = np.broadcast_to(np.asarray(value, dtype=dtype), size).copy()
    return table


class VisitBook:
    """Makes the visits of all shops, month by month.

    Args:
        book: The orders' maker: visits share its people, draws and clocks.
        sessions_per_order: Tracked visits for each order, on average.
    """

    def __init__(self, book: OrderBook, sessions_per_order: float):
        self.book = book
        self.chance, self.people = book.chance, book.people
        self.first, self.last, self.days = book.first, book.last, book.days
        self.origins = [build_origins(shop, self.first, self.last) for shop in SHOPS]
        self.letters = newsletter_days(self.first, self.last)
        # With few visits an order, those around orders go first.
        self.around = float(np.clip((sessions_per_order - 1) / 6, 0, 1))
        self._planned: list[dict[tuple[int, int], list[Table]]] = [{} for _ in SHOPS]
        self._strangers = [0] * len(SHOPS)
        dates = [self.first + timedelta(days=i) for i in range(self.days)]
        self.daily: list[np.ndarray] = []  # strangers' first visits a day
        for index, shop in enumerate(SHOPS):
            weights = np.array([demand(shop, day)[0] for day in dates])
            weights *= np.exp(
                0.06 * self.chance.normal("visits", index, np.arange(self.days))
            )
            orders = book.shops[index].daily_orders.sum()
            wanted = orders * (sessions_per_order * 0.965 - 0.87 - 1.9 * self.around)
            total = max(0.0, wanted) / 1.33
            exact = weights / weights.sum() * total
            extra = self.chance.uniform("birth", index, np.arange(self.days))
            self.daily.append(np.floor(exact + extra).astype(np.int64))

    # ------------------------------------------------------------------ planning
    def _plan(self, index: int, visits: Table) -> None:
        """Remember visits under the month in which they will begin."""
        if not length(visits):
            return
        clock = self.book.shops[index].clock
        day = clock.local(visits["at"]) // DAY - day_number(self.first)
        visits, day = take(visits, (day >= 0) & (day < self.days)), day
        day = day[(day >= 0) & (day < self.days)]
        if not len(day):
            return
        months = (
            (np.datetime64(self.first) + day).astype("datetime64[M]").astype(np.int64)
        )
        for month in np.unique(months):
            key = (1970 + int(month) // 12, int(month) % 12 + 1)
            self._planned[index].setdefault(key, []).append(
                take(visits, months == month)
            )

    def plan(self, index: int, orders: Table) -> None:
        """Plan the visits around a month's orders."""
        if not length(orders):
            return
        chance, people = self.chance, self.people
        o = take(orders, orders["tracked"])
        number, person, at = o["number"], o["person"], o["at"]
        cart_before = chance.happens(
            0.16 * (self.around > 0), "cart before", index, number
        )
        cart_before &= ~o["failed"]
        stay = np.where(
            cart_before,
            chance.whole(90, 420, "stay", index, number),
            chance.whole(240, 1500, "stay", index, number),
        )
        why = np.where(o["failed"], FAILS, BUYS)
        shared = {"person": person, "country": o["country"]}
        # `order` carries the order's number; its lines are the products of the visit.
        self._plan(
            index,
            _visits(
                at=at - stay,
                why=why,
                visitor=self._visitor(person, o["slot"]),
                slot=o["slot"],
                channel=o["channel"],
                device=o["device"],
                order=number,
                length=stay,
                **shared,
            ),
        )
        # The cart was filled the day before, half of the time on the other device.
        rows = np.flatnonzero(cart_before)
        two = people.two_devices(person[rows])
        other = two & chance.happens(0.6, "other device", index, number[rows])
        slot = np.where(other, 1 - o["slot"][rows], o["slot"][rows])
        back = chance.whole(3 * 3600, 22 * 3600, "cart lag", index, number[rows])
        self._plan(
            index,
            _visits(
                at=at[rows] - back,
                why=FILLS_CART,
                visitor=self._visitor(person[rows], slot),
                slot=slot,
                channel=self._channel(index, number[rows], "cart"),
                device=people.device(person[rows], slot),
                order=number[rows],
                person=person[rows],
                country=o["country"][rows],
            ),
        )
        # Research in the weeks before.
        many = chance.pick([0.42, 0.30, 0.17, 0.11], "research", index, number)
        many = np.where(chance.happens(self.around, "some", index, number), many, 0)
        rows, nth = np.repeat(np.arange(len(number)), many), counter(many)
        key = number[rows]
        lag = 2 * 3600 + chance.waiting(5 * DAY, "lag", index, key, nth)
        lag = np.minimum(lag, 25 * DAY).astype(np.int64) + 24 * 3600 * cart_before[rows]
        slot = people.two_devices(person[rows]) & chance.happens(
            0.45, "slot2", index, key, nth
        )
        slot = slot.astype(np.int64)
        self._plan(
            index,
            _visits(
                at=at[rows] - lag,
                why=RESEARCH,
                visitor=self._visitor(person[rows], slot),
                slot=slot,
                channel=self._channel(index, key, "research", nth),
                device=people.device(person[rows], slot),
                person=person[rows],
                country=o["country"][rows],
            ),
        )
        # Browsing afterwards, often through the newsletter.
        many = chance.pick([0.40, 0.27, 0.18, 0.15], "browse", index, number)
        many = np.where(chance.happens(self.around, "some2", index, number), many, 0)
        rows, nth = np.repeat(np.arange(len(number)), many), counter(many)
        key = number[rows]
        lag = DAY + np.minimum(
            chance.waiting(45 * DAY, "lag2", index, key, nth), 200 * DAY
        )
        when = at[rows] + lag.astype(np.int64)
        known = np.array([channel.known_share for channel in CHANNELS])
        channel = chance.pick(known, "browse channel", index, key, nth)
        reader = people.accepts_marketing(person[rows])
        channel = np.where((channel == EMAIL) & ~reader, DIRECT, channel)
        # Letters are read on the Thursday they come, or a day or two later.
        weekday = (when // DAY + 3) % 7
        wait = np.floor(chance.waiting(0.7, "read", index, key, nth)).astype(np.int64)
        shift = (3 - weekday) % 7 + np.minimum(wait, 3)
        when = when + np.where(channel == EMAIL, shift * DAY, 0)
        slot = people.two_devices(person[rows]) & chance.happens(
            0.4, "slot3", index, key, nth
        )
        slot = slot.astype(np.int64)
        self._plan(
            index,
            _visits(
                at=when,
                why=BROWSES,
                visitor=self._visitor(person[rows], slot),
                slot=slot,
                channel=channel,
                device=people.device(person[rows], slot),
                person=person[rows],
                country=o["country"][rows],
            ),
        )
        # The thank-you page opened again a day later sends the purchase a second time.
        again = chance.happens(0.004, "reload later", index, number) & (why == BUYS)
        rows = np.flatnonzero(again)
        later = at[rows] + chance.whole(
            18 * 3600, 30 * 3600, "later", index, number[rows]
        )
        self._plan(
            index,
            _visits(
                at=later,
                why=RELOADS,
                visitor=self._visitor(person[rows], o["slot"][rows]),
                slot=o["slot"][rows],
                channel=DIRECT,
                device=o["device"][rows],
                order=number[rows],
                person=person[rows],
                country=o["country"][rows],
                length=20,
            ),
        )

    def _visitor(self, person: np.ndarray, slot: np.ndarray) -> np.ndarray:
        return person.astype(np.uint64) * np.uint64(4) + slot.astype(np.uint64)

    def _channel(self, index: int, key: np.ndarray, what: str, nth=0) -> np.ndarray:
        """Channels of visits before an order: much research, little direct."""
        weights = np.array([c.share * c.conversion**0.3 for c in CHANNELS])
        return self.chance.pick(weights, f"{what} channel", index, key, nth)

    # ------------------------------------------------------------------ strangers
    def _moments(self, index: int, day: np.ndarray, *key) -> np.ndarray:
        """UTC moments on days counted from the first one."""
        hour = self.chance.pick(HOURS, "visit hour", index, day, *key)
        second = self.chance.whole(0, 3599, "visit second", index, day, *key)
        local = (day_number(self.first) + day) * DAY + hour * 3600 + second
        return self.book.shops[index].clock.utc(local)

    def _crowd(self, index: int, start: int, stop: int) -> None:
        """Plan the visits of strangers who come first between two days."""
        chance, shop = self.chance, SHOPS[index]
        counts = self.daily[index][start:stop]
        day = np.repeat(np.arange(start, stop), counts)
        born = self._strangers[index] + np.arange(len(day))
        self._strangers[index] += len(day)
        visitor = (
            STRANGER_BIT + born.astype(np.uint64) * np.uint64(8) + np.uint64(index)
        )
        share = np.array([channel.share for channel in CHANNELS])
        channel = chance.pick(share, "channel", visitor)
        # Meta brings phones, everything else a mix.
        phone = np.array([0.84 if "social" in c.channel_id else 0.58 for c in CHANNELS])
        what = chance.uniform("device", visitor)
        mobile = phone[channel]
        device = np.where(what < mobile, 0, np.where(what < mobile + 0.05, 2, 1))
        weights = np.array([country.share for country in shop.countries])
        country = chance.pick(weights, "from", visitor)
        shared = {"visitor": visitor, "device": device, "country": country}
        at = self._moments(index, day, born)
        self._plan(
            index,
            _visits(at=at, why=STRANGER, session_number=1, channel=channel, **shared),
        )
        many = chance.pick([0.77, 0.16, 0.05, 0.02], "more", visitor)
        when = at.copy()
        for nth in range(1, 4):
            gap = 2 * 3600 + chance.waiting(6 * DAY, "again", visitor, nth).astype(
                np.int64
            )
            when = when + gap
            rows = many >= nth
            direct = chance.happens(0.4, "direct again", visitor, nth)
            follow = np.where(direct, DIRECT, channel)
            self._plan(
                index,
                take(
                    _visits(
                        at=when,
                        why=STRANGER,
                        session_number=nth + 1,
                        channel=follow,
                        **shared,
                    ),
                    rows,
                ),
            )

    def _others(self, index: int, start: int, stop: int) -> None:
        """Plan robots, the shop's own people, and what goes wrong."""
        chance, shop = self.chance, SHOPS[index]
        days = np.arange(start, stop)
        crowd = self.daily[index][start:stop]
        robots = (crowd * 0.022 + chance.uniform("robots", index, days)).astype(int)
        day, key = np.repeat(days, robots), counter(robots)
        visitor = chance.bits("robot", index, day, key) >> np.uint64(2)
        visitor |= np.uint64(1) << np.uint64(63)
        spam = chance.whole(0, len(SPAM), "spam", visitor)
        self._plan(
            index,
            _visits(
                at=self._moments(index, day, key),
                why=ROBOT,
                visitor=visitor,
                session_number=1,
                device=1,
                channel=np.where(spam < len(SPAM), REFERRAL, DIRECT),
                origin=np.where(spam < len(SPAM), self.origins[index].spam + spam, -1),
            ),
        )
        works = (day_number(self.first) + days + 3) % 7 < 5
        staff = works * (crowd * 0.008 + chance.uniform("staff", index, days))
        staff = staff.astype(int)
        day, key = np.repeat(days, staff), counter(staff)
        who = chance.whole(0, 5, "which staff", index, day, key)
        visitor = (np.uint64(3) << np.uint64(61)) + who.astype(np.uint64) * np.uint64(8)
        self._plan(
            index,
            _visits(
                at=self._moments(index, day, key + 7),
                why=STAFF,
                visitor=visitor + np.uint64(index),
                channel=DIRECT,
                device=1,
                session_number=day + 2,
            ),
        )
        for day in days:
            today = self.first + timedelta(days=int(day))
            if shop.shop_id != "alder_eu":
                continue
            if FAILED_CAMPAIGN[0] <= today <= FAILED_CAMPAIGN[1]:
                lured = int(self.daily[index][day] * 0.42)
                self._stray(index, day, lured, LURED)
            if today == BROKEN_CHECKOUT:
                lost = int(self.book.shops[index].daily_orders[day] * 1.3)
                self._stray(index, day, lost, LOST)

    def _stray(self, index: int, day: int, number: int, why: int) -> None:
        key = np.arange(number)
        born = self._strangers[index] + key
        self._strangers[index] += number
        visitor = (
            STRANGER_BIT + born.astype(np.uint64) * np.uint64(8) + np.uint64(index)
        )
        share = np.array([channel.share for channel in CHANNELS])
        channel = self.chance.pick(share, "channel", visitor)
        lured = why == LURED
        self._plan(
            index,
            _visits(
                at=self._moments(index, np.full(number, day), born),
                why=why,
                visitor=visitor,
                session_number=1,
                channel=np.full(number, PAID_SOCIAL) if lured else channel,
                origin=self.origins[index].failed if lured else -1,
                device=self.chance.pick([0.86, 0.1, 0.04], "device", visitor),
                country=self.chance.pick([0.8, 0.2], "from", visitor),
            ),
        )

    # ------------------------------------------------------------------ a month
    def month(self, index: int, first: date, last: date) -> Table:
        """The visits of one shop that begin between two local days, in order of time.

        The orders of this month and of the next one have to be planned before.
        """
        start, stop = (first - self.first).days, (last - self.first).days + 1
        self._crowd(index, start, stop)
        self._others(index, start, stop)
        v = stack(self._planned[index].pop((first.year, first.month), []))
        if not v:
            return {}
        v = take(v, np.lexsort((v["visitor"], v["at"])))
        people, chance = self.people, self.chance
        # Customers' visits are numbered as they come.
        rows = np.flatnonzero(v["person"] >= 0)
        person, slot = v["person"][rows], v["slot"][rows]
        rank = rank_within(v["visitor"][rows])
        v["session_number"][rows] = people.visits[person, slot] + rank + 1
        np.add.at(people.visits, (person, slot), 1)
        v["day"] = self.book.shops[index].clock.local(v["at"]) // DAY
        key = v["visitor"]
        number = v["session_number"]
        v["key"] = chance.bits("visit", index, key, v["at"])
        # Which address exactly.
        origins = self.origins[index]
        free = v["origin"] < 0
        origin = origins.first[v["channel"]].copy()
        for channel, weights in enumerate(origins.weights):
            here = v["channel"] == channel
            drawn = chance.pick(weights, "origin", key[here], number[here])
            if channel == EMAIL:
                week = (v["day"][here] - day_number(self.letters[0])) // 7
                drawn = np.where(
                    drawn == 2, 2 + np.clip(week, 0, len(self.letters) - 1), drawn
                )
            origin[here] += drawn
        v["origin"] = np.where(free, origin, v["origin"])
        # What the visitor does.
        bounce = np.array([channel.bounce for channel in CHANNELS])[v["channel"]]
        bounce = bounce + np.where(v["device"] == 0, 0.04, -0.03)
        for why, share in (
            (BUYS, 0),
            (FILLS_CART, 0),
            (FAILS, 0),
            (LOST, 0),
            (RELOADS, 1),
            (ROBOT, 1),
            (LURED, 0.9),
            (RESEARCH, 0.1),
            (BROWSES, 0.22),
            (STAFF, 0.1),
        ):
            bounce = np.where(v["why"] == why, share, bounce)
        v["bounces"] = chance.happens(bounce, "bounce", v["key"])
        stay = np.exp(4.6 + 0.9 * chance.normal("length", v["key"]))
        stay = np.clip(stay, 12, 3000).astype(np.int64)
        buying = np.isin(v["why"], (FAILS, LOST, FILLS_CART))
        stay = np.where(buying, np.maximum(stay, 300), stay)
        # Most of those who leave at once leave within ten seconds.
        glance = chance.whole(0, 9, "glance", v["key"])
        stay = np.where(v["bounces"], glance, stay)
        v["length"] = np.where(v["length"] >= 0, v["length"], stay)
        # A purchase makes a visit an engaged one, however short it is.
        v["engaged"] = ~v["bounces"] | (v["why"] == RELOADS)
        account = people.has_account(v["person"]) & (v["person"] >= 0)
        known = people.placed[np.maximum(v["person"], 0)] > 0
        late = np.isin(v["why"], (BROWSES, RELOADS))
        v["logged_in"] = account & late & chance.happens(0.5, "log in", v["key"])
        v["logs_in"] = account & (v["why"] == BUYS)
        v["logged_in"] |= (
            v["logs_in"] & known & chance.happens(0.4, "stays in", v["key"])
        )
        v["counted"] = ~np.isin(v["why"], (ROBOT, STAFF))
        return v

    # ------------------------------------------------------------------ events
    def events(self, index: int, v: Table, lines: Table, starts: Table) -> Table:
        """The events of visits.

        Args:
            index: Position of the shop.
            v: Visits, as `month` gave them.
            lines: Lines of all orders that the visits refer to.
            starts: `number` (first order number in `lines`, one element), and
                `first_line` and `lines`, position and count of each order's lines.

        Returns:
            Events in the order of visit and time: `visit` (position in v), `name`, `at`
            (microseconds), `page`, `variant` (-1: none), `quantity`, `price`, `order`
            (number, -1: none), `engaged_ms`.
        """
        chance, state = self.chance, self.book.shops[index]
        size = length(v)
        everyone = np.arange(size)
        parts: list[Table] = []

        def add(visit, name, place, page=HOME, variant=-1, quantity=0, order=-1):
            visit = np.asarray(visit)
            part = {"visit": visit}
            for column, value in (
                ("name", name),
                ("place", place),
                ("page", page),
                ("variant", variant),
                ("quantity", quantity),
                ("order", order),
            ):
                part[column] = np.broadcast_to(np.asarray(value, np.int64), len(visit))
            parts.append(part)

        key, why, stays = v["key"], v["why"], ~v["bounces"]
        buys, fills, fails = why == BUYS, why == FILLS_CART, why == FAILS
        ordering = buys | fills | fails
        landing = chance.pick([0.34, 0.26, 0.40], "landing", key)
        landing = np.where(why == RELOADS, THANKS, landing)
        landing = np.where((why == ROBOT) & (v["channel"] == DIRECT), PROBE, landing)
        v["landing"] = landing
        month = (date(1970, 1, 1) + timedelta(days=int(v["day"][-1]))).month - 1
        share = CATEGORY_SHARE * CATEGORY_SEASON[month]
        interest = self._product(index, share, key, 0)
        v["landing_variant"] = np.where(landing == PRODUCT, interest, -1)
        opened = np.flatnonzero(v["session_number"] == 1)
        shown = v["landing_variant"]
        add(everyone, START, 0, landing, shown)
        add(opened, FIRST, 1, landing[opened], shown[opened])
        add(everyone, PAGE, 2, landing, shown)
        onproduct = stays & (landing == PRODUCT) & ~ordering
        add(np.flatnonzero(onproduct), VIEW, 3, PRODUCT, interest[onproduct], 1)
        # A bounce on a product page has seen the product, too.
        seen = ~stays & (landing == PRODUCT) & (why != ROBOT)
        add(np.flatnonzero(seen), VIEW, 3, PRODUCT, interest[seen], 1)

        # Looking around.
        extra = np.minimum(chance.waiting(0.8, "extra", key), 8).astype(np.int64)
        extra = np.where(stays, extra + (landing != PRODUCT), 0)
        extra = np.where(buys & (v["length"] < 240), 0, extra)
        rows, nth = np.repeat(everyone, extra), counter(extra)
        page = chance.pick([0.15, 0.7, 0.15], "page", key[rows], nth)
        add(rows, PAGE, 10 + 10 * nth, np.where(page == 2, SEARCH, page))
        looks = stays & ~ordering & chance.happens(0.52, "looks", key)
        looks |= (why == LOST) | (why == RESEARCH) & stays
        views = np.where(
            looks, 1 + np.minimum(chance.waiting(0.75, "views", key), 6), 0
        )
        views = np.where(
            ordering & stays, np.minimum(chance.waiting(0.7, "more", key), 3), views
        )
        views = views.astype(np.int64)
        views = np.where(buys & (v["length"] < 240), 0, views)
        rows, nth = np.repeat(everyone, views), counter(views)
        variant = self._product(index, share, key[rows], nth + 1)
        add(rows, PAGE, 14 + 10 * nth, PRODUCT, variant)
        add(rows, VIEW, 15 + 10 * nth, PRODUCT, variant, 1)

        # Carts of those who do not buy (now).
        device = np.array([0.26, 0.37, 0.30])[v["device"]]
        quality = np.array([c.conversion**0.5 for c in CHANNELS])[v["channel"]]
        share_adds = np.where(why == RESEARCH, 0.16, device * quality)
        share_adds = np.where(why == LURED, 0.05, share_adds)
        adds = (views > 0) & ~ordering & chance.happens(share_adds, "adds", key)
        adds |= why == LOST
        here = adds[rows] & ((nth == 0) | chance.happens(0.3, "second", key[rows], nth))
        add(rows[here], ADD, 16 + 10 * nth[here], PRODUCT, variant[here], 1)
        drops = (
            here & chance.happens(0.12, "drops", key[rows], nth) & (why[rows] != LOST)
        )
        add(rows[drops], REMOVE, 400 + nth[drops], CART, variant[drops], 1)
        checks = adds & (chance.happens(0.36, "checks", key) | (why == LOST))
        pays = checks & (chance.happens(0.42, "pays", key) | (why == LOST))

        # Orders and the carts they come from.
        fast = np.isin(why, (BUYS, FAILS)) & (v["length"] < 240)
        wants = np.flatnonzero(ordering | (why == RELOADS))
        numbers = v["order"][wants] - starts["number"][0]
        many = starts["lines"][numbers]
        from_line = np.repeat(starts["first_line"][numbers], many) + counter(many)
        visit, nth = np.repeat(wants, many), counter(many)
        variant, quantity = lines["variant"][from_line], lines["quantity"][from_line]
        # Those who come to pay for yesterday's cart do not fill it again.
        fresh = ~fast[visit] & (why[visit] != RELOADS)
        add(visit[fresh], PAGE, 100 + 10 * nth[fresh], PRODUCT, variant[fresh])
        add(visit[fresh], VIEW, 101 + 10 * nth[fresh], PRODUCT, variant[fresh], 1)
        add(
            visit[fresh],
            ADD,
            102 + 10 * nth[fresh],
            PRODUCT,
            variant[fresh],
            quantity[fresh],
        )
        add(np.flatnonzero(fast), PAGE, 390, CART)
        begun = np.flatnonzero(checks | buys | fails)
        begun_late = np.flatnonzero(fills & chance.happens(0.35, "almost", key))
        began = np.concatenate([begun, begun_late])
        add(began, PAGE, 500, CHECKOUT_PAGE)
        add(began, CHECKOUT, 501, CHECKOUT_PAGE)
        add(np.flatnonzero(pays | buys | fails), PAYMENT_INFO, 510, CHECKOUT_PAGE)
        done = np.flatnonzero(buys)
        add(done, PAGE, 599, THANKS)
        add(done, PURCHASE, 600, THANKS, order=v["order"][done])
        twice = np.flatnonzero(buys & chance.happens(0.008, "twice", key))
        add(twice, PURCHASE, 601, THANKS, order=v["order"][twice])
        again = np.flatnonzero(why == RELOADS)
        add(again, PURCHASE, 601, THANKS, order=v["order"][again])
        v["buys"] = np.isin(why, (BUYS, RELOADS))
        joins = stays & ~ordering & chance.happens(0.008, "joins", key) & v["counted"]
        add(np.flatnonzero(joins), SIGN_UP, 700, HOME)
        lead = stays & chance.happens(0.02, "lead", key) & v["counted"] & ~buys
        add(np.flatnonzero(lead), LEAD, 701, HOME)
        long = stays & (v["length"] >= 200) & ~buys
        add(np.flatnonzero(long), ENGAGEMENT, 900, HOME)

        e = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
        e = take(e, np.lexsort((e["name"], e["place"], e["visit"])))
        # Even steps through the visit; the purchase comes last, at the order's moment.
        counts = np.bincount(e["visit"], minlength=size)
        firsts = np.cumsum(counts) - counts
        nth = np.arange(len(e["visit"])) - firsts[e["visit"]]
        opening = np.where(v["session_number"] == 1, 2, 1)
        step = np.maximum(nth - opening[e["visit"]], 0)
        # A purchase sent twice follows the first by half a minute.
        after = e["place"] == 601
        twin = np.zeros(size, dtype=np.int64)
        twin[twice] = 1
        whole = np.maximum(counts - 1 - opening - twin, 1)[e["visit"]]
        length_ms = v["length"][e["visit"]] * 1_000_000
        part = np.minimum(step / whole, 1.0)
        e["at"] = v["at"][e["visit"]] * 1_000_000 + (part * length_ms).astype(np.int64)
        e["at"] += np.where(after & buys[e["visit"]], 31_000_000, 0)
        gap = np.r_[0, np.diff(e["at"])] // 1000
        e["engaged_ms"] = np.where(nth == 0, 0, np.clip(gap * 0.8, 0, 240_000)).astype(
            np.int64
        )
        v["ends"] = np.maximum.reduceat(e["at"], firsts)
        sent = e["name"] == PURCHASE
        v["purchase_from"] = np.full(size, np.iinfo(np.int64).max)
        v["purchase_to"] = np.zeros(size, dtype=np.int64)
        np.minimum.at(v["purchase_from"], e["visit"][sent], e["at"][sent])
        np.maximum.at(v["purchase_to"], e["visit"][sent], e["at"][sent])
        robots = why[e["visit"]] == ROBOT
        e["engaged_ms"] = np.where(robots, 0, e["engaged_ms"])
        e["nth"] = nth
        prices = state.prices[int(v["day"][0] >= day_number(date(2026, 1, 1)))]
        e["price"] = np.where(e["variant"] >= 0, prices[np.maximum(e["variant"], 0)], 0)
        # Products in checkouts and purchases are lists: here as positions in lines.
        e["checkout_lines"] = np.where(
            np.isin(e["name"], (CHECKOUT, PAYMENT_INFO, PURCHASE)),
            v["order"][e["visit"]],
            -1,
        )
        for name, column in (
            ("views", VIEW),
            ("adds", ADD),
            ("checks", CHECKOUT),
            ("purchases", PURCHASE),
            ("pages", PAGE),
            ("pays", PAYMENT_INFO),
        ):
            v[name] = np.bincount(e["visit"][e["name"] == column], minlength=size)
        v["engaged_ms"] = np.bincount(e["visit"], e["engaged_ms"], size).astype(
            np.int64
        )
        return e

    def _product(
        self, index: int, share: np.ndarray, key: np.ndarray, nth
    ) -> np.ndarray:
        """Products that visitors look at, popular ones more often."""
        chance, variants = self.chance, self.book.variants
        category = chance.pick(share, "looks at", key, nth)
        size = variants.count[category]
        drawn = chance.uniform("which", key, nth) ** 1.7
        return (
            variants.first[category]
            + np.floor(drawn * size).astype(np.int64) * 7 % size
        )
