"""The warehouse: what is in stock, what comes in, what is counted.

The orders are given; deliveries are planned around them. Most of the time there is
enough. Now and then, above all of best sellers in their season, a supplier is late:
then stock runs out, part deliveries cover what sells, and a few lines are sold that
nobody has. Some slow products were bought for years.

Two systems speak of it: the shop exports its inventory every week, the ERP books every
movement and counts a third of the range a month.
"""

from datetime import date, timedelta

import numpy as np

from warehouse.demo.clock import DAY, day_number
from warehouse.demo.department import Department
from warehouse.demo.table import Table, length, stack
from warehouse.demo.world import CATEGORY_SEASON, GIFT_CARDS, SHOPS

INVENTORY_COLUMNS = [
    "Handle", "Title", "Option1 Name", "Option1 Value", "Option2 Name",
    "Option2 Value", "Option3 Name", "Option3 Value", "SKU", "HS Code", "COO",
    "Location", "Incoming", "Unavailable", "Committed", "Available", "On hand",
]  # fmt: skip
MOVEMENT_COLUMNS = [
    "shop_id", "movement_id", "sku", "moved_at", "kind", "quantity", "unit_cost",
]  # fmt: skip
LEVEL_COLUMNS = ["shop_id", "sku", "location", "system", "stock_date", "on_hand"]
KINDS = ("receipt", "sale", "return", "adjustment")
RECEIPT, SALE, RETURN, ADJUSTMENT = range(4)
HOUSES = {
    "alder_eu": ("Berlin", "Berlin Store"),
    "alder_us": ("Reno", "Portland Store"),
}
# The American ERP lost transfers in that spring.
BAD_COUNTS = ("alder_us", date(2026, 3, 1), date(2026, 4, 30))
FAR = 10_000  # days: no shortage ahead


