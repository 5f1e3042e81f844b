"""The third shop: an outlet on WooCommerce that sells last season's goods cheaply.

It takes its customers' dice from purposes of its own, so that the two big shops sell
what they would sell without it. Some of its customers are theirs, by e-mail. Its prices
include tax, but its exports, as all of WooCommerce's, write net amounts.
"""

import unicodedata
from datetime import date, timedelta

import numpy as np

from warehouse.demo.clock import DAY, day_number
from warehouse.demo.department import Department
from warehouse.demo.table import Table, length
from warehouse.demo.world import (
    CATEGORIES,
    EMAIL_DOMAINS,
    FIRST_NAMES,
    GIFT_CARDS,
    HOURS,
    LAST_NAMES,
)

SHOP_ID = "alder_outlet"
SHARE = 0.047  # of the European shop's orders: three in a hundred of all
FOLDER = f"landing/woocommerce/{SHOP_ID}"
COUNTRIES = (("AT", 0.20), ("DE", 0.19))
# Status, share, why it is no placed order.
STATES = (
    ("wc-completed", 0.90, ""),
    ("wc-on-hold", 0.02, ""),
    ("wc-cancelled", 0.04, "voided"),
    ("wc-failed", 0.03, "voided"),
    ("wc-checkout-draft", 0.01, "draft"),
)
# What people search who find it: words, clicks a day, position.
SEARCHES = (
    ("alder outlet", 1.4, 1.3),
    ("outdoor outlet", 0.5, 8.5),
    ("last season tents", 0.3, 5.0),
)
SEARCH_COLUMNS = ["shop_id", "date", "query", "clicks", "impressions", "position"]
COUPON, COUPON_SHARE, DISCOUNT = "Outlet10", 0.16, 0.10
SHIPPING, FREE_FROM = 490, 6000  # cents with tax
ORDER_COLUMNS = [
    "order_id", "order_number", "parent_order_id", "order_date", "paid_date",
    "completed_date", "status", "customer_id", "billing_email", "billing_country",
    "payment_method", "currency", "order_subtotal", "order_discount", "order_shipping",
    "order_tax", "order_total", "coupon_codes", "product_id", "sku", "name", "quantity",
    "line_subtotal", "line_total",
]  # fmt: skip
REPORT_COLUMNS = [
    "Datum", "Bestellnr.", "Status", "Kunde", "Kundentyp", "Produkt(e)",
    "Verkaufte Artikel", "Gutschein(e)", "Nettoumsatz",
]  # fmt: skip
PRODUCT_COLUMNS = [
    "ID", "Type", "SKU", "Name", "Published", "Regular price", "Categories",
    "Meta: _wc_cog_cost",
]  # fmt: skip
CUSTOMER_COLUMNS = [
    "Name", "Username", "Last active", "Date registered", "Email", "Orders",
    "Total spend", "AOV", "Country / Region",
]  # fmt: skip


def guarded(cell) -> str:
    """A cell as WooCommerce writes it: no spreadsheet takes it for a formula."""
    text = "" if cell is None else str(cell)
    return f"\t{text}" if text[:1] in ("=", "+", "-", "@") else text


def money(cents: int) -> str:
    """Whole cents as 12.34."""
    return f"{cents / 100:.2f}"


