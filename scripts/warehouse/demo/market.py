"""The market and the site: search results, competitors, monitors and page loads.

Prices rose in January 2026, so the shops became dearer than the market; in summer one
competitor sold out of tents. Search positions crept up until an update of the search
engine in March 2026. The American site is watched by UptimeRobot, the European one by a
script of its own. On the day of the broken checkout its pages failed and were slow.
"""

import io
import zipfile
from datetime import date, timedelta

import numpy as np

from warehouse.demo.clock import DAY, day_number
from warehouse.demo.department import Department
from warehouse.demo.orders import spread
from warehouse.demo.table import Table, length, stack, take
from warehouse.demo.visits import (
    COLLECTION,
    HOME,
    LOST,
    PAGES,
    PROBE,
    PRODUCT,
    ROBOT,
    SEARCH,
    THANKS,
)
from warehouse.demo.world import (
    BRAND_TERMS,
    BROKEN_CHECKOUT,
    CATEGORIES,
    CHANNEL_IDS,
    DEVICES,
    GENERIC_TERMS,
    GIFT_CARDS,
    SHOPS,
    SITE,
)
from warehouse.demo.write import csv_line, text_list

ORGANIC = CHANNEL_IDS.index("organic_search")
CLICKS_PER_VISIT = 1.5  # the others gave no consent
HIDDEN = 0.28  # of the clicks, on queries that Google does not name
CONNECTED_AFTER = 92  # days; before, an archive was downloaded by hand

# Search words beside those of the ads: word, share, position.
QUERIES = (
    *((term, 0.36 * share, 1.2) for term, share in BRAND_TERMS),
    *((term, 0.22 * share, 11.0) for term, share in GENERIC_TERMS["Search"]),
    *((term, 0.18 * share, 9.0) for term, share in GENERIC_TERMS["Shopping"]),
    ("how to pitch a tarp", 0.07, 4.0),
    ("merino shirt wash", 0.05, 3.5),
    ("hiking packing list", 0.06, 7.0),
    ("what size backpack", 0.04, 6.0),
    ("camping with kids", 0.02, 14.0),
)
# Competitor: price against ours before 2026, share in stock.
COMPETITORS = (
    ("Bergkontor", 0.965, 0.94),
    ("TrailBase", 1.0, 0.92),
    ("CampCentral", 1.035, 0.90),
)
COMPARED_PRODUCTS = 40
SOLD_OUT = (date(2026, 7, 1), date(2026, 8, 31))
PRICE_CUT = (date(2026, 5, 4), date(2026, 5, 31))
SEARCH_UPDATE = date(2026, 3, 10)
OFFER_COLUMNS = [
    "shop_id", "seen_at", "sku", "competitor", "price", "currency", "is_available",
]  # fmt: skip
RANK_COLUMNS = ["shop_id", "rank_date", "keyword", "sku", "engine", "position"]
CHECK_COLUMNS = [
    "shop_id", "checked_at", "site", "is_up", "response_ms", "interval_seconds",
]  # fmt: skip
LOAD_COLUMNS = [
    "shop_id", "load_id", "loaded_at", "page", "device", "lcp_ms", "has_error",
    "status_code",
]  # fmt: skip
CLICK_COLUMNS = [
    "shop_id", "clicked_at", "session_id", "page", "element_id", "element_text",
    "link_url", "is_outbound",
]  # fmt: skip
UTC = "strftime(make_timestamp(moment * 1000000), '%Y-%m-%dT%H:%M:%SZ')"
CHECK_EVERY = 1800
WATCHED_DAYS = 400
LOADS, CLICKERS = 26_000, 11_000  # about so many in the whole of a demo

