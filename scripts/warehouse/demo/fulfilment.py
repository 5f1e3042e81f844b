"""The demo shop's warehouse: parcels from confirmation to the door, and hours worked.

The shop in Europe keeps one row a parcel. The one in America writes labels with
ShipStation, and has scanners in the warehouse and a carrier that report each step.
Moments of dispatch and refusals are those of the orders.
"""

from datetime import date, timedelta

import numpy as np

from warehouse.demo.clock import DAY, day_number
from warehouse.demo.department import Department
from warehouse.demo.orders import BANK, COD, NEVER, POS, REFUSED, TEST
from warehouse.demo.table import Table, length, take
from warehouse.demo.world import SHOPS
from warehouse.demo.write import text_list

# Who brings it, by shop: share of the parcels, and how slow against the others.
CARRIERS = {
    "alder_eu": (("DHL", 0.62, 1.0), ("DPD", 0.24, 1.08), ("GLS", 0.14, 1.25)),
    "alder_us": (("UPS", 0.48, 0.95), ("USPS", 0.37, 1.15), ("FedEx", 0.15, 0.9)),
}
WAREHOUSES = {"alder_eu": "Berlin", "alder_us": "Reno"}
# Median days on the way, and days promised from the order on, by country.
JOURNEY = {
    "DE": (1.5, 5), "AT": (2.2, 6), "FR": (2.5, 7), "NL": (2.0, 6), "IT": (3.4, 9),
    "ES": (3.6, 9), "PL": (2.8, 7), "US": (3.0, 8), "CA": (5.0, 12),
}  # fmt: skip
# Name, speed against the plan, and whether only hired for the weeks before Christmas.
PICKERS = {
    "alder_eu": (
        ("Jana Krüger", 1.06, False), ("Murat Demir", 1.0, False),
        ("Ole Petersen", 0.91, False), ("Lena Vogt", 0.72, True),
        ("Tim Scholz", 0.68, True),
    ),
    "alder_us": (
        ("Maria Lopez", 1.05, False), ("Dwayne Carter", 0.94, False),
        ("Ashley Brooks", 0.7, True),
    ),
}  # fmt: skip
AGENTS = {
    "alder_eu": (("Sabine Roth", 1.04), ("Clara Weiss", 0.96)),
    "alder_us": (("Kevin Ortiz", 1.0),),
}
PICKED_AN_HOUR, ANSWERED_AN_HOUR = 12.0, 5.0
ORDERS_A_CONTACT = 6.0

PARCEL_COLUMNS = [
    "shop_id", "parcel_id", "order_id", "tracking_number", "carrier", "warehouse",
    "country", "confirmed_at", "pick_started_at", "packed_at", "dispatched_at",
    "promised_date", "delivered_at", "refused_at", "returned_to_stock_at",
]  # fmt: skip
EVENT_COLUMNS = [
    "shop_id", "parcel_id", "order_id", "event", "happened_at", "carrier", "warehouse",
    "promised_date",
]  # fmt: skip
SHIPMENT_COLUMNS = [
    "Order - Number", "Date - Shipped Date", "Shipment - Carrier",
    "Shipment - Tracking Number", "Ship To - Country",
]  # fmt: skip
STAFF_COLUMNS = [
    "shop_id", "person", "team", "work_date", "hours", "output", "target_output",
]  # fmt: skip
EVENTS = ("confirmed", "pick_started", "packed", "delivered")


