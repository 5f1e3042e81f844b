"""Makes the demo shop: plans it month by month and writes its exports."""

import json
import os
import resource
import shutil
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from rich.console import Console

from warehouse.demo import ga4, shopify
from warehouse.demo.ads import COST_COLUMNS, Ads
from warehouse.demo.chance import Chance
from warehouse.demo.clock import DAY, day_number, months_between
from warehouse.demo.department import Department
from warehouse.demo.experiments import Experiments
from warehouse.demo.fulfilment import Warehouse
from warehouse.demo.mail import Mail
from warehouse.demo.market import Market
from warehouse.demo.orders import OrderBook
from warehouse.demo.outlet import Outlet
from warehouse.demo.people import People
from warehouse.demo.service import Service
from warehouse.demo.stock import Stock
from warehouse.demo.table import Table, length, stack, take
from warehouse.demo.truth import Truth, seen_days
from warehouse.demo.visits import BUYS, RELOADS, ROBOT, STAFF, VisitBook
from warehouse.demo.world import (
    CAMPAIGNS,
    CHANNELS,
    DEVICES,
    JSON_MONTH,
    OVERHEADS,
    SHOPS,
)
from warehouse.demo.write import Writer, csv_line, text_list
from warehouse.errors import UserError
from warehouse.terminal import progress

MANIFEST = "demo_files.json"
ITEM = ("number", "position", "variant", "quantity", "price")
# One line for each department that keeps its own books.
DEPARTMENTS: tuple[type[Department], ...] = (
    Stock,
    Warehouse,
    Service,
    Market,
    Mail,
    Experiments,
    Outlet,
)
BATCH = 400_000  # visits whose events are made at once


@dataclass
class Made:
    """What a run has written."""

    folder: Path
    files: dict[str, int]  # rows by path below the folder
    orders: int
    customers: int
    sessions: int
    events: int
    seconds: float
    peak_megabytes: int
    totals: dict[str, dict[str, float]]


def generate(
    folder: Path,
    orders: int = 20_000,
    first: date = date(2024, 10, 1),
    last: date = date(2026, 9, 23),
    seed: int = 7,
    sessions_per_order: float = 16.0,
    console: Console | None = None,
) -> Made:
    """Write the exports of the demo shop below `folder`.

    The same arguments give byte-identical files. What an earlier run wrote is replaced;
    any other file is left alone.

    Args:
        folder: Gets `landing/` and `truth/`.
        orders: Orders of every kind over both shops.
        first, last: Shop-local dates of the first and the last order.
        seed: Any whole number.
        sessions_per_order: Tracked visits for each order; fewer make big shops quick.
        console: Where the progress bar goes; none when left out.

    Raises:
        UserError: The arguments make no shop, or a file of yours is in the way.
    """
    if orders < 50:
        raise UserError(
            f"{orders} orders are too few for two shops.", "Ask for 50 orders or more."
        )
    if not (date(2024, 1, 1) <= first and last <= date(2029, 12, 31)):
        raise UserError(
            "The demo shop exists from 2024 to 2029.",
            "Choose --start and --end within.",
        )
    if (last - first).days < 60:
        raise UserError(
            f"{first} to {last} is too short for customers to come back.",
            "Choose at least 60 days.",
        )
    if sessions_per_order < 1:
        raise UserError(
            "Every order needs a visit.", "Choose --sessions-per-order 1 or more."
        )
    return _Run(folder, orders, first, last, seed, sessions_per_order, console).go()