# What can be clicked, by page: id, words, link, share.
INSTAGRAM = "https://www.instagram.example/alderandco"
ELEMENTS = {
    "home": (
        ("hero-banner", "Discover the season", "", 0.34),
        ("nav-tents", "Tents", "", 0.20),
        ("nav-clothing", "Clothing", "", 0.24),
        ("search-box", "Search", "", 0.14),
        ("footer-instagram", "Instagram", INSTAGRAM, 0.08),
    ),
    "collection": (
        ("product-card", "", "", 0.55),
        ("filter-price", "Price", "", 0.18),
        ("filter-size", "Size", "", 0.15),
        ("sort-by", "Sort by", "", 0.12),
    ),
    "product": (
        ("image-zoom", "", "", 0.34),
        ("size-chart", "Size chart", "", 0.22),
        ("reviews-tab", "Reviews", "", 0.26),
        ("share-instagram", "Share", INSTAGRAM, 0.06),
        ("wishlist", "Remember", "", 0.12),
    ),
    "search": (("product-card", "", "", 0.8), ("search-box", "Search", "", 0.2)),
    "cart": (("begin-checkout", "Go to checkout", "", 1.0),),
    "checkout": (("pay-now", "Pay now", "", 1.0),),
    "add": (("add-to-cart", "Add to cart", "", 1.0),),
}
CART, CHECKOUT = PAGES.index("cart"), PAGES.index("checkout")


