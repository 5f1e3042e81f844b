"""What the generator knows, in the warehouse's own definitions.

Everything here is computed from the simulation's variables, never read back from the
files nor through the models: it is what the models have to find.
"""

import numpy as np

from warehouse.demo.clock import DAY, day_number
from warehouse.demo.dashboards import Dashboards
from warehouse.demo.orders import EXCLUSIONS, OrderBook
from warehouse.demo.people import People
from warehouse.demo.table import Table, length, rank_within
from warehouse.demo.visits import BUYS, ROBOT, STAFF
from warehouse.demo.world import CHANNEL_IDS, DEVICES, NO_EVENT_EXPORT, SHOPS, Shop
from warehouse.demo.write import Writer

DAILY = (
    "placed_orders",
    "new_customer_orders",
    "units",
    "gross_sales",
    "discounts",
    "sales",
    "shipping",
    "tax",
    "cogs",
    "returns",
    "undated_returns",
    "sessions",
    "purchase_sessions",
    "engaged_sessions",
    "bot_sessions",
    "internal_sessions",
    "ad_spend",
)


def seen_days(shop: Shop, day: np.ndarray) -> np.ndarray:
    """True on days (since 1970) whose visits are exported as events."""
    shop_id, first, last = NO_EVENT_EXPORT
    if shop.shop_id != shop_id:
        return np.ones(len(day), dtype=bool)
    return (day < day_number(first)) | (day > day_number(last))


