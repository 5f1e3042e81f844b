"""Orders: who buys what, how it is paid, what comes back.

`OrderBook.month` makes one shop's orders of one month, as four tables: orders, their
lines, payment transactions and refund rows. Amounts are whole cents of the shop's
currency, moments are UTC seconds.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from warehouse.demo.chance import Chance
from warehouse.demo.clock import DAY, Clock, day_number
from warehouse.demo.people import NOBODY, STAFF, People
from warehouse.demo.table import Table, counter, rank_within, stack, take
from warehouse.demo.world import (
    BROKEN_CHECKOUT,
    CATEGORY_SEASON,
    CATEGORY_SHARE,
    CHANNELS,
    DIRECT,
    EMAIL,
    GIFT_CARDS,
    HOURS,
    RETURN_SHARE,
    SHOPS,
    Variants,
    build_variants,
    demand,
    sale,
    shop_costs,
    shop_prices,
)

NEVER = np.int64(2**62)
PLACES = ("web", "pos", "2329312", "shopify_draft_order", "web")
WEB, POS, APP, DRAFT, TEST = range(5)
METHODS = (
    "shopify_payments",
    "paypal",
    "Klarna",
    "Cash on Delivery (COD)",
    "Bank Deposit",
    "gift_card",
    "cash",
    "(for testing) Bogus Gateway",
    "Marketplace",
    "manual",
)
CARD, PAYPAL, KLARNA, COD, BANK, GIFT, CASH, BOGUS, MARKET, MANUAL = range(10)
NO_METHOD, SPLIT, EDITED = 10, 11, 12
KINDS = ("sale", "authorization", "capture", "void", "refund")
SALE, AUTHORIZATION, CAPTURE, VOID, REFUND = range(5)
STATUSES = ("success", "failure", "pending", "error")
SUCCESS, FAILURE, PENDING, ERROR = range(4)
RETURN_KINDS = ("return", "refused", "cancellation")
RETURNED, REFUSED, CANCELLED = range(3)
# Why an order of the demo shop is out under the default order policy; '' is in.
EXCLUSIONS = (
    "",
    "test",
    "draft",
    "fraud",
    "voided",
    "cancelled_before_payment",
    "gift_card_only",
)


@dataclass
class ShopState:
    """What a shop remembers from one month to the next."""

    clock: Clock
    prices: tuple[np.ndarray, np.ndarray]
    costs: np.ndarray
    daily_orders: np.ndarray
    due: list[list[np.ndarray]]
    waiting: np.ndarray
    last_number: int = 0


def spread(weights: np.ndarray, total) -> np.ndarray:
    """Whole numbers in proportion to the weights that add up to the total.

    Args:
        weights: Of shape (n,), or (…, n) with a total for each row.
        total: A whole number, or an array of shape (…).
    """
    total = np.asarray(total)
    upto = np.cumsum(weights, axis=-1)
    edges = np.floor(upto / upto[..., -1:] * total[..., None] + 0.5).astype(np.int64)
    edges[..., -1] = total
    return np.diff(edges, axis=-1, prepend=0)


class OrderBook:
    """Makes the orders of all shops, month by month.

    Args:
        chance: The draws.
        people: The register of customers, shared by the shops.
        first, last: Range of the shop-local order dates.
        orders: How many orders there are in all, of every kind.
    """

    def __init__(
        self, chance: Chance, people: People, first: date, last: date, orders: int
    ):
        self.chance = chance
        self.people = people
        self.first, self.last = first, last
        self.days = (last - first).days + 1
        self.variants: Variants = build_variants()
        self.shops: list[ShopState] = []
        dates = [first + timedelta(days=i) for i in range(self.days)]
        shares = spread(np.array([shop.share for shop in SHOPS]), orders)
        for index, shop in enumerate(SHOPS):
            weights = np.array([demand(shop, day)[1] for day in dates])
            noise = chance.normal("demand", index, np.arange(self.days))
            weights *= np.exp(0.10 * noise)
            if shop.shop_id == "alder_eu" and first <= BROKEN_CHECKOUT <= last:
                weights[(BROKEN_CHECKOUT - first).days] *= 0.45
            self.shops.append(
                ShopState(
                    Clock(shop.zone, first, last),
                    shop_prices(self.variants, shop),
                    shop_costs(self.variants, shop),
                    spread(weights, int(shares[index])),
                    [[] for _ in range(self.days)],
                    np.zeros(0, dtype=np.int64),
                )
            )

    def end(self, index: int, day: date | None = None) -> int:
        """The last second (UTC) of a shop's local day, of the last one if left out."""
        last = np.array([(day_number(day or self.last) + 1) * DAY - 1])
        return int(self.shops[index].clock.utc(last)[0])

    # ------------------------------------------------------------------ who buys
    def _buyers(self, index: int, day: int) -> np.ndarray:
        """The buyers of one day: known customers who are due, strangers, nobodies."""
        state, chance = self.shops[index], self.chance
        number = int(state.daily_orders[day])
        key = np.arange(number)
        what = chance.uniform("buyer", index, day, key)
        nobody = int((what < 0.012).sum())
        staff = int(((what >= 0.012) & (what < 0.015)).sum())
        due = np.concatenate([state.waiting, *state.due[day]])
        state.due[day] = []
        known = min(len(due), int((number - nobody - staff) * 0.7))
        returning, state.waiting = due[:known], due[known:]
        strangers = number - nobody - staff - known
        if index and self.people.count:
            # A few customers of one shop buy in the other one too.
            visiting = int(
                (
                    chance.uniform("abroad", index, day, np.arange(strangers)) < 0.012
                ).sum()
            )
            abroad = np.unique(
                chance.whole(0, self.people.count - 1, "who", day, np.arange(visiting))
            )
            abroad = np.setdiff1d(abroad, returning)
        else:
            abroad = np.zeros(0, dtype=np.int64)
        new = self.people.add(index, strangers - len(abroad))
        buyers = np.concatenate([returning, abroad, new])
        self._plan_next(index, day, buyers)
        return np.concatenate(
            [buyers, np.full(nobody, NOBODY), np.full(staff, STAFF)]
        ).astype(np.int64)

    def _plan_next(self, index: int, day: int, buyers: np.ndarray) -> None:
        """Who of the buyers will buy again, and when."""
        chance, state = self.chance, self.shops[index]
        before = self.people.orders[buyers, index]
        self.people.orders[buyers, index] += 1
        again = np.array([0.36, 0.50, 0.58, 0.62])[np.minimum(before, 3)]
        buyers_again = buyers[chance.happens(again, "again", index, buyers, before)]
        before = self.people.orders[buyers_again, index]
        normal = chance.normal("gap", index, buyers_again, before)
        gap = np.maximum(2, np.exp(np.log(72) + 0.85 * normal)).astype(np.int64)
        target = day + gap
        inside = target < self.days
        if not inside.any():
            return
        target, buyers_again = target[inside], buyers_again[inside]
        order = np.argsort(target, kind="stable")
        target, buyers_again = target[order], buyers_again[order]
        days, starts = np.unique(target, return_index=True)
        for due, group in zip(days, np.split(buyers_again, starts[1:]), strict=True):
            state.due[due].append(group)

    # ------------------------------------------------------------------ a month
    def month(self, index: int, first: date, last: date) -> dict[str, Table]:
        """The orders of one shop whose local date lies between two days.

        Returns:
            Tables `orders`, `lines` (lines of an order side by side, in order),
            `payments` and `refunds`; the last three refer to orders by `order`, the
            position in `orders`, and by `number`.
        """
        start = (first - self.first).days
        stop = (last - self.first).days + 1
        groups = [self._buyers(index, day) for day in range(start, stop)]
        person = np.concatenate(groups)
        day = np.repeat(np.arange(start, stop), [len(group) for group in groups])
        if not len(person):
            return {"orders": {}, "lines": {}, "payments": {}, "refunds": {}}
        orders = self._frame(index, day, person)
        lines = self._lines(index, orders, first)
        self._discounts(index, orders, lines)
        self._amounts(index, orders, lines)
        self._life(index, orders)
        refunds = self._refunds(index, orders, lines)
        payments = self._payments(index, orders)
        return {
            "orders": orders,
            "lines": lines,
            "payments": payments,
            "refunds": refunds,
        }

    def _frame(self, index: int, day: np.ndarray, person: np.ndarray) -> Table:
        """Moment, person, place, country, device and channel of every order."""
        chance, people, shop, state = (
            self.chance,
            self.people,
            SHOPS[index],
            self.shops[index],
        )
        row = rank_within(day)
        hour = chance.pick(HOURS, "hour", index, day, row)
        second = hour * 3600 + chance.whole(0, 3599, "second", index, day, row)
        local = (day_number(self.first) + day) * DAY + second
        order = np.lexsort((person, local))
        day, person, local = day[order], person[order], local[order]
        number = state.last_number + 1 + np.arange(len(day))
        state.last_number += len(day)
        at = state.clock.utc(local)
        o: Table = {
            "number": number,
            "at": at,
            "day": (state.clock.local(at) // DAY),
            "person": person,
        }
        known = person >= 0
        what = chance.uniform("place", index, number)
        place = np.where(what < shop.pos, POS, WEB)
        place = np.where((what >= 0.03) & (what < 0.045), APP, place)
        place = np.where((what >= 0.045) & (what < 0.052), DRAFT, place)
        can_guest = any(country.cod for country in shop.countries)
        guest = chance.happens(0.35 if can_guest else 0.0, "guest", index, number)
        place = np.where(person == NOBODY, np.where(guest, WEB, POS), place)
        o["place"] = np.where(person == STAFF, TEST, place)
        weights = np.array([country.share for country in shop.countries])
        country = people.country(index, person, weights)
        cod_weights = np.array([c.share if c.cod else 0 for c in shop.countries])
        if can_guest:
            unknown = chance.pick(cod_weights, "guest country", index, number)
            country = np.where((person == NOBODY) & (place == WEB), unknown, country)
        o["country"] = np.where(
            (o["place"] == POS) | ~known & (place != WEB), 0, country
        )
        o["before"] = rank_within(person) + np.where(known, people.placed[person], 0)
        o["is_known"] = known & (o["before"] > 0)

        # The visit: channel by what the channel brings, device by the person.
        share = np.array([c.share * c.conversion for c in CHANNELS])
        returning = np.array([c.known_share * c.conversion**0.5 for c in CHANNELS])
        channel = np.where(
            o["is_known"],
            chance.pick(returning, "channel known", index, number),
            chance.pick(share, "channel new", index, number),
        )
        thursday = (o["day"] + 3) % 7 == 3
        mailed = chance.happens(
            np.where(o["is_known"], 0.16, 0.03), "mail", index, number
        )
        o["channel"] = np.where(thursday & mailed, EMAIL, channel)
        second_device = people.two_devices(person) & chance.happens(
            0.3, "slot", index, number
        )
        o["slot"] = second_device.astype(np.int64)
        o["device"] = people.device(person, o["slot"])
        o["tracked"] = (
            known
            & (o["place"] == WEB)
            & people.consents(person)
            & ~chance.happens(0.025, "ad blocker", index, number)
        )
        o["channel"] = np.where(o["tracked"], o["channel"], DIRECT)
        broken = o["day"] == day_number(BROKEN_CHECKOUT)
        o["failed"] = (
            broken
            & (shop.shop_id == "alder_eu")
            & (o["place"] == WEB)
            & chance.happens(0.9, "failed", index, number)
        )
        phone_only = people.phone_only(person) & known
        sometimes = people.phone_sometimes(person) & chance.happens(
            0.4, "by phone", index, number
        )
        o["has_email"] = known & ~phone_only & ~sometimes | (person == STAFF)
        o["has_phone"] = known & people.has_phone(person)
        return o

    def _lines(self, index: int, o: Table, first: date) -> Table:
        """What is in the orders."""
        chance, state, variants = self.chance, self.shops[index], self.variants
        number = o["number"]
        counts = 1 + chance.pick([0.50, 0.27, 0.14, 0.06, 0.03], "lines", index, number)
        gift_only = chance.happens(0.011, "gift only", index, number) & (
            o["place"] == WEB
        )
        gift_only &= ~o["failed"]
        gift_too = chance.happens(0.004, "gift too", index, number) & (counts > 1)
        counts = np.where(gift_only, 1, counts)
        order = np.repeat(np.arange(len(number)), counts)
        position = counter(counts)
        key = number[order]
        gift = gift_only[order] | (gift_too[order] & (position == 1))
        share = CATEGORY_SHARE * CATEGORY_SEASON[first.month - 1]
        category = chance.pick(share, "category", index, key, position)
        category = np.where(gift, GIFT_CARDS, category)
        # Some products sell far better than others.
        drawn = chance.uniform("variant", index, key, position) ** 1.7
        size = variants.count[category]
        scrambled = np.floor(drawn * size).astype(np.int64) * 7 % size
        variant = variants.first[category] + scrambled
        for back in range(1, 5):  # no variant twice in an order
            earlier = np.r_[np.full(back, -1), variant][: len(variant)]
            same = (position >= back) & (earlier == variant)
            variant = np.where(
                same, variants.first[category] + (scrambled + back) % size, variant
            )
        many = chance.uniform("quantity", index, key, position)
        cheap = np.isin(category, (4, 6))
        quantity = (
            1
            + (many < np.where(cheap, 0.22, 0.035))
            + (many < np.where(cheap, 0.05, 0.0))
        )
        quantity = np.where(gift, 1, quantity)
        old, new = state.prices
        price = np.where(
            o["day"][order] < day_number(date(2026, 1, 1)), old[variant], new[variant]
        )
        o["first_line"] = np.cumsum(counts) - counts
        o["lines"] = counts
        o["gift_only"] = gift_only
        o["has_gift"] = gift_only | gift_too
        return {
            "order": order,
            "number": key,
            "position": position,
            "variant": variant,
            "category": category,
            "is_gift": gift,
            "quantity": quantity,
            "price": price,
            "gross": quantity * price,
            "no_sku": chance.happens(0.004, "no sku", index, key, position) & ~gift,
        }

    def _discounts(self, index: int, o: Table, lines: Table) -> None:
        """Codes and automatic discounts; adds the lines' shares."""
        chance, number = self.chance, o["number"]
        merchandise = np.where(lines["is_gift"], 0, lines["gross"])
        o["merchandise"] = np.add.reduceat(merchandise, o["first_line"])
        what = chance.uniform("discount", index, number)
        code = np.zeros(len(number), dtype=np.int64)
        percent = np.zeros(len(number))
        days = {}
        for day in np.unique(o["day"]):
            offer = sale(date(1970, 1, 1) + timedelta(days=int(day)))
            if offer:
                days[int(day)] = offer
        for day, offer in days.items():
            uses = (o["day"] == day) & (
                what < (0.72 if offer[0].startswith("AUTO") else 0.5)
            )
            code[uses] = CODES.index(offer[0])
            percent[uses] = offer[1]
        usual = code == 0
        welcome = usual & ~o["is_known"] & (what > 0.80)
        thanks = usual & o["is_known"] & (what > 0.76)
        nameless = usual & (what >= 0.755) & (what < 0.76)
        gifted = chance.happens(0.0025, "gifted", index, number) & (o["place"] == WEB)
        for mask, name, share in (
            (welcome, "WELCOME10", 0.10),
            (thanks, "THANKS15", 0.15),
            (nameless, "", 0.12),
            (gifted, "GIFTED100", 1.0),
        ):
            code[mask] = CODES.index(name) if name else 0
            percent[mask] = share
        buys = o["merchandise"] > 0
        percent = np.where(buys & np.isin(o["place"], (WEB, DRAFT)), percent, 0.0)
        o["discount"] = np.floor(o["merchandise"] * percent + 0.5).astype(np.int64)
        o["code"] = np.where(o["discount"] > 0, code, 0)
        o["gifted"] = percent == 1.0
        # Spread over the merchandise so that the cents add up.
        before = np.cumsum(merchandise) - merchandise
        before -= before[o["first_line"]][lines["order"]]
        whole = np.maximum(o["merchandise"], 1)[lines["order"]]
        total = o["discount"][lines["order"]]
        upto = np.floor((before + merchandise) * total / whole + 0.5)
        lines["discount"] = (upto - np.floor(before * total / whole + 0.5)).astype(
            np.int64
        )
        by_line = chance.happens(0.14, "by line", index, number)
        lines["shown_discount"] = np.where(
            by_line[lines["order"]], lines["discount"], 0
        )

    def _amounts(self, index: int, o: Table, lines: Table) -> None:
        """Subtotal, shipping, tax and total."""
        chance, shop, number = self.chance, SHOPS[index], o["number"]
        gross = np.add.reduceat(lines["gross"], o["first_line"])
        o["subtotal"] = gross - o["discount"]
        net = o["merchandise"] - o["discount"]
        rate = np.where(o["country"] == 0, *shop.shipping)
        express = chance.happens(0.05, "express", index, number)
        shipping = np.where(net >= shop.free_shipping, 0, rate) + np.where(
            express, 800, 0
        )
        ships = ~o["gift_only"] & (o["place"] != POS) & ~o["gifted"]
        o["shipping"] = np.where(ships, shipping, 0)
        o["express"] = express & ships
        tax_rate = np.array([c.tax for c in shop.countries])[o["country"]]
        if not shop.prices_include_tax:  # states differ
            state = np.array([0.0888, 0.0, 0.0481, 0.1025, 0.0825, 0.0625])
            city = self._city(index, o)
            tax_rate = np.where(o["country"] == 0, state[city], tax_rate)
        o["tax_rate"] = tax_rate
        if shop.prices_include_tax:
            taxed = net + o["shipping"]
            o["tax"] = np.floor(taxed * tax_rate / (1 + tax_rate) + 0.5).astype(
                np.int64
            )
            o["total"] = o["subtotal"] + o["shipping"]
        else:
            o["tax"] = np.floor(net * tax_rate + 0.5).astype(np.int64)
            o["total"] = o["subtotal"] + o["shipping"] + o["tax"]
        o["edited"] = (
            chance.happens(0.0015, "edited", index, number)
            & (o["total"] > 2000)
            & (o["place"] == WEB)
            & ~o["failed"]
        )
        # After an edit the parts do not add up: shipping was waived on the total only.
        o["waived"] = np.where(o["edited"], np.minimum(o["total"] - 100, 495), 0)
        o["total"] = o["total"] - o["waived"]

    def _city(self, index: int, o: Table) -> np.ndarray:
        """The buyer's city, as a position in the country's cities."""
        sizes = np.array([len(c.cities) for c in SHOPS[index].countries])[o["country"]]
        drawn = self.chance.uniform("city", o["person"], o["country"])
        return np.floor(drawn * sizes).astype(np.int64)

    def _life(self, index: int, o: Table) -> None:
        """How it is paid, shipped, cancelled; whether it is placed."""
        chance, shop, number = self.chance, SHOPS[index], o["number"]
        o["city"] = self._city(index, o)
        o["failed"] &= o["total"] > 0
        cod = np.array([c.cod for c in shop.countries])[o["country"]]
        bank = np.array([c.bank for c in shop.countries])[o["country"]]
        what = chance.uniform("method", index, number)
        rest = chance.pick([0.58, 0.28, 0.14], "online method", index, number)
        method = np.where(rest == 0, CARD, np.where(rest == 1, PAYPAL, KLARNA))
        if shop.country == "US":
            method = np.where(method == KLARNA, CARD, method)
        method = np.where(what < cod, COD, method)
        method = np.where((what >= cod) & (what < cod + bank), BANK, method)
        method = np.where(what > 0.994, GIFT, method)
        method = np.where(
            (what > 0.984) & (what <= 0.994) & (o["total"] > 3000), SPLIT, method
        )
        guest = (o["person"] == NOBODY) & (o["place"] == WEB)
        method = np.where(guest, COD, method)
        method = np.where(o["has_gift"] & (method == COD), CARD, method)
        method = np.where(o["edited"], EDITED, method)
        method = np.where(o["failed"], CARD, method)
        till = np.where(what < 0.45, CASH, CARD)
        for place, other in (
            (POS, till),
            (APP, MARKET),
            (DRAFT, MANUAL),
            (TEST, BOGUS),
        ):
            method = np.where(o["place"] == place, other, method)
        o["method"] = np.where(o["total"] == 0, NO_METHOD, method)
        method = o["method"]

        at = o["at"]
        online = np.isin(method, (CARD, PAYPAL, KLARNA))
        hours = lambda low, high, purpose: (  # noqa: E731
            chance.whole(low * 3600, high * 3600, purpose, index, number)
        )
        o["fraud"] = (
            online & chance.happens(0.003, "fraud", index, number) & (o["place"] == WEB)
        )
        voided = (
            online
            & chance.happens(0.005, "voided", index, number)
            & (o["place"] == WEB)
        )
        unpaid = (method == BANK) & chance.happens(0.18, "unpaid", index, number)
        cod_off = (method == COD) & chance.happens(0.03, "cod off", index, number)
        settled = np.isin(method, (CARD, PAYPAL, BANK)) & (o["place"] == WEB)
        regret = settled & chance.happens(0.018, "regret", index, number)
        clean = ~(
            o["fraud"] | o["failed"] | voided | unpaid | o["has_gift"] | o["edited"]
        )
        regret &= clean
        voided &= ~o["fraud"] & ~o["failed"] & ~o["has_gift"]
        o["fraud"] &= ~o["failed"] & ~o["has_gift"]
        o["voided"] = voided | unpaid | o["failed"] | o["fraud"]
        o["unpaid"] = unpaid
        o["cancelled_after"] = regret
        o["cancelled_before"] = cod_off
        o["authorized_first"] = (method == KLARNA) | (
            (method == CARD)
            & chance.happens(0.2, "manual capture", index, number)
            & (o["place"] == WEB)
        )
        o["authorized_first"] |= (voided & ~unpaid) | o["fraud"]
        o["authorized_first"] &= ~regret & ~o["failed"]

        waits = hours(20, 110, "transfer")
        cancel = np.full(len(at), NEVER)
        cancel = np.where(unpaid, at + 8 * DAY, cancel)
        cancel = np.where(o["failed"], at + 3600, cancel)
        cancel = np.where(o["fraud"], at + hours(2, 10, "fraud found"), cancel)
        cancel = np.where(voided & (cancel == NEVER), at + hours(3, 30, "void"), cancel)
        cancel = np.where(cod_off, at + hours(2, 20, "cod call"), cancel)
        cancel = np.where(
            regret,
            at + np.where(method == BANK, waits, 0) + hours(1, 40, "regret at"),
            cancel,
        )
        o["cancel_at"] = cancel
        ships = at + hours(10, 70, "packing") + np.where(method == BANK, waits, 0)
        ships = np.where((o["place"] == POS) | o["gift_only"], at + 60, ships)
        o["ship_at"] = np.where(cancel < NEVER, NEVER, ships)
        paid = at + 1
        paid = np.where(method == BANK, at + waits, paid)
        paid = np.where(method == MANUAL, at + hours(1, 60, "invoice"), paid)
        paid = np.where(o["authorized_first"], o["ship_at"], paid)
        # Some drafts are quotations that nobody ever pays.
        quoted = (method == MANUAL) & chance.happens(0.3, "quoted", index, number)
        never = o["voided"] | (method == COD) | quoted
        o["pay_at"] = np.where(never, NEVER, paid)

        # What has not happened by the last day is not known yet.
        end = self.end(index)
        over = cancel <= end
        exclusion = np.zeros(len(at), dtype=np.int64)
        for mask, reason in (
            (o["gift_only"], "gift_card_only"),
            (o["cancelled_before"] & over, "cancelled_before_payment"),
            (o["voided"] & over, "voided"),
            (o["fraud"] & over, "fraud"),
            ((o["place"] == DRAFT) & (o["pay_at"] > end), "draft"),
            (o["place"] == TEST, "test"),
        ):
            exclusion = np.where(mask, EXCLUSIONS.index(reason), exclusion)
        o["exclusion"] = exclusion
        o["placed"] = exclusion == 0

    # ------------------------------------------------------------------ what comes back
    def _refunds(self, index: int, o: Table, lines: Table) -> Table:
        """One row per returned line; also sets the orders' refunded amounts."""
        chance, shop, number = self.chance, SHOPS[index], o["number"]
        key, position, order = lines["number"], lines["position"], lines["order"]
        ready = o["placed"] & (o["ship_at"] < NEVER) & ~o["edited"]
        online = ready & (o["method"] != COD) & (o["total"] > 0)
        refused = (
            ready
            & (o["method"] == COD)
            & chance.happens(0.13, "refused", index, number)
        )
        share = RETURN_SHARE[lines["category"]] * np.where(online, 1.0, 0.0)[order]
        comes_back = chance.happens(share, "return", index, key, position)
        cancelled = o["cancelled_after"]
        every = (refused | cancelled)[order] & ~lines["is_gift"]
        rows = np.flatnonzero(comes_back | every)
        if not len(rows):
            o["refunded"] = np.zeros(len(number), dtype=np.int64)
            o["goodwill"] = np.zeros(len(number), dtype=np.int64)
            o["refund_at"] = np.full(len(number), NEVER)
            o["goodwill_at"] = np.full(len(number), NEVER)
            return {}
        r = {"order": order[rows], "number": key[rows], "line": rows}
        r["no_sku"] = lines["no_sku"][rows]
        r["variant"], r["category"] = lines["variant"][rows], lines["category"][rows]
        r["kind"] = np.where(
            cancelled[r["order"]],
            CANCELLED,
            np.where(refused[r["order"]], REFUSED, RETURNED),
        )
        back = lines["quantity"][rows]
        some = 1 + np.floor(
            chance.uniform("how many", index, r["number"], position[rows]) * back
        ).astype(np.int64)
        whole = (r["kind"] != RETURNED) | (some >= back)
        r["quantity"] = np.where(whole, back, some)
        net = lines["gross"][rows] - lines["discount"][rows]
        net = np.where(whole, net, net * r["quantity"] // np.maximum(back, 1))
        on = r["order"]
        goods = np.maximum(o["merchandise"] - o["discount"], 1)
        if shop.prices_include_tax:
            # The export's own share of tax in the order, gift cards and all.
            base = np.maximum(o["subtotal"] + o["shipping"], 1)
            tax_share = o["tax"] / base
            tax = np.floor(net * tax_share[on] + 0.5).astype(np.int64)
            r["amount"], r["tax"] = net - tax, tax
        else:
            r["amount"] = net
            r["tax"] = np.floor(net * (o["tax"] / goods)[on] + 0.5).astype(np.int64)
        # Shipping comes back with a cancelled or refused order, and sometimes with a
        # return of everything.
        first_row = np.r_[True, on[1:] != on[:-1]]
        returned_net = np.bincount(on, net, len(number))
        all_back = np.isclose(returned_net, o["merchandise"] - o["discount"])
        kind_sure = r["kind"] != RETURNED
        kindly = chance.happens(0.5, "shipping back", index, r["number"])
        ship_back = first_row & all_back[on] & (kind_sure | kindly)
        shipping = np.where(ship_back, o["shipping"][on], 0)
        if shop.prices_include_tax:
            ship_tax = np.floor(shipping * tax_share[on] + 0.5).astype(np.int64)
        else:
            ship_tax = np.zeros(len(on), dtype=np.int64)
        r["shipping"] = shipping - ship_tax
        r["tax"] = r["tax"] + ship_tax
        # Rounding: what is refunded in full is refunded to the cent.
        given = np.bincount(on, r["amount"] + r["tax"] + r["shipping"], len(number))
        full = all_back & (np.bincount(on, ship_back, len(number)) > 0)
        gap = np.where(full & ~o["has_gift"], o["total"] - given, 0).astype(np.int64)
        gap = np.where(np.abs(gap) <= 5, gap, 0)
        r["tax"] = r["tax"] + np.where(first_row, gap[on], 0)

        days = 3 + np.minimum(chance.waiting(9, "return after", index, r["number"]), 27)
        late = np.minimum(o["ship_at"][on], NEVER - 10**9) + (days * DAY).astype(
            np.int64
        )
        door = o["ship_at"][on] + chance.whole(5, 12, "door", index, r["number"]) * DAY
        at = np.where(r["kind"] == REFUSED, door, late)
        r["at"] = np.where(r["kind"] == CANCELLED, o["cancel_at"][on], at)
        r["restocked"] = chance.happens(
            np.where(r["kind"] == RETURNED, 0.86, 1.0),
            "restock",
            index,
            r["number"],
            position[rows],
        )
        size = np.isin(r["category"], (2, 3))
        reason = chance.pick(
            [0.05, 0.05, 0.4, 0.2, 0.2, 0.1],
            "reason",
            index,
            r["number"],
            position[rows],
        )
        fits = chance.pick(
            [0.4, 0.28, 0.16, 0.06, 0.06, 0.04],
            "reason",
            index,
            r["number"],
            position[rows],
        )
        r["reason"] = np.where(size, fits, reason)
        end = self.end(index)
        r = take(r, r["at"] <= end)  # nothing is known of what has not happened yet
        on = r["order"]
        money = np.where(
            r["kind"] == REFUSED, 0, r["amount"] + r["tax"] + r["shipping"]
        )
        o["refunded"] = np.bincount(on, money, len(number)).astype(np.int64)
        o["refund_at"] = np.full(len(number), NEVER)
        paid_back = r["kind"] != REFUSED
        o["refund_at"][on[paid_back]] = r["at"][paid_back]
        # A little money back without goods: no report knows its date.
        kind_shop = online & ~cancelled & (o["refunded"] == 0) & ~o["has_gift"]
        kind_shop &= chance.happens(0.006, "goodwill", index, number)
        goodwill_at = o["ship_at"] + chance.whole(
            DAY, 6 * DAY, "goodwill at", index, number
        )
        kind_shop &= (goodwill_at <= end) & (goodwill_at < NEVER)
        o["goodwill"] = np.where(
            kind_shop, np.floor(o["total"] * 0.1).astype(np.int64), 0
        )
        o["goodwill_at"] = np.where(kind_shop, goodwill_at, NEVER)
        return r

    # ------------------------------------------------------------------ money moves
    def _payments(self, index: int, o: Table) -> Table:
        """Every attempt to move money, in order of time."""
        chance, number, method, at = self.chance, o["number"], o["method"], o["at"]
        parts: list[Table] = []

        def add(mask, kind, status, gateway, moment, amount):
            rows = np.flatnonzero(mask)
            pick = lambda value: np.broadcast_to(value, len(number))[rows]  # noqa: E731
            parts.append(
                {
                    "order": rows,
                    "number": number[rows],
                    "kind": np.full(len(rows), kind),
                    "status": pick(status).astype(np.int64),
                    "gateway": pick(gateway).astype(np.int64),
                    "at": pick(moment).astype(np.int64),
                    "amount": pick(amount).astype(np.int64),
                }
            )

        total = o["total"]
        online = np.isin(method, (CARD, PAYPAL, KLARNA, SPLIT)) & (o["place"] == WEB)
        main = np.where(method == SPLIT, CARD, method)
        first_kind = np.where(o["authorized_first"], AUTHORIZATION, SALE)
        drawn = chance.uniform("tries", index, number)
        tries = (drawn < 0.085).astype(np.int64) + (drawn < 0.02)
        tries = np.where(o["failed"], 2 + (drawn < 0.5), tries)
        for attempt in range(3):
            for kind in (SALE, AUTHORIZATION):
                bad = chance.happens(0.1, "error", index, number, attempt)
                moment = at - 75 * (tries - attempt) - 7
                moment = np.where(o["failed"], at + 80 * attempt, moment)
                add(
                    online & (tries > attempt) & (first_kind == kind),
                    kind,
                    np.where(bad, ERROR, FAILURE),
                    main,
                    moment,
                    total,
                )
        works = ~o["failed"] & (total > 0)
        gift_part = np.where(method == SPLIT, np.minimum(2500, total - 500), 0)
        add(works & (method == SPLIT), SALE, SUCCESS, GIFT, at, gift_part)
        instant = np.isin(
            method, (CARD, PAYPAL, KLARNA, SPLIT, GIFT, CASH, BOGUS, MARKET)
        )
        add(
            works & instant & ~o["authorized_first"],
            SALE,
            SUCCESS,
            main,
            at,
            total - gift_part,
        )
        add(works & o["authorized_first"], AUTHORIZATION, SUCCESS, main, at, total)
        captured = works & o["authorized_first"] & (o["pay_at"] < NEVER)
        add(captured, CAPTURE, SUCCESS, main, o["pay_at"], total)
        later = np.isin(method, (COD, BANK, MANUAL))
        add(works & later, SALE, PENDING, main, at, total)
        add(
            works & np.isin(method, (BANK, MANUAL)) & (o["pay_at"] < NEVER),
            SALE,
            SUCCESS,
            main,
            o["pay_at"],
            total,
        )
        # Edited orders: most was paid at once, a part by hand a day later.
        by_hand = np.minimum(total // 4, 3000)
        add(works & (method == EDITED), SALE, SUCCESS, CARD, at, total - by_hand)
        add(works & (method == EDITED), SALE, SUCCESS, MANUAL, at + DAY, by_hand)
        void = works & o["voided"] & o["authorized_first"]
        add(void, VOID, SUCCESS, main, o["cancel_at"], total)
        main = np.where(method == EDITED, CARD, main)
        add(o["refunded"] > 0, REFUND, SUCCESS, main, o["refund_at"], o["refunded"])
        add(o["goodwill"] > 0, REFUND, SUCCESS, main, o["goodwill_at"], o["goodwill"])
        table = stack(parts)
        if not table:
            return {}
        order = np.lexsort((table["kind"], table["number"], table["at"]))
        return take(table, order)


CODES = (
    "",
    "AUTOMATIC DISCOUNTS",
    "WELCOME10",
    "THANKS15",
    "GIFTED100",
    "SUMMER15",
    "WINTER20",
    "SPRING10",
)