class Market(Department):
    """Writes what search engines, price watchers, monitors and browsers report."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        days = self.book.days
        self.organic = np.zeros((len(SHOPS), days), dtype=np.int64)
        # A bigger shop has more visits, not more people who look at a sample of them.
        crowd = max(1, sum(int(daily.sum()) for daily in self.visit_book.daily)) * 1.5
        self.load_share = min(0.5, LOADS / crowd)
        self.click_share = min(0.35, CLICKERS / crowd)
        self.loads: list[Table] = []
        self.clicks: list[Table] = []

    def visits(self, index: int, visits: Table, first: date, last: date) -> None:
        """Count visits from search results; pick those whose pages are measured."""
        people = visits["why"] != ROBOT
        day = visits["day"] - day_number(self.first)
        found = people & (visits["channel"] == ORGANIC)
        self.organic[index] += np.bincount(day[found], minlength=self.book.days)
        self._measure(index, take(visits, people & (visits["landing"] != PROBE)))
        self._tap(index, take(visits, people & (visits["landing"] != PROBE)))

    def finish(self) -> None:
        """Write every export."""
        for index in range(len(SHOPS)):
            self._search_console(index)
        self._offers()
        self._ranks()
        self._checks()
        self._robot()
        self._load_files()
        self._click_file()

    def _date(self, day: int) -> date:
        return self.first + timedelta(days=int(day))

    def _is_broken(self, index: int, local: np.ndarray) -> np.ndarray:
        """On the day on which the European checkout did not work."""
        is_day = local // DAY == day_number(BROKEN_CHECKOUT)
        return is_day & (SHOPS[index].shop_id == "alder_eu")

    # ------------------------------------------------------------- search results
    def _search_console(self, index: int) -> None:
        shop, chance, days = SHOPS[index], self.chance, self.book.days
        day, query = np.meshgrid(
            np.arange(days), np.arange(len(QUERIES)), indexing="ij"
        )
        shares = np.array([share for _, share, _ in QUERIES])
        # More and more people look for the name.
        brand = query < len(BRAND_TERMS)
        weights = shares * np.where(brand, 1 + 0.35 * day / 365, 1.0)
        weights = weights * np.exp(0.35 * chance.normal("searched", index, day, query))
        wanted = self.organic[index] * CLICKS_PER_VISIT
        every = np.floor(
            wanted + chance.uniform("found", index, np.arange(days))
        ).astype(np.int64)
        named = np.round(every * (1 - HIDDEN)).astype(np.int64)
        clicks = spread(weights, named)
        position = np.array([p for _, _, p in QUERIES]) + 0 * day
        position = position - np.where(brand, 0, 1.5 * day / 730)
        late = day >= (SEARCH_UPDATE - self.first).days
        position = position + np.where(late & ~brand, 1.8, 0)
        noise = np.exp(0.12 * chance.normal("place", index, day, query))
        position = np.maximum(position * noise, 1.0)
        rate = np.where(brand, 0.42, 0.16 / position**0.9)
        rate = rate * np.exp(0.1 * chance.normal("seen", index, day, query))
        shown = np.maximum(np.floor(clicks / rate).astype(np.int64), clicks)
        # Few look at page two: words without a click are shown now and then.
        shown = np.where(
            clicks == 0, chance.whole(0, 3, "glimpse", index, day, query), shown
        )
        cut = min(CONNECTED_AFTER, days // 2)
        if cut:
            hidden = every - named
            self._archive(index, cut, clicks, shown, position, hidden)
        for year in range(self.first.year, self.last.year + 1):
            years = np.array([self._date(i).year == year for i in range(days)])
            rows = np.argwhere((shown > 0) & years[:, None] & (day >= cut))
            if not len(rows):
                continue
            lines = [
                (
                    self._date(d),
                    QUERIES[q][0],
                    clicks[d, q],
                    shown[d, q],
                    f"{clicks[d, q] / shown[d, q]:.6f}",
                    f"{position[d, q]:.2f}",
                )
                for d, q in rows
            ]
            header = ["date", "query", "clicks", "impressions", "ctr", "position"]
            name = f"landing/search_console/{shop.shop_id}/search_queries_{year}.csv"
            self.writer.csv(name, header, lines)

    def _archive(self, index, cut, clicks, shown, position, hidden) -> None:
        """The zip of the page's export button; America's is of the newer kind."""
        shop = SHOPS[index]
        total = shown[:cut].sum(axis=0)
        order = np.argsort(-clicks[:cut].sum(axis=0), kind="stable")
        ranks = (position[:cut] * shown[:cut]).sum(axis=0) / np.maximum(total, 1)
        header = ["Top queries", "Clicks", "Impressions", "CTR", "Position"]
        queries = [
            (QUERIES[q][0], *_measures(clicks[:cut, q].sum(), total[q], ranks[q]))
            for q in order
            if total[q]
        ]
        days = []
        for d in range(cut):
            seen = int(shown[d].sum() + hidden[d] * 12)
            place = (position[d] * shown[d]).sum() / max(shown[d].sum(), 1)
            days.append(
                (self._date(d), *_measures(clicks[d].sum() + hidden[d], seen, place))
            )
        chart = "Dates.csv" if shop.shop_id == "alder_us" else "Chart.csv"
        last = self._date(cut - 1)
        host = SITE.split("//")[1]
        name = (
            f"landing/search_console/{shop.shop_id}/"
            f"https___{host}_-Performance-on-Search-{last + timedelta(days=2)}.zip"
        )
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, head, rows in (
                (chart, ["Date", *header[1:]], days),
                ("Queries.csv", header, queries),
            ):
                text = b"".join(csv_line(row) for row in [head, *rows])
                info = zipfile.ZipInfo(member, (2024, 1, 1, 0, 0, 0))
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, text)
        self.writer.path(name).write_bytes(packed.getvalue())
        self.writer.rows[name] = len(days) + len(queries)

    # ------------------------------------------------------------------ the market
    def _mondays(self) -> np.ndarray:
        return np.array(
            [i for i in range(self.book.days) if self._date(i).weekday() == 0],
            dtype=np.int64,
        )

    def _offers(self) -> None:
        """Forty products of each shop, every Monday, at three competitors."""
        variants, chance = self.book.variants, self.chance
        goods = np.flatnonzero(variants.category != GIFT_CARDS)
        step = max(1, len(goods) // COMPARED_PRODUCTS)
        products = goods[::step][:COMPARED_PRODUCTS]
        mondays = self._mondays()
        by_year: dict[int, list] = {}
        for index, shop in enumerate(SHOPS):
            day, product, rival = (
                axis.ravel()
                for axis in np.meshgrid(
                    mondays, products, np.arange(len(COMPETITORS)), indexing="ij"
                )
            )
            state = self.book.shops[index]
            # They follow last year's price, each product a little differently.
            price = (
                state.prices[0][product] * np.array([c[1] for c in COMPETITORS])[rival]
            )
            price = price * np.exp(0.07 * chance.normal("rival", index, product, rival))
            week = np.exp(
                0.015 * chance.normal("rival week", index, day, product, rival)
            )
            price = price * week * (1 + 0.012 * day / 365)
            tents = variants.category[product] == CATEGORIES.index("tents")
            cut = self._between(day, PRICE_CUT) & (rival == 1)
            price = np.where(cut, price * 0.9, price)
            price = np.maximum(np.round(price / 100) * 100 - 1, 99)
            share = np.array([c[2] for c in COMPETITORS])[rival]
            gone = self._between(day, SOLD_OUT) & (rival == 2) & tents
            share = np.where(gone, 0.25, share)
            stocked = chance.happens(share, "rival stock", index, day, product, rival)
            at = self._moment(index, day, 6 * 3600 + 600)
            for row in range(len(day)):
                by_year.setdefault(self._date(day[row]).year, []).append(
                    (
                        shop.shop_id,
                        _iso(at[row]),
                        variants.sku[product[row]],
                        COMPETITORS[rival[row]][0],
                        f"{price[row] / 100:.2f}",
                        shop.currency,
                        str(bool(stocked[row])).lower(),
                    )
                )
        for year, lines in by_year.items():
            self._flat(f"competitor_offers_{year}.csv", OFFER_COLUMNS, lines)

    def _between(self, day: np.ndarray, dates: tuple[date, date]) -> np.ndarray:
        since = (dates[0] - self.first).days
        return (day >= since) & (day <= (dates[1] - self.first).days)

    def _moment(self, index: int, day, seconds) -> np.ndarray:
        """The UTC moment of a wall-clock time on a day of the shop."""
        local = (np.asarray(day) + day_number(self.first)) * DAY + seconds
        return self.book.shops[index].clock.utc(np.atleast_1d(local))

    def _ranks(self) -> None:
        """Twenty search words of each shop, every Monday."""
        variants, chance = self.book.variants, self.chance
        words = [
            word for word, _ in (*GENERIC_TERMS["Search"], *GENERIC_TERMS["Shopping"])
        ]
        words = words[:20]
        goods = np.flatnonzero(variants.category != GIFT_CARDS)
        lines = []
        for index, shop in enumerate(SHOPS):
            day, word = (
                axis.ravel()
                for axis in np.meshgrid(
                    self._mondays(), np.arange(len(words)), indexing="ij"
                )
            )
            base = 5 + 18 * chance.uniform("word", index, word)
            place = base - 5.0 * day / 730
            late = day >= (SEARCH_UPDATE - self.first).days
            place = place + np.where(late, 3.0, 0)
            place = place * np.exp(0.15 * chance.normal("rank", index, day, word))
            place = np.maximum(np.round(place), 1).astype(np.int64)
            lost = chance.happens(0.04, "not found", index, day, word)
            product = goods[chance.whole(0, len(goods) - 1, "ranked", word)]
            for row in range(len(day)):
                lines.append(
                    (
                        shop.shop_id,
                        self._date(day[row]),
                        words[word[row]],
                        variants.sku[product[row]],
                        "google",
                        "" if lost[row] else place[row],
                    )
                )
        self._flat("product_ranks.csv", RANK_COLUMNS, lines)

    # ------------------------------------------------------------------ the monitors
    def _checks(self) -> None:
        """The European site, every half hour of the last thirteen months."""
        index = next(i for i, s in enumerate(SHOPS) if s.shop_id == "alder_eu")
        chance = self.chance
        since = max(0, self.book.days - WATCHED_DAYS)
        start = int(self._moment(index, since, 0)[0])
        at = np.arange(start, self.book.end(index) + 1, CHECK_EVERY)
        local = self.book.shops[index].clock.local(at)
        up = ~chance.happens(0.0009, "down", at)
        broken = self._is_broken(index, local)
        clock = local % DAY
        up &= ~(broken & (clock >= 9.5 * 3600) & (clock < 11.5 * 3600))
        wait = 260 * np.exp(0.3 * chance.normal("answer", at))
        wait = wait * np.where(broken, 4.0, 1.0)
        # The script slept for a night.
        asleep = (local // DAY == day_number(date(2026, 2, 3))) & (clock < 6 * 3600)
        lines = [
            (
                "alder_eu",
                _iso(at[row]),
                f"{SITE}/eu/",
                str(bool(up[row])).lower(),
                f"{wait[row]:.0f}" if up[row] else "",
                CHECK_EVERY,
            )
            for row in np.flatnonzero(~asleep)
        ]
        self._flat("uptime_checks.csv", CHECK_COLUMNS, lines)

    def _robot(self) -> None:
        """UptimeRobot's log of the American site, the newest stretch first."""
        index = next(i for i, s in enumerate(SHOPS) if s.shop_id == "alder_us")
        chance = self.chance
        start, end = int(self._moment(index, 0, 9 * 3600)[0]), self.book.end(index)
        nth = np.arange(1 + self.book.days // 12)
        gaps = chance.waiting(16 * DAY, "outage", nth).astype(np.int64) + 7200
        lasts = 60 * (2 + chance.waiting(14, "outage lasts", nth).astype(np.int64))
        downs = start + np.cumsum(gaps) + np.cumsum(lasts) - lasts
        stretches, begun = [], start
        for down, seconds in zip(downs, lasts, strict=True):
            if down + seconds >= end:
                break
            stretches.append(("Up", begun, int(down) - begun, "OK"))
            why = ("Connection Timeout", "Internal Server Error")[
                int(seconds) // 60 % 2
            ]
            stretches.append(("Down", int(down), int(seconds), why))
            begun = int(down) + int(seconds)
        stretches.append(("Up", begun, end - begun, "OK"))
        header = ["Event", "Monitor", "Date-Time", "Reason", "Duration"]
        header.append("Duration (in mins.)")
        lines = [
            (
                event,
                "Alder & Co America",
                _iso(at).replace("T", " ").removesuffix("Z"),
                why,
                f"{seconds // 3600} hrs, {seconds % 3600 // 60} mins",
                seconds // 60,
            )
            for event, at, seconds, why in reversed(stretches)
        ]
        name = "landing/uptimerobot/alder_us/uptimerobot-all_monitors-logs.csv"
        self.writer.csv(name, header, lines)

    # ------------------------------------------------------------------ the pages
    def _measure(self, index: int, v: Table) -> None:
        """The first page of some visits, and the checkout of those who came so far."""
        chance = self.chance
        some = chance.happens(self.load_share, "measured", v["key"])
        there = chance.happens(min(1.0, 4 * self.load_share), "at checkout", v["key"])
        there &= v["checks"] > 0
        parts = []
        for rows, page, later in (
            (np.flatnonzero(some), v["landing"], 0),
            (np.flatnonzero(there), np.full(length(v), CHECKOUT), 0.8),
        ):
            at = v["at"][rows] + (later * v["length"][rows]).astype(np.int64)
            parts.append(
                {
                    "at": at,
                    "page": page[rows],
                    "variant": np.where(
                        page[rows] == PRODUCT, v["landing_variant"][rows], -1
                    ),
                    "device": v["device"][rows],
                    "key": v["key"][rows],
                    "luck": _luck(v["key"][rows]),
                }
            )
        loads = stack(parts)
        if not length(loads):
            return
        loads = take(loads, loads["at"] <= self.book.end(index))
        local = self.book.shops[index].clock.local(loads["at"])
        broken = self._is_broken(index, local)
        month = local.astype("datetime64[s]").astype("datetime64[M]").astype(int) % 12
        typical = np.array([2050.0, 1280.0, 1650.0])[loads["device"]]
        typical = typical * np.where(loads["page"] == PRODUCT, 1.12, 1.0)
        # December is crowded; in spring 2026 the pictures moved to a network.
        typical = typical * np.where(month >= 10, 1.14, 1.0)
        typical = typical * np.where(
            local >= day_number(date(2026, 4, 1)) * DAY, 0.86, 1.0
        )
        typical = typical * np.where(broken, 1.9, 1.0)
        place = (index, loads["key"], loads["page"])
        lcp = typical * np.exp(0.48 * chance.normal("paint", *place))
        at_checkout = loads["page"] == CHECKOUT
        script = np.where(at_checkout, 0.011, 0.005)
        script = np.where(broken, np.where(at_checkout, 0.9, 0.04), script)
        server = np.where(broken, 0.05, 0.0015)
        failed = chance.happens(server, "server error", *place)
        loads["lcp"] = np.where(failed, -1, lcp).astype(np.int64)
        loads["script"] = chance.happens(script, "script error", *place)
        loads["status"] = np.where(failed, 503, 200)
        loads["shop"] = np.full(length(loads), index)
        self.loads.append(loads)

    def _tap(self, index: int, v: Table) -> None:
        """What some visitors click."""
        chance = self.chance
        some = np.flatnonzero(
            chance.happens(self.click_share, "tapped", v["key"]) & ~v["bounces"]
        )
        # On the day of the broken checkout many pressed the button again and again.
        lost = np.flatnonzero(v["why"] == LOST)
        if not len(some) and not len(lost):
            return
        parts = []

        def add(rows, page, kind, late, nth):
            parts.append(
                {
                    "visit": rows,
                    "page": np.broadcast_to(page, len(rows)),
                    "kind": np.full(len(rows), list(ELEMENTS).index(kind)),
                    "late": np.broadcast_to(late, len(rows)),
                    "nth": np.full(len(rows), nth),
                }
            )

        landing = v["landing"][some]
        for page, kind in (
            (HOME, "home"),
            (COLLECTION, "collection"),
            (PRODUCT, "product"),
            (SEARCH, "search"),
        ):
            here = some[landing == page]
            add(here, page, kind, 0.05, 0)
            again = here[chance.happens(0.45, "taps again", v["key"][here])]
            add(again, page, kind, 0.12, 1)
        bought = some[v["adds"][some] > 0]
        add(bought[v["landing"][bought] == PRODUCT], PRODUCT, "add", 0.3, 2)
        went = some[v["checks"][some] > 0]
        add(went, CART, "cart", 0.7, 3)
        add(some[v["pays"][some] > 0], CHECKOUT, "checkout", 0.95, 4)
        for nth in range(5, 9):
            add(lost, CHECKOUT, "checkout", 0.9 + 0.01 * nth, nth)
        taps = stack(parts)
        if not length(taps):
            return
        rows, kind = taps["visit"], taps["kind"]
        size = max(len(choices) for choices in ELEMENTS.values())
        weights = np.array(
            [[*(c[3] for c in choices), *[0.0] * (size - len(choices))]
             for choices in ELEMENTS.values()]
        )  # fmt: skip
        taps["element"] = chance.pick_row(
            weights, kind, "element", v["key"][rows], taps["nth"]
        )
        taps["at"] = v["at"][rows] + (taps["late"] * v["length"][rows]).astype(np.int64)
        taps["at"] += 1 + taps["nth"]
        taps["variant"] = np.where(
            taps["page"] == PRODUCT, v["landing_variant"][rows], -1
        )
        taps["luck"] = _luck(v["key"][rows])
        # The browser's id, as the analytics tool has it.
        taps["client"] = chance.whole(
            10**9, 10**10 - 1, "client", index, v["visitor"][rows]
        )
        taps["since"] = chance.whole(
            16 * 10**8, 17 * 10**8, "client since", index, v["visitor"][rows]
        )
        taps["session"] = v["at"][rows]
        taps["shop"] = np.full(length(taps), index)
        self.clicks.append(take(taps, taps["at"] <= self.book.end(index)))

    def _addresses(self, shop: int) -> str:
        """SQL of a page's address."""
        folder = SHOPS[shop].shop_id.split("_")[1]
        collections = text_list(c.replace("_", "-") for c in CATEGORIES[:-1])
        return f"""'{SITE}/{folder}' || case page
            when {HOME} then '/'
            when {COLLECTION} then '/collections/' || {collections}[luck % 7 + 1]
            when {PRODUCT} then '/products/' || handle
            when {CART} then '/cart'
            when {CHECKOUT} then '/checkout'
            when {THANKS} then '/thank-you'
            else '/search' end"""

    def _load_files(self) -> None:
        loads = stack(self.loads)
        if not length(loads):
            return
        loads["moment"] = loads.pop("at")
        years = loads["moment"].astype("datetime64[s]").astype("datetime64[Y]")
        loads["year"] = years.astype(int) + 1970
        self.writer.table("page_loads", loads)
        for year in range(self.first.year, self.last.year + 2):
            for index, shop in enumerate(SHOPS):
                if not ((loads["year"] == year) & (loads["shop"] == index)).any():
                    continue
                self.writer.append_csv(
                    f"landing/flat/page_loads_{year}.csv",
                    LOAD_COLUMNS,
                    f"""select '{shop.shop_id}', printf('%016x-%d', key, page),
                        {UTC},
                        {self._addresses(index)},
                        {text_list(DEVICES)}[device + 1],
                        case when lcp >= 0 then lcp end, script, status
                    from page_loads
                    left join variants_{shop.shop_id} as variants using (variant)
                    where shop = {index} and year = {year}
                    order by moment, key, page""",
                )

    def _click_file(self) -> None:
        clicks = stack(self.clicks)
        if not length(clicks):
            return
        clicks["moment"] = clicks.pop("at")
        self.writer.table("taps", clicks)
        rows = [
            (kind, place, *element[:3])
            for kind, choices in enumerate(ELEMENTS.values())
            for place, element in enumerate(choices)
        ]
        columns = ("kind", "element", "id", "words", "link")
        self.writer.keep(
            "elements",
            dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True)),
        )
        for index, shop in enumerate(SHOPS):
            if not (clicks["shop"] == index).any():
                continue
            self.writer.append_csv(
                "landing/flat/element_clicks.csv",
                CLICK_COLUMNS,
                f"""select '{shop.shop_id}',
                    {UTC},
                    client || '.' || since || ':' || session,
                    {self._addresses(index)}, id, words, link,
                    case when link <> '' then 'true' else 'false' end
                from taps
                inner join elements using (kind, element)
                left join variants_{shop.shop_id} as variants using (variant)
                where shop = {index} order by moment, client, nth""",
            )

    def _flat(self, name: str, header: list[str], lines: list) -> None:
        self.writer.csv(f"landing/flat/{name}", header, lines)


def _luck(key: np.ndarray) -> np.ndarray:
    """What of several addresses a visit saw, as its events tell it."""
    return (key & np.uint64(2**31 - 1)).astype(np.int64)


def _iso(moment) -> str:
    return str(np.datetime64(int(moment), "s")) + "Z"


def _measures(clicks, shown, position) -> tuple:
    """Clicks, impressions, CTR and position as the page's export writes them."""
    rate = f"{100 * clicks / shown:.2f}".rstrip("0").rstrip(".") if shown else "0"
    place = f"{position:.2f}".rstrip("0").rstrip(".")
    return int(clicks), int(shown), f"{rate}%", place