class _Run:
    """One run; keeps what months hand over to one another."""

    def __init__(self, folder, orders, first, last, seed, sessions_per_order, console):
        self.folder, self.first, self.last = folder, first, last
        self.console = console
        self.chance = Chance(seed)
        self.people = People(self.chance, len(SHOPS))
        self.book = OrderBook(self.chance, self.people, first, last, orders)
        self.visits = VisitBook(self.book, sessions_per_order)
        self.truth = Truth(self.book)
        self.ads = Ads(self.chance, first, last, 16.0 / max(sessions_per_order, 1))
        self.orders = orders
        self.arguments = {
            "orders": orders,
            "start": first.isoformat(),
            "end": last.isoformat(),
            "seed": seed,
            "sessions_per_order": sessions_per_order,
        }
        self.work = folder / f".demo-{os.getpid()}"
        self.later: dict[tuple[int, str], Table] = {}
        self.recent: list[list[dict[str, Table]]] = [[] for _ in SHOPS]
        self.reports: list[list[list]] = [[] for _ in SHOPS]
        self.sessions = self.events = 0
        months = months_between(first, last)
        self.months = months
        self.halves = sorted({(a.year, 1 + (a.month > 6)) for a, _ in months})

    # ------------------------------------------------------------------ the whole
    def go(self) -> Made:
        began = time.monotonic()
        earlier = self._earlier()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.work.mkdir()
        self.writer = Writer(self.work)
        try:
            self._lookups()
            self.departments = [
                kind(
                    self.writer, self.chance, self.book, self.visits, self.truth,
                    self.first, self.last,
                )
                for kind in DEPARTMENTS
            ]  # fmt: skip
            self._months()
            self._rest()
            totals = self._truth()
            self.writer.close()
            self._move(earlier)
        finally:
            self.writer.close()
            shutil.rmtree(self.work, ignore_errors=True)
        return Made(
            self.folder,
            dict(self.writer.rows),
            self.orders,
            self.people.count,
            self.sessions,
            self.events,
            time.monotonic() - began,
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            totals,
        )

    def _earlier(self) -> list[str]:
        """The files an earlier run wrote."""
        manifest = self.folder / MANIFEST
        if not manifest.exists():
            return []
        try:
            return list(json.loads(manifest.read_text())["files"])
        except (ValueError, KeyError, TypeError):
            raise UserError(
                f"{manifest} cannot be read: nobody knows which files are the demo's.",
                "Delete it together with the demo's files, or choose another --out.",
            ) from None

    def _move(self, earlier: list[str]) -> None:
        """Put the new files in the place of those of an earlier run."""
        names = list(self.writer.rows)
        strangers = [
            n for n in names if n not in earlier and (self.folder / n).exists()
        ]
        if strangers:
            raise UserError(
                f"{self.folder / strangers[0]} is in the way; it is not the demo's.",
                "Move it elsewhere, or choose another --out.",
            )
        for name in earlier:
            path = self.folder / name
            if ".." not in Path(name).parts and not Path(name).is_absolute():
                path.unlink(missing_ok=True)
        manifest = {"arguments": self.arguments, "files": names}
        (self.work / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
        (self.work / MANIFEST).replace(self.folder / MANIFEST)
        for name in names:
            target = self.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            (self.work / name).replace(target)

    def _lookups(self) -> None:
        for index, shop in enumerate(SHOPS):
            state = self.book.shops[index]
            shopify.keep_shop(
                self.writer, shop, self.book.variants, state.prices, state.costs
            )
            ga4.keep_origins(self.writer, shop, self.visits.origins[index])

    def _months(self) -> None:
        steps = len(self.months) * len(SHOPS)
        with progress(self.console) as bar:
            task = bar.add_task("making the demo shop", total=steps)
            for number in range(len(self.months) + 1):
                # Orders first: the visits of a month need the orders of the next one.
                if number < len(self.months):
                    self._orders(*self.months[number])
                if number:
                    first, last = self.months[number - 1]
                    bar.update(task, description=f"making {first:%B %Y}")
                    for index in range(len(SHOPS)):
                        self._visits(index, first, last)
                        bar.advance(task)

    # ------------------------------------------------------------------ orders
    def _orders(self, first: date, last: date) -> None:
        made = [self.book.month(index, first, last) for index in range(len(SHOPS))]
        for index, month in enumerate(made):
            o = month["orders"]
            if length(o):
                self.truth.amounts(index, o, month["lines"], month["refunds"])
        self.truth.customers([month["orders"] for month in made], self.people)
        for index, month in enumerate(made):
            self.truth.orders(self.writer, index, month["orders"], month["refunds"])
            self.truth.dashboards.shopify(index, month)
            self.visits.plan(index, month["orders"])
            self._shopify(index, month, first, last)
            for department in self.departments:
                department.orders(index, month, first, last)
            # Visits refer to orders of their own month and of the two beside it.
            kept = {
                "orders": _only(month["orders"], ("number", "lines", "total", "day")),
                "lines": _only(month["lines"], ITEM),
            }
            self.recent[index] = [*self.recent[index][-2:], kept]

    def _shopify(
        self, index: int, month: dict[str, Table], first: date, last: date
    ) -> None:
        o = month["orders"]
        self._flow(index, "payments", month["payments"], last)
        self._flow(index, "refunds", month["refunds"], last)
        if not length(o):
            return
        spent = (o["person"] >= 0) & o["placed"]
        np.add.at(self.people.spent, (o["person"][spent], index), o["total"][spent])
        half = (first.year, 1 + (first.month > 6))
        end = np.full(length(o), self.book.end(index))
        names = {h: f"orders_export_{h[0]}_H{h[1]}.csv" for h in self.halves}
        # The last export but one was made on its last day; the last one begins two
        # weeks earlier, and knows better what became of those orders.
        if len(self.halves) > 1 and half == self.halves[-2]:
            closes = date(
                half[0], 6 if half[1] == 1 else 12, 30 if half[1] == 1 else 31
            )
            then = np.full(length(o), self.book.end(index, closes))
            self._order_file(index, names[half], half, o, month["lines"], then)
            again = o["day"] > day_number(closes - timedelta(days=14))
            if again.any():
                kept = again[month["lines"]["order"]]
                self._order_file(
                    index,
                    names[self.halves[-1]],
                    self.halves[-1],
                    take(o, again),
                    take(month["lines"], kept),
                    end[again],
                )
        else:
            self._order_file(index, names[half], half, o, month["lines"], end)

    def _order_file(
        self, index: int, name: str, half, o: Table, lines: Table, seen
    ) -> None:
        shop, clock = SHOPS[index], self.book.shops[index].clock
        table = shopify.order_table(shop, o, self.people)
        table |= shopify.as_of(o, clock, seen)
        columns = (
            "number",
            "position",
            "variant",
            "quantity",
            "price",
            "shown_discount",
            "no_sku",
        )
        self.writer.table("o", table)
        self.writer.table("l", {column: lines[column] for column in columns})
        old = shop.shop_id == "alder_us" and half == self.halves[0]
        header = shopify.OLD_ORDER_COLUMNS if old else shopify.ORDER_COLUMNS
        self.writer.append_csv(
            f"landing/shopify/{shop.shop_id}/{name}",
            header,
            shopify.orders_query(shop, header),
        )

    def _flow(self, index: int, what: str, new: Table, last: date) -> None:
        """Write payments or refunds that have happened; keep those still to come."""
        shop, clock = SHOPS[index], self.book.shops[index].clock
        table = stack([self.later.get((index, what), {}), new])
        if not table:
            return
        now = table["at"] <= self.book.end(index, last)
        self.later[index, what] = take(table, ~now)
        table = take(table, now)
        if not length(table):
            return
        table = take(table, np.argsort(table["at"], kind="stable"))
        table["order_id"] = shopify.order_ids(shop, self.chance, table["number"])
        table["row_number"] = np.arange(length(table))
        shopify.moment(
            table, "created", clock, table["at"], np.ones(length(table), dtype=bool)
        )
        table["day"] = table["created_local"] // DAY
        folder = f"landing/shopify/{shop.shop_id}"
        if what == "refunds":
            self.writer.table("r", table)
            self.writer.append_csv(
                f"{folder}/returns_report.csv",
                shopify.RETURN_COLUMNS,
                shopify.returns_query(shop),
            )
            return
        self.writer.table("t", table)
        self.writer.append_csv(
            f"{folder}/transactions_export_{last.year}.csv",
            shopify.TRANSACTION_COLUMNS,
            shopify.transactions_query(shop),
        )

    # ------------------------------------------------------------------ visits
    def _visits(self, index: int, first: date, last: date) -> None:
        shop = SHOPS[index]
        v = self.visits.month(index, first, last)
        if not v:
            return
        parts = [part for part in self.recent[index] if length(part["orders"])]
        lines = stack([part["lines"] for part in parts])
        o = stack([part["orders"] for part in parts])
        starts = {
            "number": o["number"][:1],
            "lines": o["lines"],
            "first_line": np.cumsum(o["lines"]) - o["lines"],
        }
        size = length(v)
        batches = -(-size // BATCH)
        made = []
        bundle = (day_number(first) - day_number(self.first)) * 100_000_000
        for batch in range(batches):
            part = take(v, slice(batch * BATCH, (batch + 1) * BATCH))
            e = self.visits.events(index, part, lines, starts)
            suffix = f"_{batch + 1:02d}" if batches > 1 else ""
            self._event_file(
                index, first, part, e, o, lines, suffix, bundle + batch * BATCH
            )
            # Only what is counted below is kept of a batch.
            made.append(part)
        v = stack(made)
        self.sessions += length(v)
        self.truth.visits(index, v)
        for department in self.departments:
            department.visits(index, v, first, last)
        origins = self.visits.origins[index]
        ad = np.array([row.ad for row in origins.rows])[v["origin"]]
        number = np.clip(v["order"] - o["number"][0], 0, length(o) - 1)
        buys = (v["why"] == BUYS) & (v["order"] >= 0)
        seen, cents = seen_days(shop, v["day"]), o["total"][number]
        self.ads.count(index, v, ad, seen, buys, cents)
        # A purchase that was sent before the export began was never seen.
        again = (v["why"] == RELOADS) & seen_days(shop, o["day"][number])
        self.truth.dashboards.ga4(index, v, seen, ~again, cents)
        hidden = ~seen & v["counted"]
        if hidden.any():
            self._traffic(index, take(v, hidden), o)

    def _event_file(self, index, first, v, e, o, lines, suffix, bundle) -> None:
        # The export's days are those of the property.
        shop, clock = SHOPS[index], self.truth.dashboards.properties[index]
        shown = seen_days(shop, v["day"])[e["visit"]]
        e = take(e, shown & (e["at"] // 1_000_000 <= self.book.end(index)))
        if not length(e):
            return
        self.events += length(e)
        visit = e["visit"]
        e = take(e, np.lexsort((e["nth"], visit, e["at"])))
        visit = e["visit"]
        customer = np.where(
            v["logged_in"][visit] | v["logs_in"][visit] & (e["place"] >= 500),
            shopify.customer_ids(shop, self.chance, v["person"][visit]),
            0,
        )
        # Ids of browsers look like 1234567890.1712345678.
        one = self.chance.whole(10**9, 10**10 - 1, "client", index, v["visitor"])
        two = self.chance.whole(
            16 * 10**8, 17 * 10**8, "client since", index, v["visitor"]
        )
        click = self.chance.bits("click", v["key"])
        luck = (v["key"] & np.uint64(2**31 - 1)).astype(np.int64)
        table = {
            "event_at": e["at"],
            "name": e["name"],
            "page": e["page"],
            "variant": e["variant"],
            "quantity": e["quantity"],
            "price": e["price"],
            "number": e["checkout_lines"],
            "engaged_ms": e["engaged_ms"],
            "nth": e["nth"],
            "customer": customer,
            "day": clock.local(e["at"] // 1_000_000) // DAY,
            "bundle": bundle + visit,
            "session_at": v["at"][visit],
            "luck": luck[visit],
            "session_number": v["session_number"][visit],
            "is_engaged": v["engaged"][visit],
            "is_staff": v["why"][visit] == STAFF,
            "is_robot": v["why"][visit] == ROBOT,
            "device": v["device"][visit],
            "country": v["country"][visit],
            "origin": v["origin"][visit],
            "first_origin": self._first_origin(index, v)[visit],
            "client": one[visit],
            "client_since": two[visit],
            "click": click[visit],
        }
        used = np.zeros(length(o), dtype=bool)
        wanted = e["checkout_lines"][e["checkout_lines"] >= 0] - o["number"][0]
        used[wanted] = True
        rows = np.repeat(used, o["lines"])
        items = take(lines, rows)
        items["total"] = np.repeat(o["total"], o["lines"])[rows]
        name = f"landing/ga4/{shop.shop_id}/events_{first:%Y%m}{suffix}"
        as_json = (first.year, first.month) == JSON_MONTH
        self.writer.copy_aside(
            f"{name}.jsonl" if as_json else f"{name}.parquet",
            {"e": table, "i": items},
            ga4.events_query(shop, as_json),
            "format json" if as_json else "format parquet, compression zstd",
        )

    def _first_origin(self, index: int, v: Table) -> np.ndarray:
        """Where the visitor came from the first time, as traffic_source repeats it."""
        origins = self.visits.origins[index]
        share = np.array([channel.share for channel in CHANNELS])
        channel = self.chance.pick(share, "channel", v["visitor"])
        first = v["session_number"] == 1
        return np.where(first, v["origin"], origins.first[channel])

    def _traffic(self, index: int, v: Table, o: Table) -> None:
        """Rows of the aggregated report: one a day, channel and device."""
        key = (v["day"] * len(CHANNELS) + v["channel"]) * len(DEVICES) + v["device"]
        groups, group = np.unique(key, return_inverse=True)
        size = len(groups)
        total = lambda values: np.bincount(group, values, size)  # noqa: E731
        people = np.unique(np.stack([group, v["visitor"].astype(np.int64)]), axis=1)[0]
        number = np.clip(v["order"] - o["number"][0], 0, length(o) - 1)
        columns = {
            "sessions": total(np.ones(len(key))),
            "engaged": total(v["engaged"]),
            "users": np.bincount(people, minlength=size),
            "seconds": total(v["engaged_ms"]) / 1000,
            "pages": total(v["pages"]),
            "view_sessions": total(v["views"] > 0),
            "add_sessions": total(v["adds"] > 0),
            "check_sessions": total(v["checks"] > 0),
            "buy_sessions": total(v["purchases"] > 0),
            "adds": total(v["adds"]),
            "checks": total(v["checks"]),
            "purchases": total(v["purchases"]),
            "revenue": total(np.where(v["purchases"] > 0, o["total"][number], 0)) / 100,
        }
        for row, code in enumerate(groups):
            device, rest = int(code % len(DEVICES)), int(code // len(DEVICES))
            channel, day = rest % len(CHANNELS), rest // len(CHANNELS)
            when = date(1970, 1, 1) + timedelta(days=day)
            values = {name: float(column[row]) for name, column in columns.items()}
            self.reports[index].append([when, channel, device, values])

    # ------------------------------------------------------------------ the rest
    def _rest(self) -> None:
        writer = self.writer
        self.ads.finish()
        dashboards = self.truth.dashboards
        dashboards.ads(self.ads.spend, self.ads.sold, self.ads.value)
        dashboards.report(writer, 0)
        for index, shop in enumerate(SHOPS):
            writer.append_csv(
                f"landing/shopify/{shop.shop_id}/products_export.csv",
                shopify.PRODUCT_COLUMNS,
                shopify.products_query(shop),
            )
            self._customers(index)
            self.ads.google(writer, index)
            self.ads.meta(writer, index)
            if self.reports[index]:
                self._traffic_file(index)
        self._costs()
        for department in self.departments:
            department.finish()

    def _customers(self, index: int) -> None:
        shop, people = SHOPS[index], self.people
        everyone = np.flatnonzero(people.orders[: people.count, index] > 0)
        weights = np.array([country.share for country in shop.countries])
        for start in range(0, len(everyone), 500_000):
            person = everyone[start : start + 500_000]
            country = people.country(index, person, weights)
            sizes = np.array([len(c.cities) for c in shop.countries])[country]
            table = people.details(person) | {
                "country": country,
                "city": np.floor(
                    self.chance.uniform("city", person, country) * sizes
                ).astype(int),
                "customer_id": shopify.customer_ids(shop, self.chance, person),
                "phone_only": people.phone_only(person),
                "has_phone": people.has_phone(person),
                "accepts_marketing": people.accepts_marketing(person),
                "spent": people.spent[person, index],
                "orders": people.orders[person, index],
            }
            self.writer.table("p", table)
            self.writer.append_csv(
                f"landing/shopify/{shop.shop_id}/customers_export.csv",
                shopify.CUSTOMER_COLUMNS,
                shopify.customers_query(shop),
            )

    def _traffic_file(self, index: int) -> None:
        shop = SHOPS[index]
        rows = sorted(self.reports[index], key=lambda row: row[:3])
        names = list(rows[0][3])
        whole = dict.fromkeys(names, 0.0)

        def cells(values: dict[str, float]) -> list[str]:
            shown = [f"{values[n]:.0f}" for n in ("sessions", "engaged", "users")]
            shown.append(f"{values['seconds'] / max(values['sessions'], 1):.6f}")
            shown += [f"{values[n]:.0f}" for n in names[4:-1]]
            return [*shown, f"{values['revenue']:.2f}"]

        lines = []
        for when, channel, device, values in rows:
            for name in names:
                whole[name] += values[name]
            lines.append(
                [
                    f"{when:%Y%m%d}",
                    CHANNELS[channel].label,
                    DEVICES[device],
                    *cells(values),
                ]
            )
        first, last = rows[0][0], rows[-1][0]
        rule = "# ----------------------------------------\n"
        text = (
            f"{rule}# Traffic acquisition: Session default channel group\n"
            "# Account: Alder & Co\n"
            f"# Property: {shop.name} - GA4 ({shop.property_id})\n{rule}"
            f"#\n# Start date: {first:%Y%m%d}\n# End date: {last:%Y%m%d}\n"
        )
        total = [csv_line(["Grand total", "", "", *cells(whole)])]
        body = [
            csv_line(ga4.TRAFFIC_COLUMNS),
            *total,
            *(csv_line(line) for line in lines),
        ]
        name = f"traffic_acquisition_{first:%Y%m}-{last:%Y%m}.csv"
        self.writer.write(
            f"landing/ga4/{shop.shop_id}/{name}",
            text + b"".join(body).decode(),
            len(lines) + 1,
        )

    def _costs(self) -> None:
        """Wages, tools and fees, a row a month, in the template's columns."""
        # Overheads are those of a shop with 20,000 orders; they grow with its size.
        scale = max(self.orders / 20_000, 0.02) ** 0.8
        lines = []
        for first, last in self.months:
            share = (last - first).days + 1
            following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
            share /= (following - first.replace(day=1)).days
            for kind, purpose, channel, amount, since, until, text in OVERHEADS:
                month = (first.year, first.month)
                if (since and month < since) or (until and month > until):
                    continue
                lines.append(
                    [
                        "alder_eu",
                        first,
                        last,
                        kind,
                        purpose,
                        channel,
                        f"{amount * scale * share:.2f}",
                        "EUR",
                        text,
                    ]
                )
                if kind in ("S", "W"):
                    lines.append(
                        [
                            "alder_us",
                            first,
                            last,
                            kind,
                            purpose,
                            channel,
                            f"{amount * 0.5 * scale * share:.2f}",
                            "USD",
                            text,
                        ]
                    )
        self.writer.csv("landing/flat/marketing_costs.csv", COST_COLUMNS, lines)

    def _truth(self) -> dict[str, dict[str, float]]:
        for ad, campaign in enumerate(CAMPAIGNS):
            index = next(
                i for i, s in enumerate(SHOPS) if s.shop_id == campaign.shop_id
            )
            self.truth.daily["ad_spend"][index] += self.ads.spend[ad] / 100
        people = self.people
        person = np.arange(people.count)
        self.writer.table(
            "persons",
            {
                "person": person,
                "home": people.home[: people.count].astype(np.int64),
                "placed": people.placed[: people.count].astype(np.int64)
                + self.truth.placed_elsewhere(people.count),
            },
        )
        shops = text_list(shop.shop_id for shop in SHOPS)
        self.writer.copy(
            "truth/persons.parquet",
            f"select person as person_id, {shops}[home + 1] as first_shop_id, "
            "placed as placed_orders from persons order by person",
            "format parquet, compression zstd",
        )
        totals = self.truth.finish(self.writer)
        text = json.dumps({"arguments": self.arguments, "shops": totals}, indent=1)
        self.writer.write("truth/totals.json", text + "\n", len(totals))
        return totals


def _only(table: Table, columns: tuple[str, ...]) -> Table:
    """The given columns of a table; nothing of an empty one."""
    return {column: table[column] for column in columns} if table else {}
