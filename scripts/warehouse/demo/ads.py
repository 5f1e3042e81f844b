"""What the ad platforms report: spend that fits the visits their ads brought."""

from datetime import date, timedelta

import numpy as np

from warehouse.demo.chance import Chance
from warehouse.demo.clock import DAY, day_number
from warehouse.demo.orders import spread
from warehouse.demo.table import Table, length, names, stack, take
from warehouse.demo.world import (
    BRAND_TERMS,
    CAMPAIGNS,
    CLICK_WINDOWS,
    CLICKS_PER_SESSION,
    GENERIC_TERMS,
    SHOPS,
    Shop,
)
from warehouse.demo.write import Writer, csv_line

GOOGLE_COLUMNS = names(
    "Day,Campaign status,Campaign,Campaign ID,Campaign type,Currency code,Impr.,Clicks,"
    "Interactions,CTR,Avg. CPC,Cost,Conversions,Conv. value"
)
SEARCH_COLUMNS = names(
    "Day,Search term,Match type,Added/Excluded,Campaign,Ad group,Keyword,Impr.,"
    "Interactions,Clicks,Currency code,Cost,Conversions,Campaign type"
)
META_COLUMNS = names(
    "Day|Reporting starts|Reporting ends|Campaign name|Campaign ID|Campaign delivery|"
    "Attribution setting|Results|Result indicator|Reach|Frequency|Cost per results|"
    "Amount spent ({currency})|Impressions|"
    "CPM (cost per 1,000 impressions) ({currency})|"
    "Link clicks|CPC (cost per link click) ({currency})|CTR (link click-through rate)|"
    "Clicks (all)|CTR (all)|CPC (all) ({currency})|Purchases|"
    "Purchases conversion value",
    "|",
)
COST_COLUMNS = names(
    "shop_id,starts_on,ends_on,cost_class,purpose,channel,amount,currency,description"
)