class Stock(Department):
    """Keeps the stock of both shops; writes Shopify's and the ERP's exports."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.sales: list[list[Table]] = [[] for _ in SHOPS]
        self.returns: list[list[Table]] = [[] for _ in SHOPS]

    def orders(
        self, index: int, month: dict[str, Table], first: date, last: date
    ) -> None:
        """Remember what was sold and what went back to the shelf."""
        o, lines, refunds = month["orders"], month["lines"], month["refunds"]
        if not length(o):
            return
        rows = np.flatnonzero(o["placed"][lines["order"]] & ~lines["is_gift"])
        order = lines["order"][rows]
        self.sales[index].append(
            {
                "variant": lines["variant"][rows],
                "quantity": lines["quantity"][rows],
                "at": o["at"][order],
                "leaves": np.minimum(o["ship_at"], o["cancel_at"])[order],
            }
        )
        if length(refunds):
            rows = np.flatnonzero(refunds["restocked"])
            self.returns[index].append(
                {name: refunds[name][rows] for name in ("variant", "quantity", "at")}
            )

    def finish(self) -> None:
        """Plan both shops' stock and write it down."""
        for index in range(len(SHOPS)):
            self._shop(index)

    # ------------------------------------------------------------------ one shop
    def _shop(self, index: int) -> None:
        sales, returns = stack(self.sales[index]), stack(self.returns[index])
        if not length(sales):
            return
        goods = np.flatnonzero(self.book.variants.category != GIFT_CARDS)
        sold = self._by_day(index, sales, len(goods))
        back = self._by_day(index, returns, len(goods))
        plan = self._plan(index, sold, back)
        self._movements(index, sales, returns, plan)
        self._snapshots(index, sales, plan)
        self._counts(index, plan)

    def _day(self, index: int, at: np.ndarray) -> np.ndarray:
        """Days since the first one, on the shop's wall clock."""
        local = self.book.shops[index].clock.local(at)
        return local // DAY - day_number(self.first)

    def _by_day(self, index: int, table: Table, variants: int) -> np.ndarray:
        """Pieces by day and variant."""
        pieces = np.zeros((self.book.days, variants), dtype=np.int64)
        if length(table):
            day = self._day(index, table["at"])
            np.add.at(pieces, (day, table["variant"]), table["quantity"])
        return pieces

    def _dates(self) -> list[date]:
        return [self.first + timedelta(days=day) for day in range(self.book.days)]

    def _snapshot_days(self) -> np.ndarray:
        """The first day and every Sunday."""
        sundays = [i for i, day in enumerate(self._dates()) if day.weekday() == 6]
        return np.unique([0, *sundays])

    # ------------------------------------------------------------------ the plan
    def _shortages(self, index: int, sold: np.ndarray) -> np.ndarray:
        """When a supplier is late: True by day and variant."""
        days, size = sold.shape
        chance, dates = self.chance, self._dates()
        late = np.zeros((days, size), dtype=bool)
        units = sold.sum(axis=0)
        best = units >= np.quantile(units, 0.88)
        category = self.book.variants.category[:size]
        variant = np.arange(size)
        for start in range(30, days, 45):
            month = dates[start].month
            hot = (CATEGORY_SEASON[month - 1][category] >= 1.2) | (month in (11, 12))
            share = np.where(best & hot, 0.45, 0.15)
            hit = chance.happens(share, "late", index, variant, start)
            begins = start + chance.whole(0, 20, "late since", index, variant, start)
            lasts = chance.whole(10, 30, "late for", index, variant, start)
            for v in np.flatnonzero(hit):
                late[begins[v] : begins[v] + lasts[v], v] = True
        return late

    def _owed_at_the_end(self, sold: np.ndarray, back: np.ndarray) -> np.ndarray:
        """Variants whose last sale, a few days ago, nobody could send."""
        recent = sold[-9:].sum(axis=0) * (back[-12:].sum(axis=0) == 0)
        chosen = np.argsort(-recent, kind="stable")[:3]
        return chosen[recent[chosen] > 0]

    def _plan(
        self, index: int, sold: np.ndarray, back: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Day by day: receipts, losses and closing stock, by day and variant."""
        days, size = sold.shape
        chance = self.chance
        variant = np.arange(size)
        late = self._shortages(index, sold)
        nothing_comes = np.zeros((days, size), dtype=bool)
        for v in self._owed_at_the_end(sold, back):
            last_sale = int(np.flatnonzero(sold[:, v])[-1])
            late[last_sale:, v] = nothing_comes[last_sale:, v] = True
        # Days until the next shortage begins.
        ahead = np.full((days + 1, size), FAR)
        for day in range(days - 1, -1, -1):
            ahead[day] = np.where(late[day], 0, np.minimum(ahead[day + 1] + 1, FAR))
        rate = sold.sum(axis=0) / days
        total = np.vstack([np.zeros(size), np.cumsum(sold, axis=0)])

        def demand(day: int, length_: np.ndarray) -> np.ndarray:
            """Pieces that will be sold from a day on; after the end, as before."""
            upto = np.minimum(day + length_, days)
            return total[upto, variant] - total[day] + rate * (day + length_ - upto)

        safety = np.ceil(rate * 14) + 1
        slow = rate <= np.quantile(rate, 0.05)
        opening = np.ceil(demand(0, np.full(size, 70))) + safety
        hoard = chance.whole(15, 40, "hoard", index, variant)
        level = (opening + np.where(slow, hoard, 0)).astype(np.int64)
        receipts = np.zeros((days, size), dtype=np.int64)
        broken = np.zeros((days, size), dtype=np.int64)
        lost = np.zeros((days, size), dtype=np.int64)
        closing = np.zeros((days, size), dtype=np.int64)
        counted = np.zeros(days, dtype=bool)
        counted[self._snapshot_days()] = True
        for day in range(days):
            cover = chance.whole(40, 80, "cover", index, variant, day)
            until = ahead[day]
            short = until < cover
            cover = np.where(short, np.minimum(until, cover), cover)
            spare = np.where(short, 0, safety)
            near = np.where(short, 0, np.ceil(rate * 5))
            wanted = level < demand(day, np.minimum(cover, 10)) + near
            pack = np.where(rate > 0.1, 10, 5)
            order = np.ceil(demand(day, cover) + spare - level)
            order = np.where(short, order, np.ceil(order / pack) * pack)
            # In a shortage only what sells today comes, if it comes.
            part = np.maximum(sold[day] - level, 0)
            helped = chance.happens(0.78, "part delivery", index, variant, day)
            part = np.where(helped & ~nothing_comes[day], part, 0)
            receipt = np.where(late[day], part, np.where(wanted, order, 0))
            receipts[day] = np.maximum(receipt, 0)
            level = level + receipts[day] - sold[day] + back[day]
            breaks = chance.happens(0.0006, "broken", index, variant, day)
            broken[day] = breaks & (level > 3)
            level = level - broken[day]
            if counted[day] and day:
                gone = chance.happens(0.005, "lost", index, variant, day) & (level > 2)
                found = chance.happens(0.2, "found", index, variant, day)
                lost[day] = np.where(gone, np.where(found, -1, 1), 0)
                level = level - lost[day]
            closing[day] = level
        return {"receipts": receipts, "broken": broken, "closing": closing}

    # ------------------------------------------------------------------ the exports
    def _movements(
        self, index: int, sales: Table, returns: Table, plan: dict[str, np.ndarray]
    ) -> None:
        """The ERP's book of movements, a file a year."""
        clock = self.book.shops[index].clock

        def of_days(pieces: np.ndarray, kind: int, second: int) -> Table:
            day, variant = np.nonzero(pieces)
            return {
                "variant": variant,
                "quantity": pieces[day, variant] * (1 if kind == RECEIPT else -1),
                "at": clock.utc((day_number(self.first) + day) * DAY + second),
                "kind": np.full(len(day), kind),
            }

        def of_table(table: Table, kind: int, sign: int) -> Table:
            if not length(table):
                return {}
            return {
                "variant": table["variant"],
                "quantity": sign * table["quantity"],
                "at": table["at"],
                "kind": np.full(length(table), kind),
            }

        book = stack(
            [
                of_days(plan["receipts"], RECEIPT, 5 * 3600),
                of_table(sales, SALE, -1),
                of_table(returns, RETURN, 1),
                of_days(plan["broken"], ADJUSTMENT, 22 * 3600),
            ]
        )
        order = np.lexsort((book["variant"], book["kind"], book["at"]))
        book = {name: column[order] for name, column in book.items()}
        book["number"] = np.arange(1, length(book) + 1)
        year = np.array([d.year for d in self._dates()])[self._day(index, book["at"])]
        shop = SHOPS[index]
        kinds = " ".join(f"when {i} then '{kind}'" for i, kind in enumerate(KINDS))
        for one in np.unique(year):
            rows = year == one
            self.writer.table("m", {name: c[rows] for name, c in book.items()})
            self.writer.append_csv(
                f"landing/flat/stock_movements_{one}.csv",
                MOVEMENT_COLUMNS,
                f"""
                select
                    '{shop.shop_id}',
                    'M{index + 1}-' || printf('%06d', number),
                    sku,
                    strftime(make_timestamp(m.at * 1000000), '%Y-%m-%dT%H:%M:%SZ'),
                    case kind {kinds} end,
                    quantity,
                    case when kind = {RECEIPT} and cost >= 0
                        then printf('%.2f', cost / 100.0) end
                from m
                inner join variants_{shop.shop_id} as v using (variant)
                order by number
                """,
            )

    def _snapshots(self, index: int, sales: Table, plan: dict[str, np.ndarray]) -> None:
        """Shopify's inventory export of every week, named after its day."""
        shop, (house, store) = SHOPS[index], HOUSES[SHOPS[index].shop_id]
        closing, size = plan["closing"], plan["closing"].shape[1]
        variant = np.arange(size)
        came = np.vstack([np.zeros((1, size)), np.cumsum(plan["receipts"], axis=0)])
        asked = self.chance.happens(0.4, "on order", index, variant)
        rate = came[-1] / len(closing)
        late = np.where(asked & (closing[-1] < 30 * rate), np.ceil(28 * rate), 0)
        for day in self._snapshot_days():
            when = self._dates()[day]
            end = self.book.end(index, when)
            waiting = (sales["at"] <= end) & (sales["leaves"] > end)
            committed = np.bincount(
                sales["variant"][waiting], sales["quantity"][waiting], size
            )
            ordered = came[min(day + 15, len(came) - 1)] - came[day + 1]
            # What will come after the last day is ordered in the last two weeks.
            if day + 15 >= len(came):
                ordered = ordered + late
            aside = self.chance.happens(0.01, "aside", index, variant, day)
            self.writer.table(
                "s",
                {
                    "variant": variant,
                    "incoming": ordered.astype(np.int64),
                    "unavailable": (aside & (closing[day] > 2)).astype(np.int64),
                    "committed": committed.astype(np.int64),
                    "free": closing[day],
                },
            )
            self.writer.append_csv(
                f"landing/shopify/{shop.shop_id}/inventory_export_{when}.csv",
                INVENTORY_COLUMNS,
                f"""
                select
                    handle,
                    title,
                    case when option = '' then 'Title' else 'Size' end,
                    case when option = '' then 'Default Title' else option end,
                    null, null, null, null,
                    sku,
                    case when category in ('clothing', 'footwear') then '6201.40'
                        else '6306.22' end,
                    ['CN', 'VN', 'PT'][variant % 3 + 1],
                    if(is_store, '{store}', '{house} Warehouse') as location,
                    if(is_store, 'not stocked', cast(incoming as varchar)),
                    if(is_store, 'not stocked', cast(unavailable as varchar)),
                    if(is_store, 'not stocked', cast(committed as varchar)),
                    if(is_store, 'not stocked', cast(free - unavailable as varchar)),
                    if(is_store, 'not stocked', cast(free + committed as varchar))
                from s
                inner join variants_{shop.shop_id} as v using (variant)
                cross join (values (false), (true)) as places(is_store)
                where not is_store or variant % 40 = 7
                order by variant, location
                """,
            )

    def _counts(self, index: int, plan: dict[str, np.ndarray]) -> None:
        """What the ERP counted: a third of the range on a month's last Sunday."""
        shop, dates = SHOPS[index], self._dates()
        size = plan["closing"].shape[1]
        variant = np.arange(size)
        for day in self._snapshot_days():
            when = dates[day]
            if (when + timedelta(days=7)).month == when.month or when.weekday() != 6:
                continue
            rows = variant[variant % 3 == when.month % 3]
            where, since, until = BAD_COUNTS
            bad = shop.shop_id == where and since <= when <= until
            off = self.chance.happens(
                0.24 if bad else 0.04, "miscounted", index, rows, day
            )
            wrong = self.chance.whole(1, 3, "by", index, rows, day)
            more = self.chance.happens(0.4, "more", index, rows, day)
            self.writer.table(
                "c",
                {
                    "variant": rows,
                    "on_hand": plan["closing"][day][rows]
                    + np.where(off, np.where(more, wrong, -wrong), 0),
                },
            )
            self.writer.append_csv(
                f"landing/flat/stock_levels_erp_{when.year}.csv",
                LEVEL_COLUMNS,
                f"""
                select '{shop.shop_id}', sku, '{HOUSES[shop.shop_id][0]}', 'erp',
                    '{when}', on_hand
                from c
                inner join variants_{shop.shop_id} as v using (variant)
                order by variant
                """,
            )