class Truth:
    """Collects what is true, by order and by day.

    Args:
        book: The orders' maker.
    """

    def __init__(self, book: OrderBook):
        self.book, self.first, self.days = book, book.first, book.days
        self.dashboards = Dashboards(book)
        self.daily = {name: np.zeros((len(SHOPS), self.days)) for name in DAILY}
        self.placed: list[np.ndarray] = [np.zeros(0, dtype=bool) for _ in SHOPS]
        # Orders in shops beside the two big ones: by person, and all of them.
        self.elsewhere: dict[int, int] = {}
        self._others: dict[str, list[dict]] = {}
        self._parts: list[str] = []

    def amounts(self, index: int, o: Table, lines: Table, refunds: Table) -> None:
        """Add the amounts of the sales ladder to orders, in the shop's currency."""
        shop, state = SHOPS[index], self.book.shops[index]
        whole = o["subtotal"] + o["shipping"]
        factor = np.ones(len(whole))
        if shop.prices_include_tax:
            factor = np.where(whole > 0, 1 - o["tax"] / np.maximum(whole, 1), 1.0)
        goods = ~lines["is_gift"]
        gross = np.round(lines["gross"] / 100 * factor[lines["order"]], 4) * goods
        o["gross_sales"] = np.add.reduceat(gross, o["first_line"])
        o["discounts"] = o["discount"] / 100 * factor
        o["sales"] = o["gross_sales"] - o["discounts"]
        o["shipping_sales"] = o["shipping"] / 100 * factor
        o["units"] = np.add.reduceat(lines["quantity"] * goods, o["first_line"])
        cost = state.costs[lines["variant"]]
        costed = goods & (cost >= 0)
        cost = np.where(costed, lines["quantity"] * cost / 100, 0.0)
        o["cogs"] = np.add.reduceat(cost, o["first_line"])
        o["returns"] = np.zeros(len(whole))
        if length(refunds):
            o["returns"] = (
                np.bincount(refunds["order"], refunds["amount"], len(whole)) / 100
            )
        # Goodwill has no date but the order's, and no goods: the goods' share of it.
        share = o["sales"] / np.maximum(o["total"] / 100, 0.01)
        o["undated_returns"] = o["goodwill"] / 100 * share
        o["contact"] = (o["person"] >= 0) & (o["has_email"] | o["has_phone"])

    def customers(self, months: list[Table], people: People) -> None:
        """Number the placed orders of every person over all shops, in order of time."""
        sizes = [length(o) for o in months]
        if not sum(sizes):
            return
        names = ("person", "at", "number", "placed", "contact")
        joined = {
            name: np.concatenate([o[name] for o in months if length(o)])
            for name in names
        }
        shop = np.repeat(np.arange(len(sizes)), sizes)
        nth = np.zeros(len(shop), dtype=np.int64)
        rows = np.flatnonzero(joined["placed"] & joined["contact"])
        rows = rows[np.lexsort((shop[rows], joined["at"][rows]))]
        person = joined["person"][rows]
        nth[rows] = people.placed[person] + rank_within(person) + 1
        if self.elsewhere:
            nth[rows] += self.placed_elsewhere(people.count)[person]
        np.add.at(people.placed, person, 1)
        start = 0
        for o, size in zip(months, sizes, strict=True):
            if size:
                o["customer_order_number"] = nth[start : start + size]
            start += size

    def placed_elsewhere(self, people: int) -> np.ndarray:
        """Placed orders of every person in shops beside the two big ones."""
        counts = np.zeros(people, dtype=np.int64)
        counts[list(self.elsewhere)] = list(self.elsewhere.values())
        return counts

    def other_shop(self, shop_id: str, orders: list[dict]) -> None:
        """Take down the orders of a shop that a department keeps by itself."""
        self._others[shop_id] = orders

    def orders(self, writer: Writer, index: int, o: Table, refunds: Table) -> None:
        """Count a month of orders and write it down."""
        if not length(o):
            return
        shop = SHOPS[index]
        self.placed[index] = np.concatenate([self.placed[index], o["placed"]])
        day = o["day"] - day_number(self.first)
        placed = o["placed"]

        def count(name, values, days=day, rows=placed):
            self.daily[name][index] += np.bincount(days[rows], values[rows], self.days)

        count("placed_orders", np.ones(len(day)))
        count("new_customer_orders", (o["customer_order_number"] == 1) * 1.0)
        for name, column in (
            ("units", "units"),
            ("gross_sales", "gross_sales"),
            ("discounts", "discounts"),
            ("sales", "sales"),
            ("shipping", "shipping_sales"),
            ("cogs", "cogs"),
            ("undated_returns", "undated_returns"),
        ):
            count(name, o[column])
        count("tax", o["tax"] / 100)
        if length(refunds):
            back = self.book.shops[index].clock.local(refunds["at"]) // DAY
            count(
                "returns",
                refunds["amount"] / 100,
                back - day_number(self.first),
                placed[refunds["order"]],
            )
        session = o["tracked"] & (o["place"] == 0)
        writer.table(
            "truth_orders",
            {
                "number": o["number"],
                "ordered": o["at"],
                "day": o["day"],
                "person": np.where(o["contact"], o["person"], -1),
                "placed": placed,
                "exclusion": o["exclusion"],
                "nth": o["customer_order_number"],
                "channel": np.where(session, o["channel"], -1),
                "device": np.where(session, o["device"], -1),
                "units": o["units"],
                "gross_sales": o["gross_sales"],
                "discounts": o["discounts"],
                "sales": o["sales"],
                "shipping": o["shipping_sales"],
                "tax": o["tax"] / 100.0,
                "total": o["total"] / 100.0,
                "cogs": o["cogs"],
                "returns": o["returns"],
                "refunded": (o["refunded"] + o["goodwill"]) / 100.0,
                "undated_returns": o["undated_returns"],
            },
        )
        devices = "['" + "', '".join(DEVICES) + "']"
        channels = "['" + "', '".join(CHANNEL_IDS) + "']"
        reasons = "['" + "', '".join(EXCLUSIONS) + "']"
        part = f".truth/orders_{len(self._parts):04d}.parquet"
        writer.copy(
            part,
            f"""
            select
                '{shop.shop_id}' as shop_id,
                '#' || (1000 + number) as order_name,
                case when person >= 0 then person end as person_id,
                make_timestamp(ordered * 1000000) as ordered_at,
                make_date(cast(day as integer)) as order_date,
                placed as is_placed,
                nullif({reasons}[exclusion + 1], '') as exclusion_reason,
                case when nth > 0 then nth end as customer_order_number,
                case when nth > 0 then nth = 1 end as is_new,
                case when channel >= 0 then {channels}[channel + 1] end as channel_id,
                case when device >= 0 then {devices}[device + 1] end as device,
                units,
                {
                ", ".join(
                    f"cast({c} as decimal(18, 4)) as {c}"
                    for c in (
                        "gross_sales",
                        "discounts",
                        "sales",
                        "shipping",
                        "tax",
                        "total",
                        "cogs",
                        "returns",
                        "refunded",
                        "undated_returns",
                    )
                )
            }
            from truth_orders
            order by number
            """,
            "format parquet, compression zstd",
        )
        del writer.rows[part]
        self._parts.append(part)

    def visits(self, index: int, v: Table) -> None:
        """Count a month of visits."""
        day = v["day"] - day_number(self.first)
        bought = (v["why"] == BUYS) & self.placed[index][np.maximum(v["order"] - 1, 0)]
        # The aggregated report only knows what the tag has sent.
        reported = ~seen_days(SHOPS[index], v["day"])
        bought = np.where(reported, v["buys"], bought)
        counted = v["counted"]
        for name, rows in (
            ("sessions", counted),
            ("purchase_sessions", counted & bought),
            ("engaged_sessions", counted & v["engaged"]),
            ("bot_sessions", (v["why"] == ROBOT) & ~reported),
            ("internal_sessions", (v["why"] == STAFF) & ~reported),
        ):
            self.daily[name][index] += np.bincount(day[rows], minlength=self.days)

    def finish(self, writer: Writer) -> dict[str, dict[str, float]]:
        """Write orders, days and totals; the totals by shop."""
        for shop_id, orders in self._others.items():
            self._other_orders(writer, shop_id, orders)
        self.dashboards.write(writer)
        parts = [str(writer.folder / part) for part in self._parts]
        writer.copy(
            "truth/orders.parquet",
            f"select * from read_parquet({parts})",
            "format parquet, compression zstd",
        )
        for part in self._parts:
            (writer.folder / part).unlink()
        (writer.folder / ".truth").rmdir()
        daily = {
            name: np.vstack([values, *self._other_days(name)])
            for name, values in self.daily.items()
        }
        shop_ids = [*(shop.shop_id for shop in SHOPS), *self._others]
        shop, day = np.indices((len(shop_ids), self.days))
        table = {"shop": shop.ravel(), "day": day.ravel() + day_number(self.first)}
        table |= {name: values.ravel() for name, values in daily.items()}
        writer.table("truth_days", table)
        whole = {
            "placed_orders",
            "new_customer_orders",
            "units",
            "sessions",
            "purchase_sessions",
            "engaged_sessions",
            "bot_sessions",
            "internal_sessions",
        }
        columns = ", ".join(
            f"cast({n} as {'bigint' if n in whole else 'decimal(18, 4)'}) as {n}"
            for n in DAILY
        )
        shops = "['" + "', '".join(shop_ids) + "']"
        writer.copy(
            "truth/daily.parquet",
            f"""
            select
                {shops}[shop + 1] as shop_id,
                make_date(cast(day as integer)) as day,
                {columns}
            from truth_days
            order by 1, 2
            """,
            "format parquet, compression zstd",
        )
        return {
            shop_id: {
                name: round(float(values[index].sum()), 2)
                for name, values in daily.items()
            }
            for index, shop_id in enumerate(shop_ids)
        }

    def _other_orders(self, writer: Writer, shop_id: str, orders: list[dict]) -> None:
        names = [name for name in orders[0] if name not in ("reason", "order_name")]
        writer.table(
            "truth_others",
            {
                name: np.array([-1 if o[name] is None else o[name] for o in orders])
                for name in names
            }
            | {
                "number": np.array([int(o["order_name"][1:]) for o in orders]),
                "exclusion": np.array([EXCLUSIONS.index(o["reason"]) for o in orders]),
            },
        )
        reasons = "['" + "', '".join(EXCLUSIONS) + "']"
        amounts = ("gross_sales", "discounts", "sales", "shipping", "tax", "total")
        amounts += ("cogs", "returns", "refunded")
        part = f".truth/orders_{len(self._parts):04d}.parquet"
        writer.copy(
            part,
            f"""
            select
                '{shop_id}' as shop_id,
                '#' || number as order_name,
                case when person_id >= 0 then person_id end as person_id,
                make_timestamp("at" * 1000000) as ordered_at,
                make_date(cast(day as integer)) as order_date,
                placed as is_placed,
                nullif({reasons}[exclusion + 1], '') as exclusion_reason,
                case when nth > 0 then nth end as customer_order_number,
                case when nth > 0 then nth = 1 end as is_new,
                cast(null as varchar) as channel_id,
                cast(null as varchar) as device,
                units,
                {", ".join(f"cast({c} as decimal(18, 4)) as {c}" for c in amounts)},
                cast(0 as decimal(18, 4)) as undated_returns
            from truth_others
            order by number
            """,
            "format parquet, compression zstd",
        )
        del writer.rows[part]
        self._parts.append(part)

    def _other_days(self, name: str) -> list[np.ndarray]:
        """A measure by day of each other shop; they have neither visits nor ads."""
        found = []
        for orders in self._others.values():
            values = np.zeros(self.days)
            for o in orders:
                if not o["placed"]:
                    continue
                day = o["back"] if name == "returns" else o["day"]
                amount = o.get(name, 0)
                if name == "placed_orders":
                    amount = 1
                elif name == "new_customer_orders":
                    amount = o["nth"] == 1
                if day >= 0:
                    values[day - day_number(self.first)] += amount
            found.append(values)
        return found