class Ads:
    """Counts what each campaign brought by day and turns it into ad reports.

    Args:
        chance: The draws.
        first, last: The range of days.
        click_factor: Clicks for each tracked visit (more where few visits are tracked).
    """

    def __init__(self, chance: Chance, first: date, last: date, click_factor: float):
        self.chance, self.first, self.last = chance, first, last
        self.days = (last - first).days + 1
        shape = (len(CAMPAIGNS), self.days)
        self.visits = np.zeros(shape, dtype=np.int64)
        self.sold = np.zeros(shape, dtype=np.int64)
        self.value = np.zeros(shape, dtype=np.int64)
        self.click_factor = click_factor
        self.clicks_before: dict[tuple[int, str], Table] = {}

    def count(self, index: int, v: Table, ad, seen, buys, cents) -> None:
        """Count a month's visits through ads, and what the platforms claim.

        A platform claims every purchase that its tag sees within the window after a
        click on one of its ads in the same browser, whoever else led there: for the
        ad clicked last, on the day of that click, with all that was charged.

        Args:
            index: Position of the shop.
            v: Its visits of a month; months come in order.
            ad: Campaign that brought the visit, -1 without.
            seen: Whether the tags were in place.
            buys: Whether the visit bought.
            cents: What was charged for it.
        """
        day = v["day"] - day_number(self.first)
        rows = ad >= 0
        np.add.at(self.visits, (ad[rows], day[rows]), 1)
        platform = np.array([campaign.platform for campaign in CAMPAIGNS])[ad]
        bought = np.flatnonzero(buys & seen)
        for name, window in CLICK_WINDOWS.items():
            rows = np.flatnonzero((platform == name) & (ad >= 0) & seen)
            new = {
                "visitor": v["visitor"][rows],
                "at": v["at"][rows],
                "ad": ad[rows],
                "day": day[rows],
            }
            clicks = stack([self.clicks_before.get((index, name), {}), new])
            if not clicks:
                continue
            recent = clicks["at"] > int(v["at"].max()) - (window + 2) * DAY
            self.clicks_before[index, name] = take(clicks, recent)
            last = self._last_click(clicks, v, bought, window * DAY)
            found = last >= 0
            place = (clicks["ad"][last[found]], clicks["day"][last[found]])
            np.add.at(self.sold, place, 1)
            np.add.at(self.value, place, cents[bought[found]])

    @staticmethod
    def _last_click(clicks: Table, v: Table, bought, seconds: int) -> np.ndarray:
        """For each purchase the position of its browser's last click, -1 without."""
        many = length(clicks)
        visitor = np.concatenate([clicks["visitor"], v["visitor"][bought]])
        at = np.concatenate([clicks["at"], v["at"][bought] + v["length"][bought]])
        position = np.arange(len(at))
        order = np.lexsort((position, at, visitor))
        is_click = position[order] < many
        latest = np.maximum.accumulate(np.where(is_click, np.arange(len(at)), -1))
        click = np.where(latest >= 0, order[latest], -1)
        same = (click >= 0) & (visitor[click] == visitor[order])
        same &= at[order] - at[click] <= seconds
        last = np.full(len(at), -1)
        last[order] = np.where(same, click, -1)
        return last[many:]

    def finish(self) -> None:
        """Clicks, impressions, spend in cents, reach and claimed sales of every day."""
        chance = self.chance
        ad, day = np.indices(self.visits.shape)
        exact = self.visits * self.click_factor * CLICKS_PER_SESSION
        self.clicks = np.floor(exact + chance.uniform("clicks", ad, day)).astype(
            np.int64
        )
        rate = np.array([c.click_rate for c in CAMPAIGNS])[ad]
        rate = rate * np.exp(0.08 * chance.normal("click rate", ad, day))
        shown = np.maximum(self.clicks / rate, self.clicks + 3)
        self.impressions = np.where(self.clicks > 0, shown, 0).astype(np.int64)
        cost = np.array([c.click_cost for c in CAMPAIGNS])[ad]
        cost = cost * np.exp(0.06 * chance.normal("click cost", ad, day))
        # Auctions get dearer over the years and before Christmas.
        months = (np.datetime64(self.first) + day).astype("datetime64[M]").astype(
            int
        ) % 12
        cost = cost * (1 + 0.05 * day / 365) * np.where(months >= 10, 1.15, 1.0)
        self.spend = np.floor(self.clicks * cost * 100 + 0.5).astype(np.int64)
        self.reach = np.floor(
            self.impressions / (1.15 + 0.4 * chance.uniform("reach", ad, day))
        ).astype(np.int64)

    def _day(self, number: int) -> str:
        return (self.first + timedelta(days=int(number))).isoformat()

    # ------------------------------------------------------------------ Google
    def google(self, writer: Writer, index: int) -> None:
        """Campaign and search term reports of one shop, a file a year."""
        shop = SHOPS[index]
        ads = [
            i
            for i, c in enumerate(CAMPAIGNS)
            if (c.shop_id, c.platform) == (shop.shop_id, "google_ads")
        ]
        for year in range(self.first.year, self.last.year + 1):
            start = max(self.first, date(year, 1, 1))
            stop = min(self.last, date(year, 12, 31))
            days = range((start - self.first).days, (stop - self.first).days + 1)
            excel = shop.shop_id == "alder_us" and year == 2025
            self._campaigns(writer, shop, ads, days, start, stop, excel)
            self._search_terms(writer, shop, ads, days, start, stop)

    def _campaigns(
        self, writer, shop: Shop, ads, days, start, stop, excel: bool
    ) -> None:
        rows = []
        for day in days:
            for ad in ads:
                rows.append((day, ad))
        total = np.zeros(5)
        by_kind: dict[str, np.ndarray] = {}
        lines = []

        def cells(impressions, clicks, spend, sold, value):
            share = f"{clicks / impressions:.2%}" if impressions else " --"
            each = f"{spend / clicks / 100:.2f}" if clicks else " --"
            return [
                f"{int(impressions):,}",
                f"{int(clicks):,}",
                f"{int(clicks):,}",
                share,
                each,
                f"{spend / 100:.2f}",
                f"{sold:.2f}",
                f"{value / 100:.2f}",
            ]

        for day, ad in rows:
            campaign = CAMPAIGNS[ad]
            numbers = np.array(
                [
                    self.impressions[ad, day],
                    self.clicks[ad, day],
                    self.spend[ad, day],
                    self.sold[ad, day],
                    self.value[ad, day],
                ]
            )
            total += numbers
            by_kind.setdefault(campaign.kind, np.zeros(5))
            by_kind[campaign.kind] += numbers
            lines.append(
                [
                    self._day(day),
                    "Enabled",
                    campaign.name,
                    campaign.campaign_id,
                    campaign.kind,
                    shop.currency,
                    *cells(*numbers),
                ]
            )
        blank = [" --"] * 4
        lines.append(["Total: Campaigns", *blank, shop.currency, *cells(*total)])
        lines.append(["Total: Account", "", "", "", "", shop.currency, *cells(*total)])
        for kind, numbers in by_kind.items():
            lines.append(
                [f"Total: {kind}", "", "", "", kind, shop.currency, *cells(*numbers)]
            )
        name = f"landing/google_ads/{shop.shop_id}/campaign_report_{start.year}.csv"
        title = ["Campaign report", f"{_english(start)} - {_english(stop)}"]
        if excel:  # the download "Excel .csv"
            text = "\n".join(
                [
                    "\t".join(cells)
                    for cells in ([title[0]], [title[1]], GOOGLE_COLUMNS, *lines)
                ]
            )
            writer.write(name, "\ufeff" + text + "\n", len(lines), "utf-16-le")
        else:
            text = f'{title[0]}\n"{title[1]}"\n' + _csv([GOOGLE_COLUMNS, *lines])
            writer.write(name, text, len(lines))

    def _search_terms(self, writer, shop: Shop, ads, days, start, stop) -> None:
        lines = []
        days = np.array(days)
        for ad in ads:
            campaign = CAMPAIGNS[ad]
            if campaign.kind == "Display":
                continue
            brand = "Brand" in campaign.name
            terms = BRAND_TERMS if brand else GENERIC_TERMS[campaign.kind]
            day, term = np.meshgrid(days, np.arange(len(terms)), indexing="ij")
            shares = np.array([weight for _, weight in terms])
            shares = shares * np.exp(0.3 * self.chance.normal("term", ad, day, term))
            clicks = spread(shares, self.clicks[ad, days])
            shown = np.maximum(spread(shares, self.impressions[ad, days]), clicks)
            spend = spread(clicks + 1e-9, self.spend[ad, days])
            for row, column in zip(*np.nonzero(shown), strict=True):
                text = terms[column][0]
                count = f"{clicks[row, column]:,}"
                lines.append(
                    (
                        self._day(days[row]),
                        text,
                        "Exact match" if brand else "Broad match",
                        "None",
                        campaign.name,
                        "Brand" if brand else "All",
                        f"[{text}]" if brand else " --",
                        f"{shown[row, column]:,}",
                        count,
                        count,
                        shop.currency,
                        f"{spend[row, column] / 100:.2f}",
                        "0.00",
                        campaign.kind,
                    )
                )
        lines.sort(key=lambda line: (line[0], line[4]))
        spent = sum(
            int(self.spend[ad, day])
            for ad in ads
            for day in days
            if CAMPAIGNS[ad].kind != "Display"
        )
        total = [
            "Total: Search terms",
            *[" --"] * 9,
            shop.currency,
            f"{spent / 100:.2f}",
            "0.00",
            " --",
        ]
        text = f'Search terms report\n"{_english(start)} - {_english(stop)}"\n'
        text += _csv([SEARCH_COLUMNS, *lines, total])
        name = f"landing/google_ads/{shop.shop_id}/search_terms_report_{start.year}.csv"
        writer.write(name, text, len(lines) + 1)

    # ------------------------------------------------------------------ Meta
    def meta(self, writer: Writer, index: int) -> None:
        """Campaigns by day of one shop, a file a year; the first one in French."""
        shop = SHOPS[index]
        ads = [
            i
            for i, c in enumerate(CAMPAIGNS)
            if (c.shop_id, c.platform) == (shop.shop_id, "meta_ads")
        ]
        for year in range(self.first.year, self.last.year + 1):
            start = max(self.first, date(year, 1, 1))
            stop = min(self.last, date(year, 12, 31))
            days = range((start - self.first).days, (stop - self.first).days + 1)
            french = shop.shop_id == "alder_eu" and year == self.first.year
            rows = [
                (day, ad) for day in days for ad in ads if self.impressions[ad, day]
            ]
            self._meta_file(writer, shop, rows, start, stop, french)

    def _meta_file(self, writer, shop: Shop, rows, start, stop, french: bool) -> None:
        name = f"Account-Campaigns-{_dashed(start)}-{_dashed(stop)}.csv"
        name = f"landing/meta_ads/{shop.shop_id}/{name}"
        spent = sum(int(self.spend[ad, day]) for day, ad in rows)
        shown = sum(int(self.impressions[ad, day]) for day, ad in rows)
        clicked = sum(int(self.clicks[ad, day]) for day, ad in rows)
        if french:
            lines = [["", "", "", _comma(spent), str(shown), "", str(clicked), "", ""]]
        else:
            lines = [
                [
                    "",
                    start.isoformat(),
                    stop.isoformat(),
                    "",
                    "",
                    "",
                    "",
                    "",
                    "",
                    "",
                    "",
                    "",
                    f"{spent / 100:.2f}",
                    shown,
                    "",
                    clicked,
                    *[""] * 7,
                ]
            ]
        for day, ad in rows:
            campaign, when = CAMPAIGNS[ad], self._day(day)
            spend, clicks = int(self.spend[ad, day]), int(self.clicks[ad, day])
            impressions, reach = (
                int(self.impressions[ad, day]),
                int(self.reach[ad, day]),
            )
            sold, value = int(self.sold[ad, day]), int(self.value[ad, day])
            every = int(clicks * 1.35)
            if french:
                lines.append(
                    [
                        "/".join(reversed(when.split("-"))),
                        campaign.name,
                        campaign.campaign_id,
                        _comma(spend),
                        _thin(impressions),
                        _thin(reach),
                        _thin(clicks),
                        str(sold or ""),
                        _comma(value) if sold else "",
                    ]
                )
                continue
            lines.append(
                [
                    when,
                    when,
                    when,
                    campaign.name,
                    campaign.campaign_id,
                    "active",
                    "7-day click",
                    sold or "",
                    "Website Purchase" if sold else "",
                    reach,
                    f"{impressions / max(reach, 1):.2f}",
                    f"{spend / sold / 100:.2f}" if sold else "",
                    f"{spend / 100:.2f}",
                    impressions,
                    f"{spend / impressions * 10:.2f}",
                    clicks,
                    f"{spend / clicks / 100:.2f}" if clicks else "",
                    f"{clicks / impressions * 100:.2f}",
                    every,
                    f"{every / impressions * 100:.2f}",
                    f"{spend / every / 100:.2f}" if every else "",
                    sold or "",
                    f"{value / 100:.2f}" if sold else "",
                ]
            )
        if french:
            header = [
                "Jour",
                "Nom de la campagne",
                "Identifiant de la campagne",
                f"Montant dépensé ({shop.currency})",
                "Impressions",
                "Couverture",
                "Clics sur un lien",
                "Achats",
                "Valeur de conversion des achats",
            ]
            text = "\n".join(
                ";".join(_quoted(c) for c in line) for line in [header, *lines]
            )
            writer.write(name, "\ufeff" + text + "\n", len(lines))
        else:
            header = [column.format(currency=shop.currency) for column in META_COLUMNS]
            writer.write(name, _csv([header, *lines]), len(lines))


def _csv(rows) -> str:
    return b"".join(csv_line(row) for row in rows).decode()


def _quoted(cell: str) -> str:
    return f'"{cell}"' if ";" in cell or '"' in cell else cell


def _comma(cents: int) -> str:
    """1234567 as `12 345,67`, with the no-break space that French files have."""
    return _thin(cents // 100) + f",{cents % 100:02d}"


def _thin(number: int) -> str:
    return f"{number:,}".replace(",", "\u00a0")


def _english(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"


def _dashed(day: date) -> str:
    return f"{day:%b}-{day.day}-{day.year}"
