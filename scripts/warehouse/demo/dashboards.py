"""What each platform's own dashboard shows: the other side of every difference.

Every platform counts the same world by rules of its own. They are followed here from
the simulation's variables, by day, and written down by month: truth for the mart that
walks from the warehouse's numbers to theirs.
"""

from datetime import date, timedelta

import numpy as np

from warehouse.demo import ga4
from warehouse.demo.clock import DAY, Clock, day_number, months_between
from warehouse.demo.orders import EXCLUSIONS, NEVER, OrderBook
from warehouse.demo.table import Table, length
from warehouse.demo.world import CAMPAIGNS, CHANNELS, GA4_ZONES, SHOPS
from warehouse.demo.write import Writer, csv_line

COLUMNS = ["platform", "shop_id", "month", "figure", "numerator", "denominator"]
NO_SALE = [EXCLUSIONS.index(reason) for reason in ("test", "draft")]
CALLED_OFF = [
    EXCLUSIONS.index(reason)
    for reason in ("fraud", "voided", "cancelled_before_payment")
]
REPORT_COLUMNS = [ga4.TRAFFIC_COLUMNS[i] for i in (0, 1, 3, 11)]
REPORT_MONTHS = 3


class Dashboards:
    """Adds up every platform's figures by day.

    Args:
        book: The orders' maker.
    """

    def __init__(self, book: OrderBook):
        self.book, self.first, self.days = book, book.first, book.days
        self.figures: dict[tuple[str, str, str], np.ndarray] = {}
        self.properties = [
            Clock(GA4_ZONES.get(shop.shop_id, shop.zone), book.first, book.last)
            for shop in SHOPS
        ]
        self.visited = np.zeros((len(SHOPS), self.days), dtype=bool)
        # GA4's sessions and those with a purchase, by shop, channel and day.
        self.sessions = np.zeros((2, len(SHOPS), len(CHANNELS), self.days))

    def add(
        self, platform: str, shop_id: str, figure: str, day, numerator, denominator=0.0
    ) -> None:
        """Add to a figure's parts on days since 1970; days of no interest are dropped.

        Args:
            platform, shop_id, figure: Whose figure, and which.
            day, numerator, denominator: Arrays of one shape, or one number for all.
        """
        day = np.atleast_1d(np.asarray(day)) - day_number(self.first)
        inside = (day >= 0) & (day < self.days)
        key = (platform, shop_id, figure)
        parts = self.figures.setdefault(key, np.zeros((2, self.days)))
        for part, values in zip(parts, (numerator, denominator), strict=True):
            values = np.broadcast_to(np.asarray(values, dtype=float), day.shape)
            part += np.bincount(day[inside], values[inside], self.days)

    # ------------------------------------------------------------------ the shops
    def shopify(self, index: int, month: dict[str, Table]) -> None:
        """A month of a Shopify shop's Total sales and Average order value.

        Every order that is no test is a sale on its day, without its gift cards; one
        that is called off is taken back on the day of that. Refunds count on theirs.
        """
        o, lines, refunds = month["orders"], month["lines"], month["refunds"]
        if not length(o):
            return
        shop, clock = SHOPS[index], self.book.shops[index].clock

        def sell(day, cents):
            self.add("shopify", shop.shop_id, "total_sales", day, cents / 100)

        cards = np.add.reduceat(lines["gross"] * lines["is_gift"], o["first_line"])
        sold = ~np.isin(o["exclusion"], NO_SALE)
        money = (o["total"] - cards) * sold
        sell(o["day"], money)
        off = np.isin(o["exclusion"], CALLED_OFF)
        sell(clock.local(o["cancel_at"][off]) // DAY, -money[off])
        if length(refunds):
            back = refunds["amount"] + refunds["tax"] + refunds["shipping"]
            sell(clock.local(refunds["at"]) // DAY, -back)
        kind = o["goodwill_at"] < NEVER
        sell(clock.local(o["goodwill_at"][kind]) // DAY, -o["goodwill"][kind])
        goods = o["merchandise"] - o["discount"]
        if shop.prices_include_tax:
            goods = goods - goods * o["tax"] / np.maximum(goods + o["shipping"], 1)
        counted = sold & ~o["gift_only"]
        self.add(
            "shopify",
            shop.shop_id,
            "average_order_value",
            o["day"],
            goods / 100 * counted,
            counted,
        )

    def woocommerce(self, shop_id: str, day: int, net: int, total: int, orders: int):
        """An order or a refund of WooCommerce Analytics.

        Args:
            shop_id: The shop.
            day: Day since 1970.
            net, total: Cents without and with shipping and tax; negative of a refund.
            orders: 1 for an order, 0 for a refund.
        """
        self.add("woocommerce", shop_id, "total_sales", day, total / 100)
        self.add("woocommerce", shop_id, "average_order_value", day, net / 100, orders)

    # ------------------------------------------------------------------ GA4
    def ga4(self, index: int, v: Table, seen, first_sent, cents) -> None:
        """A month of visits as GA4 shows them, day by day of its property.

        A session counts on each day that it has events, robots and staff as well; a
        purchase where it was sent, once a transaction for revenue. Days before the
        event export have the report's own rules: counted visits on their day.

        Args:
            index: Position of the shop.
            v: Visits with `ends`, `purchase_from` and `purchase_to` (microseconds).
            seen: Whether events of the visit are exported.
            first_sent: Whether no earlier visit has sent the visit's purchase.
            cents: Total of the visit's order.
        """
        shop, clock = SHOPS[index].shop_id, self.properties[index]

        def day_of(moment):
            return clock.local(moment // 1_000_000) // DAY

        def visit(what, rows, day):
            day = day - day_number(self.first)
            rows = rows & (day >= 0) & (day < self.days)
            channel = v["channel"][rows]
            np.add.at(self.sessions, (what, index, channel, day[rows]), 1)

        self.visited[index, v["day"][seen] - day_number(self.first)] = True
        old = ~seen & v["counted"]
        visit(0, old, v["day"])
        visit(1, old & v["buys"], v["day"])
        begin, end = day_of(v["at"] * 1_000_000), day_of(v["ends"])
        visit(0, seen, begin)
        visit(0, seen & (end > begin), end)
        buys = seen & v["buys"]
        begin, end = day_of(v["purchase_from"]), day_of(v["purchase_to"])
        visit(1, buys, begin)
        visit(1, buys & (end > begin), end)
        # A transaction counts when it is sent first.
        first = buys & first_sent
        value = cents[first] / 100
        self.add("ga4", shop, "purchase_revenue", begin[first], value)
        self.add("ga4", shop, "average_purchase_revenue", begin[first], value, 1)

    def report(self, writer: Writer, index: int) -> None:
        """GA4's traffic report of a shop's last whole months, by day and channel.

        Without the days on which the shop saw nobody: on those the report would be the
        only word, and its days are not the shop's.
        """
        shop = SHOPS[index]
        months = months_between(self.first, self.book.last)
        whole = [month for month in months if _whole(*month)]
        if not whole:
            return
        whole = whole[-REPORT_MONTHS:]
        first, last = whole[0][0], whole[-1][1]
        lines = []
        for day in range((first - self.first).days, (last - self.first).days + 1):
            for channel, (sessions, buys) in enumerate(
                self.sessions[:, index, :, day].T
            ):
                if sessions and self.visited[index, day]:
                    label = CHANNELS[channel].label
                    when = f"{self.first + timedelta(days=day):%Y%m%d}"
                    lines.append([when, label, f"{sessions:.0f}", f"{buys:.0f}"])
        totals = [f"{sum(float(line[i]) for line in lines):.0f}" for i in (2, 3)]
        rule = "# ----------------------------------------\n"
        text = (
            f"{rule}# Traffic acquisition: Session default channel group\n"
            "# Account: Alder & Co\n"
            f"# Property: {shop.name} - GA4 ({shop.property_id})\n{rule}"
            f"#\n# Start date: {first:%Y%m%d}\n# End date: {last:%Y%m%d}\n"
        )
        rows = [REPORT_COLUMNS, ["Grand total", "", *totals], *lines]
        name = f"traffic_acquisition_by_day_{first:%Y%m}-{last:%Y%m}.csv"
        writer.write(
            f"landing/ga4/{shop.shop_id}/{name}",
            text + b"".join(csv_line(row) for row in rows).decode(),
            len(lines) + 1,
        )

    # ------------------------------------------------------------------ the ads
    def ads(self, spend: np.ndarray, sold: np.ndarray, value: np.ndarray) -> None:
        """What the ad platforms claim.

        Args:
            spend, sold, value: Cents, purchases and their cents, by campaign and day
                of the click.
        """
        days = day_number(self.first) + np.arange(self.days)
        for ad, campaign in enumerate(CAMPAIGNS):
            cost, claim = spend[ad] / 100, value[ad] / 100
            shop, platform = campaign.shop_id, campaign.platform
            self.add(platform, shop, "conversions", days, sold[ad])
            self.add(platform, shop, "return_on_ad_spend", days, claim, cost)
            self.add("ad_platforms", shop, "return_on_ad_spend", days, claim, cost)

    # ------------------------------------------------------------------ the truth
    def write(self, writer: Writer) -> None:
        """Write truth/platform_figures.csv: a row a platform, shop, month and figure.

        Only whole months. A figure that is a sum has the denominator 1.
        """
        for index, shop in enumerate(SHOPS):
            for day in range(self.days):
                sessions, buys = self.sessions[:, index, :, day].sum(axis=1)
                when = day_number(self.first) + day
                self.add("ga4", shop.shop_id, "conversion_rate", when, buys, sessions)
        lines = []
        for first, last in months_between(self.first, self.book.last):
            if not _whole(first, last):
                continue
            days = slice((first - self.first).days, (last - self.first).days + 1)
            for (platform, shop_id, figure), parts in sorted(self.figures.items()):
                numerator, denominator = parts[:, days].sum(axis=1)
                if figure in ("total_sales", "purchase_revenue", "conversions"):
                    denominator = 1
                lines.append(
                    [
                        platform,
                        shop_id,
                        first,
                        figure,
                        f"{numerator:.6f}",
                        f"{denominator:.6f}",
                    ]
                )
        writer.csv("truth/platform_figures.csv", COLUMNS, lines)


def _whole(first: date, last: date) -> bool:
    """True if the days are those of a whole calendar month."""
    return first.day == 1 and (last + timedelta(days=1)).day == 1