class Outlet(Department):
    """Writes the outlet's exports, and tells the truth about it."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        state, variants = self.book.shops[0], self.book.variants
        self.clock = state.clock
        self.goods = np.flatnonzero(variants.category != GIFT_CARDS)
        self.prices = np.round(state.prices[0] * 0.6 / 100).astype(np.int64) * 100 - 5
        self.costs = state.costs
        self.made: list[dict] = []
        self.own: dict[int, int] = {}  # orders placed by guests of the outlet alone

    # ------------------------------------------------------------------ a month
    def orders(
        self, index: int, month: dict[str, Table], first: date, last: date
    ) -> None:
        if index or not length(month["orders"]):
            return
        o = month["orders"]
        number = round(SHARE * length(o))
        since, until = day_number(first), day_number(last)
        keys = np.arange(number) + len(self.made)
        days = self.chance.whole(since, until, "outlet day", keys)
        hours = self.chance.pick(HOURS, "outlet hour", keys)
        seconds = self.chance.whole(0, 3_599, "outlet second", keys)
        moments = self.clock.utc(days * DAY + hours * 3_600 + seconds)
        shared = self._shared(o)
        made = []
        for key, at in zip(keys.tolist(), moments.tolist(), strict=True):
            person = None
            if len(shared) and self._luck("outlet shared", key) < 0.3:
                person, bought_at = shared.pop()
                wait = 1 + 6 * self._luck("outlet later", key)
                at = bought_at + int(wait * DAY)
                if int(self.clock.local(np.array([at]))[0]) // DAY > until:
                    person, at = None, moments[key - keys[0]].item()
            made.append(self._order(key, at, person))
        # Numbers are given in the order of time.
        made.sort(key=lambda order: order["at"])
        for order in made:
            order["number"] = 1001 + len(self.made)
            order["nth"] = self._nth(order) if order["placed"] else 0
            self.made.append(order)
            self._show(order)

    def _show(self, order: dict) -> None:
        """What WooCommerce Analytics shows: all orders but those given up."""
        if not order["placed"]:
            return
        show = self.truth.dashboards.woocommerce
        day = int(self.clock.local(np.array([order["at"]]))[0]) // DAY
        show(SHOP_ID, day, order["goods"], order["total"], 1)
        if order["refunds"]:
            goods, shipping, tax = self._given_back(order)
            day = int(self.clock.local(np.array([order["back"]]))[0]) // DAY
            show(SHOP_ID, day, -goods, -goods - shipping - tax, 0)

    def _luck(self, purpose: str, *keys: int) -> float:
        return float(self.chance.uniform(purpose, *keys))

    def _shared(self, o: Table) -> list[tuple[int, int]]:
        """Customers of the European shop whose only order this month has an e-mail."""
        person, first, count = np.unique(
            o["person"], return_index=True, return_counts=True
        )
        rows = first[(person >= 0) & (count == 1)]
        rows = rows[o["has_email"][rows] & o["contact"][rows]]
        # Who also buys in America would need both shops' calendars here.
        rows = rows[self.book.people.orders[o["person"][rows], 1] == 0]
        rows = rows[np.argsort(self.chance.bits("outlet who", o["person"][rows]))]
        return list(
            zip(o["person"][rows].tolist(), o["at"][rows].tolist(), strict=True)
        )

    def _nth(self, order: dict) -> int:
        """The customer's how many-th placed order it is, over all shops."""
        person, guest = order["person"], order["guest"]
        if person is None:
            self.own[guest] = self.own.get(guest, 0) + 1
            return self.own[guest]
        elsewhere = self.truth.elsewhere
        elsewhere[person] = elsewhere.get(person, 0) + 1
        return int(self.book.people.placed[person]) + elsewhere[person]

    def _order(self, key: int, at: int, person: int | None) -> dict:
        """One order: who, what, for how much, and what became of it."""
        chance = self.chance
        shares = [share for _, share, _ in STATES]
        status, _, reason = STATES[int(chance.pick(shares, "outlet state", key))]
        if person is not None:
            status, reason = "wc-completed", ""
        country, rate = COUNTRIES[int(self._luck("outlet country", key) < 0.35)]
        has_coupon = self._luck("outlet coupon", key) < COUPON_SHARE
        lines = []
        for line in range(1 + int(self._luck("outlet lines", key) < 0.4)):
            place = int(chance.whole(0, len(self.goods) - 1, "outlet what", key, line))
            variant = int(self.goods[place])
            quantity = 1 + int(self._luck("outlet pieces", key, line) < 0.2)
            gross = int(self.prices[variant]) * quantity
            paid = round(gross * (1 - DISCOUNT)) if has_coupon else gross
            lines.append(
                {
                    "variant": variant,
                    "quantity": quantity,
                    "gross": gross,
                    "paid": paid,
                    "net_gross": round(gross / (1 + rate)),
                    "net": round(paid / (1 + rate)),
                }
            )
        paid = sum(line["paid"] for line in lines)
        shipping = 0 if paid >= FREE_FROM else SHIPPING
        net_shipping = round(shipping / (1 + rate))
        goods = sum(line["net"] for line in lines)
        total = paid + shipping
        order = {
            "key": key,
            "at": at,
            "person": person,
            "guest": key // 4 if self._luck("outlet again", key) < 0.2 else key,
            "country": country,
            "rate": rate,
            "status": status,
            "reason": reason,
            "placed": not reason,
            "lines": lines,
            "coupon": COUPON if has_coupon else None,
            "goods": goods,
            "discount": sum(line["net_gross"] for line in lines) - goods,
            "shipping": net_shipping,
            "tax": total - goods - net_shipping,
            "total": total,
            "method": ("stripe", "paypal", "bacs")[
                2
                if status == "wc-on-hold"
                else int(self._luck("outlet method", key) < 0.35)
            ],
            "refunds": [],
        }
        end = self.book.end(0)
        if status == "wc-completed" and at + 2 * DAY > end:
            order["status"] = "wc-processing"
        if status == "wc-completed" and self._luck("outlet back", key) < 0.11:
            back = at + int((5 + 16 * self._luck("outlet back when", key)) * DAY)
            if back <= end:
                is_whole = self._luck("outlet whole", key) < 0.3
                order["refunds"] = lines if is_whole else lines[:1]
                order["back"] = back
                if is_whole:
                    order["status"] = "wc-refunded"
        return order

    # ------------------------------------------------------------------ the files
    def finish(self) -> None:
        if not self.made:
            return
        refund = 1001 + len(self.made)
        rows: dict[int, list[tuple[int, list]]] = {}
        for order in self.made:
            year = self._local(order["at"])[:4]
            rows.setdefault(int(year), []).extend(self._order_rows(order))
            if order["refunds"]:
                year = self._local(order["back"])[:4]
                found = self._refund_rows(order, refund)
                rows.setdefault(int(year), []).extend(found)
                refund += 1
        for year, lines in sorted(rows.items()):
            self._write(f"orders_export_{year}.csv", ORDER_COLUMNS, lines)
        self._report()
        self._products()
        self._customers()
        self._searches()
        self._tell()

    def _write(self, name: str, header: list[str], lines: list[list]) -> None:
        cells = [[guarded(cell) for cell in line] for line in lines]
        self.writer.csv(f"{FOLDER}/{name}", header, cells)

    def _local(self, at: int) -> str:
        local = int(self.clock.local(np.array([at]))[0])
        day = date(1970, 1, 1) + timedelta(days=local // DAY)
        rest = local % DAY
        return f"{day} {rest // 3600:02d}:{rest % 3600 // 60:02d}:{rest % 60:02d}"

    def _email(self, order: dict) -> str:
        if order["person"] is None:
            return f"outlet.guest{order['guest']}@{EMAIL_DOMAINS[0]}"
        # As the European shop's exports write it, but for the capital.
        details = self.book.people.details(np.array([order["person"]]))
        name = (
            FIRST_NAMES[int(details["first_name"][0])]
            + "."
            + LAST_NAMES[int(details["last_name"][0])]
        )
        plain = unicodedata.normalize("NFKD", name.replace("'", "").replace(" ", ""))
        plain = "".join(c for c in plain if not unicodedata.combining(c))
        domain = EMAIL_DOMAINS[int(details["domain"][0])]
        return f"{plain}{order['person']}@{domain}"

    def _item(self, line: dict) -> list:
        variants = self.book.variants
        title = variants.title[line["variant"]]
        option = variants.option[line["variant"]]
        name = f"{title} - {option}" if option else title
        return [100 + line["variant"], variants.sku[line["variant"]], name]

    def _order_rows(self, order: dict) -> list[list]:
        is_paid = order["placed"] and order["status"] != "wc-on-hold"
        is_sent = order["status"] in ("wc-completed", "wc-refunded")
        at = order["at"]
        head = [
            order["number"], order["number"], None, self._local(at),
            self._local(at + 60) if is_paid else None,
            self._local(at + 2 * DAY - 7_200) if is_sent else None,
            order["status"], 0, self._email(order), order["country"], order["method"],
            "EUR", money(order["goods"] + order["discount"]), money(order["discount"]),
            money(order["shipping"]), money(order["tax"]), money(order["total"]),
            order["coupon"],
        ]  # fmt: skip
        return [
            [
                *head,
                *self._item(line),
                line["quantity"],
                money(line["net_gross"]),
                money(line["net"]),
            ]
            for line in order["lines"]
        ]

    def _given_back(self, order: dict) -> tuple[int, int, int]:
        """Goods and shipping without tax, and the tax, in cents."""
        goods = sum(line["net"] for line in order["refunds"])
        paid = sum(line["paid"] for line in order["refunds"])
        if order["status"] != "wc-refunded":
            return goods, 0, paid - goods
        return goods, order["shipping"], order["total"] - goods - order["shipping"]

    def _refund_rows(self, order: dict, number: int) -> list[list]:
        goods, shipping, tax = self._given_back(order)
        head = [
            number, order["number"], order["number"], self._local(order["back"]), None,
            None, "wc-completed", 0, self._email(order), order["country"],
            order["method"], "EUR", money(-goods), money(0), money(-shipping),
            money(-tax), money(-goods - shipping - tax), None,
        ]  # fmt: skip
        return [
            [
                *head,
                *self._item(line),
                -line["quantity"],
                money(-line["net"]),
                money(-line["net"]),
            ]
            for line in order["refunds"]
        ]

    def _report(self) -> None:
        """The analytics report of the last 60 days, in the language of its reader."""
        since = self.book.end(0) - 60 * DAY
        words = {
            "wc-completed": "Abgeschlossen",
            "wc-processing": "In Bearbeitung",
            "wc-refunded": "Rückerstattet",
            "wc-on-hold": "In Wartestellung",
        }
        lines = []
        for order in self.made:
            rows = [(order["at"], order["lines"], 1)]
            if order["refunds"]:
                rows.append((order["back"], order["refunds"], -1))
            for at, items, sign in rows:
                if at < since or order["status"] not in words:
                    continue
                pieces = sum(line["quantity"] for line in items)
                names = ", ".join(
                    f"{line['quantity']}× {self._item(line)[2]}" for line in items
                )
                lines.append(
                    [
                        self._local(at),
                        order["number"],
                        words[order["status"]],
                        "Gast",
                        "new" if order["nth"] == 1 else "returning",
                        names,
                        sign * pieces,
                        order["coupon"],
                        money(sign * sum(line["net"] for line in items)),
                    ]
                )
        lines.sort(key=lambda line: line[0], reverse=True)
        first, last = self._local(since)[:10], self._local(self.book.end(0))[:10]
        self._write(f"orders_{first}_{last}_interval-day.csv", REPORT_COLUMNS, lines)

    def _products(self) -> None:
        variants = self.book.variants
        lines = []
        for variant in self.goods.tolist():
            number, sku, name = self._item({"variant": variant})
            cost = int(self.costs[variant])
            category = CATEGORIES[variants.category[variant]]
            price = money(int(self.prices[variant]))
            lines.append(
                [
                    number,
                    "simple",
                    sku,
                    name,
                    1,
                    price,
                    f"{category}, Sale",
                    money(cost) if cost >= 0 else None,
                ]
            )
        self._write("wc-product-export.csv", PRODUCT_COLUMNS, lines)

    def _customers(self) -> None:
        people: dict[str, list[dict]] = {}
        for order in self.made:
            if order["placed"]:
                people.setdefault(self._email(order), []).append(order)
        lines = []
        for email, orders in people.items():
            spent = sum(order["total"] for order in orders)
            lines.append(
                [
                    "Gast",
                    None,
                    self._local(orders[-1]["at"]),
                    None,
                    email,
                    len(orders),
                    money(spent),
                    money(round(spent / len(orders))),
                    orders[-1]["country"],
                ]
            )
        self._write("customers.csv", CUSTOMER_COLUMNS, lines)

    # ------------------------------------------------------------------ the truth
    def _searches(self) -> None:
        """What its search engine's tool shows by day, copied into a flat file."""
        lines = []
        for number in range((self.last - self.first).days + 1):
            for key, (words, mean, place) in enumerate(SEARCHES):
                luck = self._luck("outlet searched", number, key)
                clicks = int(mean * 2 * luck + 0.5)
                shown = int(clicks * place**0.9 * 3 + 6 * luck)
                if shown:
                    day = self.first + timedelta(days=number)
                    lines.append([SHOP_ID, day, words, clicks, shown, place])
        self.writer.csv("landing/flat/search_queries.csv", SEARCH_COLUMNS, lines)

    def _tell(self) -> None:
        rows = []
        for order in self.made:
            goods, shipping, tax = self._given_back(order)
            rows.append(
                {
                    "order_name": f"#{order['number']}",
                    "person_id": order["person"],
                    "at": order["at"],
                    "day": int(self.clock.local(np.array([order["at"]]))[0]) // DAY,
                    "placed": order["placed"],
                    "reason": order["reason"],
                    "nth": order["nth"],
                    "units": sum(line["quantity"] for line in order["lines"]),
                    "gross_sales": (order["goods"] + order["discount"]) / 100,
                    "discounts": order["discount"] / 100,
                    "sales": order["goods"] / 100,
                    "shipping": order["shipping"] / 100,
                    "tax": order["tax"] / 100,
                    "total": order["total"] / 100,
                    "cogs": sum(
                        line["quantity"] * max(int(self.costs[line["variant"]]), 0)
                        for line in order["lines"]
                    )
                    / 100,
                    "returns": goods / 100 if order["refunds"] else 0.0,
                    "refunded": (goods + shipping + tax) / 100
                    if order["refunds"]
                    else 0.0,
                    "back": int(self.clock.local(np.array([order["back"]]))[0]) // DAY
                    if order["refunds"]
                    else -1,
                }
            )
        self.truth.other_shop(SHOP_ID, rows)