class Warehouse(Department):
    """Parcels of what is sent, and the timesheets of pickers and agents."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        days = (self.last - self.first).days + 1
        # Orders packed and orders placed, by shop and local day.
        self.packed = np.zeros((len(SHOPS), days))
        self.placed = np.zeros((len(SHOPS), days))

    def orders(
        self, index: int, month: dict[str, Table], first: date, last: date
    ) -> None:
        o = month["orders"]
        if not length(o):
            return
        start = day_number(self.first)
        np.add.at(self.placed[index], np.maximum(o["day"] - start, 0), 1)
        refused_at = np.full(length(o), NEVER)
        refunds = month["refunds"]
        if length(refunds):
            door = refunds["kind"] == REFUSED
            refused_at[refunds["order"][door]] = refunds["at"][door]
        sent = (
            (o["ship_at"] < NEVER) & ~np.isin(o["place"], (POS, TEST)) & ~o["gift_only"]
        )
        if not sent.any():
            return
        parcels = self._parcels(index, take(o, sent), refused_at[sent])
        self._count(index, parcels)
        if SHOPS[index].shop_id == "alder_eu":
            self._whole_rows(index, parcels)
        else:
            self._labels(index, parcels)
            self._scans(index, parcels)

    # ------------------------------------------------------------------ parcels
    def _parcels(self, index: int, o: Table, refund_at: np.ndarray) -> Table:
        """One row a parcel, with the moments of its steps; NEVER for none."""
        chance, shop, clock = self.chance, SHOPS[index], self.book.shops[index].clock
        number = o["number"]
        split = chance.happens(0.09, "split", index, number) & (o["lines"] > 1)
        row = np.repeat(np.arange(len(number)), 1 + split)
        part = np.r_[0, row[1:] == row[:-1]].astype(np.int64)
        number, at, ship = number[row], o["at"][row], o["ship_at"][row]
        key = (index, number, part)

        # The day shift confirms; cash on delivery is confirmed by telephone.
        paid = np.where((o["method"] == BANK) & (o["pay_at"] < NEVER), o["pay_at"], 0)
        begin = np.maximum(paid[row], at)
        local = clock.local(begin)
        hour = local % DAY / 3600
        opens = np.where(hour < 8, 8 - hour, np.where(hour >= 19, 32 - hour, 0))
        by_phone = o["method"][row] == COD
        takes = np.where(
            by_phone,
            chance.waiting(3.5, "call first", index, number),
            0.05 + chance.waiting(0.7, "look first", index, number),
        )
        confirmed = begin + np.minimum(
            (opens + takes) * 3600, 0.6 * (ship - begin)
        ).astype(np.int64)

        # Packed some hours before the carrier comes; a second parcel waits for goods.
        dispatched = ship + part * chance.whole(DAY, 3 * DAY, "rest", *key)
        slack = (ship - confirmed) * 0.3
        waits = np.minimum(chance.waiting(5400, "van", *key), slack)
        packed = dispatched - 4000 - waits.astype(np.int64)
        busy = self._is_busy(clock.local(packed) // DAY)
        minutes = 4 + 1.8 * o["lines"][row] + chance.waiting(3.5, "pick", *key)
        minutes *= np.where(busy, 1.35, 1.0)
        picked = packed - np.minimum(minutes * 60, 3000).astype(np.int64)

        # On the way: by country and carrier, slower in the fortnight before Christmas.
        codes = np.array([country.code for country in shop.countries])
        median = np.array([JOURNEY[code][0] for code in codes])[o["country"]][row]
        promise = np.array([JOURNEY[code][1] for code in codes])[o["country"]][row]
        carriers = CARRIERS[shop.shop_id]
        carrier = chance.pick([c[1] for c in carriers], "carrier", index, number)
        slow = np.array([c[2] for c in carriers])[carrier]
        days = median * slow * np.exp(0.38 * chance.normal("way", *key))
        express = o["express"][row]
        days = np.where(express, 0.45 * days, days)
        days = np.where(self._is_late(clock.local(dispatched) // DAY), 2.1 * days, days)
        arrives = clock.local(dispatched) + (days * DAY).astype(np.int64)
        knocks = 9 * 3600 + chance.whole(0, 10 * 3600, "knock", *key)
        arrives = arrives // DAY * DAY + knocks
        early = arrives < clock.local(dispatched) + 6 * 3600
        arrives += early * DAY
        arrives += ((arrives // DAY + 3) % 7 == 6) * DAY  # nobody brings it on Sunday
        delivered = clock.utc(arrives)

        # Some are lost and written off; refused ones go back.
        lost = chance.happens(0.003, "lost", *key)
        refused = (
            o["placed"]
            & ~o["edited"]
            & (o["method"] == COD)
            & chance.happens(0.13, "refused", index, o["number"])
        )[row]
        back = refund_at[row]
        door = np.where(back < NEVER, back - 30 * 3600, NEVER)
        never = np.int64(NEVER)
        return {
            "number": number,
            "part": part,
            "country": o["country"][row],
            "carrier": carrier,
            "order_day": o["day"][row],
            "promised": o["day"][row] + np.where(express, promise // 2, promise),
            "tracking": chance.whole(10**11, 10**12 - 1, "tracking", *key),
            "confirmed": confirmed,
            "pick_started": picked,
            "packed": packed,
            "dispatched": dispatched,
            "delivered": np.where(lost | refused, never, delivered),
            "refused": np.where(refused, np.maximum(door, dispatched + 3600), never),
            "returned": np.where(refused & (back < NEVER), back - 3600, never),
        }

    @staticmethod
    def _is_busy(day: np.ndarray) -> np.ndarray:
        """Local days of the rush from Black Friday to Christmas."""
        return Warehouse._between(day, (11, 24), (12, 22))

    @staticmethod
    def _is_late(day: np.ndarray) -> np.ndarray:
        """Local days of the fortnight in which the carriers cannot keep up."""
        return Warehouse._between(day, (12, 8), (12, 22))

    @staticmethod
    def _between(day: np.ndarray, since: tuple, until: tuple) -> np.ndarray:
        inside = np.zeros(len(day), dtype=bool)
        for year in range(2024, 2030):
            first, last = date(year, *since), date(year, *until)
            inside |= (day >= day_number(first)) & (day <= day_number(last))
        return inside

    def _count(self, index: int, parcels: Table) -> None:
        """Orders packed by local day, for the timesheets."""
        end = self.book.end(index)
        done = (parcels["packed"] <= end) & (parcels["part"] == 0)
        day = self.book.shops[index].clock.local(parcels["packed"][done]) // DAY
        np.add.at(self.packed[index], day - day_number(self.first), 1)

    # ------------------------------------------------------------------ their files
    def _known(self, index: int, column: str) -> str:
        """A moment as ISO text in UTC, empty while it has not happened."""
        return (
            f"case when {column} <= {self.book.end(index)} then "
            f"strftime(make_timestamp({column} * 1000000), '%Y-%m-%dT%H:%M:%SZ') end"
        )

    def _look(self, index: int, parcels: Table) -> dict[str, str]:
        """Registers the parcels as `f`; SQL of what the files share."""
        shop = SHOPS[index]
        self.writer.table("f", parcels)
        carriers = text_list(c[0] for c in CARRIERS[shop.shop_id])
        countries = text_list(c.code for c in shop.countries)
        return {
            "shop": f"'{shop.shop_id}'",
            "carrier": f"{carriers}[carrier + 1]",
            "country": f"{countries}[country + 1]",
            "warehouse": f"'{WAREHOUSES[shop.shop_id]}'",
            "promised": "date '1970-01-01' + cast(promised as integer)",
        }

    def _whole_rows(self, index: int, parcels: Table) -> None:
        """Europe: parcels.csv, one row a parcel."""
        end = self.book.end(index)
        look = self._look(index, take(parcels, parcels["confirmed"] <= end))
        steps = ("confirmed", "pick_started", "packed", "dispatched")
        after = ("delivered", "refused", "returned")
        self.writer.append_csv(
            "landing/flat/parcels.csv",
            PARCEL_COLUMNS,
            f"""
            select {look["shop"]}, 'P' || (1000 + number) || '-' || (part + 1),
                1000 + number, case when dispatched <= {end} then tracking end,
                {look["carrier"]}, {look["warehouse"]}, {look["country"]},
                {", ".join(self._known(index, step) for step in steps)},
                {look["promised"]},
                {", ".join(self._known(index, step) for step in after)}
            from f order by number, part
            """,
        )

    def _labels(self, index: int, parcels: Table) -> None:
        """America: the shipments export, on the shop's own clock."""
        shop, clock = SHOPS[index], self.book.shops[index].clock
        sent = take(parcels, parcels["dispatched"] <= self.book.end(index))
        if not length(sent):
            return
        sent["local"] = clock.local(sent["dispatched"])
        look = self._look(index, sent)
        self.writer.append_csv(
            f"landing/shipstation/{shop.shop_id}/shipments_export.csv",
            SHIPMENT_COLUMNS,
            f"""
            select 1000 + number,
                strftime(make_timestamp(local * 1000000), '%-m/%-d/%Y %-I:%M:%S %p'),
                {look["carrier"]}, tracking, {look["country"]}
            from f order by local, number, part
            """,
        )

    def _scans(self, index: int, parcels: Table) -> None:
        """America: parcel_events.csv, one row a scan, by tracking number."""
        look = self._look(index, parcels)
        rows = " union all ".join(
            f"select number, part, order_day, {place} as place, '{step}' as event, "
            f"{step} as moment, tracking, carrier, promised from f"
            for place, step in enumerate(EVENTS)
        )
        self.writer.append_csv(
            "landing/flat/parcel_events.csv",
            EVENT_COLUMNS,
            f"""
            select {look["shop"]}, tracking, 1000 + number, event,
                strftime(make_timestamp(moment * 1000000), '%Y-%m-%dT%H:%M:%SZ'),
                case when event = 'delivered' then {look["carrier"]} end,
                case when event <> 'delivered' then {look["warehouse"]} end,
                case when event = 'confirmed' then {look["promised"]} end
            from ({rows}) where moment <= {self.book.end(index)}
            order by number, part, place
            """,
        )

    # ------------------------------------------------------------------ timesheets
    def finish(self) -> None:
        lines = []
        for index, shop in enumerate(SHOPS):
            days = np.arange(self.packed.shape[1])
            noise = self.chance.uniform("shift", index, days)
            week = np.convolve(self.placed[index], np.full(7, 1 / 7))[: len(days)]
            for day in days:
                when = self.first + timedelta(days=int(day))
                lines += self._picking(index, shop.shop_id, when, day, noise[day])
                lines += self._support(index, shop.shop_id, when, week[day], noise[day])
        cells = [[line[place] for line in lines] for place in range(len(STAFF_COLUMNS))]
        self.writer.keep("timesheets", dict(zip("abcdefg", cells, strict=True)))
        self.writer.append_csv(
            "landing/flat/staff_hours.csv", STAFF_COLUMNS, "from timesheets"
        )

    def _picking(self, index, shop_id, when, day, noise) -> list[list]:
        """A day's pickers; who is fast picks more, and temps come for the rush."""
        orders = int(self.packed[index][day])
        if not orders:
            return []
        rush = bool(self._is_busy(np.array([day_number(when)]))[0])
        team = [p for p in PICKERS[shop_id] if rush or not p[2]]
        # As many as the day needs at eight hours, each a fair share.
        size = min(len(team), max(1, round(orders / (PICKED_AN_HOUR * 6))))
        shift = (day + np.arange(size)) % len(team)
        if rush:
            shift = np.arange(len(team))[: max(size, 2)] if size < len(team) else shift
            shift = np.unique(np.r_[shift, len(team) - 1]) if orders > 8 else shift
        people = [team[place] for place in shift]
        whole = sum(speed for _, speed, _ in people)
        # Practice makes faster: a fifth more in two years.
        grown = 1 + 0.1 * (when - self.first).days / 365
        lines, left = [], orders
        for place, (name, speed, _) in enumerate(people):
            done = round(orders * speed / whole)
            done = left if place == len(people) - 1 else min(done, left)
            left -= done
            rate = PICKED_AN_HOUR * speed * grown * (0.86 + 0.2 * noise)
            hours = max(round(done / rate, 1), 0.1)
            target = round(hours * PICKED_AN_HOUR * (1.1 if grown > 1.1 else 1), 1)
            lines.append(
                [
                    shop_id, name, "picking", f"{when}", f"{hours:.1f}", f"{done}",
                    f"{target:.1f}",
                ]
            )  # fmt: skip
        return lines

    def _support(self, index, shop_id, when, orders, noise) -> list[list]:
        """A day's agents, who also work for other brands; closed on Sundays."""
        if when.weekday() == 6 or not orders:
            return []
        agents = AGENTS[shop_id]
        name, speed = agents[when.toordinal() % len(agents)]
        hours = orders / ORDERS_A_CONTACT / ANSWERED_AN_HOUR * 7 / 6
        # On holiday in July and August: fewer hours for as many questions.
        hours *= (0.78 if when.month in (7, 8) else 1.05) * (0.85 + 0.3 * noise)
        hours = max(round(hours, 1), 0.1)
        target = hours * ANSWERED_AN_HOUR
        output = int(target * speed * (0.8 + 0.3 * noise) + noise)
        return [
            [
                shop_id, name, "support", f"{when}", f"{hours:.1f}", f"{output}",
                f"{target:.1f}",
            ]
        ]  # fmt: skip
