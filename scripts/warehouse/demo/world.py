# ruff: noqa: E501 — tables of figures read better unbroken
# fmt: off
"""The world of the demo shop: who sells what to whom, and when people feel like buying.

Nothing here is random. Alder & Co sells outdoor and home goods in two shops; every
number below was chosen so that the KPIs land where such shops usually are.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

SITE = "https://www.alder-co.example"
CATEGORIES = (
    "tents",
    "packs",
    "clothing",
    "footwear",
    "cookware",
    "lighting",
    "accessories",
    "gift_cards",
)
GIFT_CARDS = CATEGORIES.index("gift_cards")
DEVICES = ("mobile", "desktop", "tablet")

# What goes wrong, so that the diagnoses have something to find.
BROKEN_CHECKOUT = date(2026, 7, 14)
FAILED_CAMPAIGN = (date(2026, 5, 4), date(2026, 5, 24))
NO_EVENT_EXPORT = ("alder_us", date(2024, 10, 1), date(2024, 11, 30))
JSON_MONTH = (2025, 2)
# A GA4 property keeps the time zone that it was set up with.
GA4_ZONES = {"alder_eu": "America/Los_Angeles"}
# Days after a click within which an ad platform claims a purchase.
CLICK_WINDOWS = {"google_ads": 30, "meta_ads": 7}


@dataclass(frozen=True)
class Country:
    """Where parcels go: tax rate, share of the shop's customers, how addresses look."""

    code: str
    name: str
    share: float
    tax: float
    tax_name: str
    dial: str
    cities: tuple[tuple[str, str, str, str], ...]  # city, zip, province, its name
    cod: float = 0.0
    bank: float = 0.0


@dataclass(frozen=True)
class Shop:
    """One storefront."""

    shop_id: str
    name: str
    zone: str
    currency: str
    prices_include_tax: bool
    country: str
    share: float
    price_factor: float
    free_shipping: int  # cents of merchandise
    shipping: tuple[int, int]  # home country, others
    order_base: int
    customer_base: int
    property_id: str
    holidays: tuple[tuple[int, int, float], ...]
    countries: tuple[Country, ...] = field(repr=False)
    pos: float = 0.0


SHOPS = (
    Shop(
        "alder_eu", "Alder & Co Europe", "Europe/Berlin", "EUR", True, "DE",
        0.64, 1.0, 7000, (490, 990), 5_612_000_000_000, 7_204_000_000_000,
        "387100411",
        ((1, 1, 0.5), (5, 1, 0.8), (10, 3, 0.85), (12, 24, 0.5), (12, 25, 0.4),
         (12, 26, 0.55), (12, 31, 0.7)),
        (
            Country("DE", "Germany", 0.55, 0.19, "DE MwSt", "+4915", (
                ("Berlin", "10115", "BE", "Berlin"), ("Hamburg", "20095", "HH", "Hamburg"),
                ("München", "80331", "BY", "Bayern"), ("Köln", "50667", "NW", "Nordrhein-Westfalen"),
                ("Leipzig", "04109", "SN", "Sachsen")), bank=0.06),
            Country("AT", "Austria", 0.10, 0.20, "AT MwSt", "+4366", (
                ("Wien", "1010", "", ""), ("Graz", "8010", "", ""))),
            Country("FR", "France", 0.10, 0.20, "FR TVA", "+3360", (
                ("Lyon", "69001", "", ""), ("Annecy", "74000", "", ""))),
            Country("NL", "Netherlands", 0.09, 0.21, "NL btw", "+3161", (
                ("Utrecht", "3511 LX", "", ""), ("Den Haag", "2511 BT", "", ""))),
            Country("IT", "Italy", 0.06, 0.22, "IT IVA", "+3934", (
                ("Torino", "10121", "TO", "Torino"), ("Bolzano", "39100", "BZ", "Bolzano")),
                cod=0.42),
            Country("ES", "Spain", 0.05, 0.21, "ES IVA", "+3461", (
                ("Madrid", "28001", "M", "Madrid"), ("Bilbao", "48001", "BI", "Vizcaya")),
                cod=0.34),
            Country("PL", "Poland", 0.05, 0.23, "PL VAT", "+4850", (
                ("Kraków", "30-001", "", ""), ("Gdańsk", "80-001", "", "")),
                cod=0.45),
        ),
        pos=0.02,
    ),
    Shop(
        "alder_us", "Alder & Co America", "America/New_York", "USD", False, "US",
        0.36, 0.95, 6000, (595, 1395), 4_918_000_000_000, 6_310_000_000_000,
        "412557290",
        ((1, 1, 0.6), (7, 4, 0.8), (11, 27, 0.9), (12, 24, 0.6), (12, 25, 0.45)),
        (
            Country("US", "United States", 0.90, 0.066, "State Tax", "+1212", (
                ("New York", "10001", "NY", "New York"), ("Portland", "97201", "OR", "Oregon"),
                ("Denver", "80202", "CO", "Colorado"), ("Seattle", "98101", "WA", "Washington"),
                ("Austin", "78701", "TX", "Texas"), ("Boston", "02108", "MA", "Massachusetts"))),
            Country("CA", "Canada", 0.10, 0.13, "HST", "+1416", (
                ("Toronto", "M5H 2N2", "ON", "Ontario"), ("Ottawa", "K1P 1J1", "ON", "Ontario"))),
        ),
        pos=0.015,
    ),
)

# --------------------------------------------------------------------- products
_SERIES = (
    "Fjell", "Birk", "Solv", "Tarn", "Moss", "Heath", "Rowan", "Cairn", "Skog", "Lark",
    "Fen", "Brae", "Stein", "Elva", "Nord", "Hazel", "Vidda", "Ember", "Loch", "Pine",
)
_SIZES = {"clothing": ("S", "M", "L", "XL"), "footwear": ("38", "40", "42", "44")}
_ASSORTMENT = {
    # category: things, price range in whole units, share of lines, cost ratio, returns
    "tents": (("Tent 2", "Tent 3", "Tarp", "Hammock"), (45, 195), 0.07, 0.52, 0.07),
    "packs": (("Daypack 22", "Trekking Pack 55", "Duffel 40"), (35, 109), 0.12, 0.49, 0.07),
    "clothing": (("Rain Jacket", "Fleece", "Merino Shirt", "Trousers", "Beanie"), (15, 95), 0.27, 0.41, 0.21),
    "footwear": (("Hiking Boots", "Trail Shoes", "Sandals"), (35, 95), 0.10, 0.47, 0.23),
    "cookware": (("Stove", "Pot Set", "Kettle", "Mug", "Knife"), (9, 52), 0.15, 0.50, 0.05),
    "lighting": (("Lantern", "Headlamp", "String Lights"), (10, 45), 0.10, 0.46, 0.06),
    "accessories": (("Bottle", "Dry Bag", "Towel", "Blanket", "Socks", "Map Case"), (5, 29), 0.19, 0.43, 0.05),
}
CATEGORY_SHARE = np.array([v[2] for v in _ASSORTMENT.values()])
RETURN_SHARE = np.array([v[4] for v in _ASSORTMENT.values()] + [0.0])
# How much more a category sells in each month of the year.
_SUMMER = np.array([0.5, 0.6, 0.9, 1.2, 1.5, 1.6, 1.6, 1.3, 0.9, 0.6, 0.5, 0.6])
_WINTER = np.array([1.5, 1.3, 1.0, 0.8, 0.7, 0.6, 0.6, 0.7, 1.0, 1.3, 1.5, 1.6])
CATEGORY_SEASON = np.stack(
    [
        _SUMMER,
        (_SUMMER + 1) / 2,
        (_WINTER + 2) / 3,
        np.ones(12),
        (_SUMMER + 1) / 2,
        _WINTER,
        np.ones(12),
    ],
    axis=1,
)


@dataclass(frozen=True)
class Variants:
    """All sellable variants, as arrays of one length, ordered by category."""

    sku: list[str]
    handle: list[str]
    title: list[str]
    option: list[str]  # '' where there is only one variant
    vendor: list[str]
    category: np.ndarray
    product: np.ndarray
    price: np.ndarray  # base price in cents before a shop's factor
    cost: np.ndarray  # cents; -1 where the shop never entered a cost
    first: np.ndarray  # first variant of each category
    count: np.ndarray  # variants of each category


def build_variants() -> Variants:
    """The assortment: about 180 products with 300 variants, and a gift card."""
    rows = []
    product = 0
    for category, (things, (low, high), _, ratio, _) in _ASSORTMENT.items():
        makes = 24 if category in ("clothing", "accessories") else 20
        for number in range(makes):
            thing = things[number % len(things)]
            title = f"{_SERIES[(number * 7 + product) % len(_SERIES)]} {thing}"
            # Things of one kind cost alike; the series spread them over the range.
            position = (things.index(thing) + 0.5) / len(things)
            position = 1 - position + 0.25 * ((number * 13) % 7 / 6 - 0.5)
            price = round(low + (high - low) * min(max(position, 0.0), 1.0)) * 100 - 5
            cost = -1 if number == 11 else round(price / 1.19 * ratio * (0.9 + number % 5 * 0.05))
            code = f"AL-{category[:3].upper()}-{number + 1:03d}"
            handle = f"{title.lower().replace(' ', '-')}-{number + 1}"
            vendor = ("Alder & Co", "Alder & Co", "Nordwand", "Kettle, Pot & Sons")[number % 4]
            for option in _SIZES.get(category, ("",)):
                sku = f"{code}-{option}" if option else code
                rows.append((sku, handle, title, option, vendor, category, product, price, cost))
            product += 1
    for value in (25, 50, 100):
        rows.append((f"AL-GIFT-{value}", "gift-card", "Gift Card", f"{value}", "Alder & Co",
                     "gift_cards", product, value * 100, -1))
    columns = list(zip(*rows, strict=True))
    category = np.array([CATEGORIES.index(c) for c in columns[5]])
    return Variants(
        *(list(column) for column in columns[:5]),
        category,
        np.array(columns[6]),
        np.array(columns[7]),
        np.array(columns[8]),
        np.searchsorted(category, np.arange(len(CATEGORIES))),
        np.bincount(category, minlength=len(CATEGORIES)),
    )


def shop_prices(variants: Variants, shop: Shop) -> tuple[np.ndarray, np.ndarray]:
    """Prices in cents of the shop's currency, before and since the rise of 2026."""
    base = variants.price * shop.price_factor
    gift = variants.category == GIFT_CARDS
    before = np.where(gift, variants.price, np.round(base / 100) * 100 - 5)
    since = np.where(gift, variants.price, np.round(base * 1.04 / 100) * 100 - 5)
    return before.astype(np.int64), since.astype(np.int64)


def shop_costs(variants: Variants, shop: Shop) -> np.ndarray:
    """Cost per item in cents of the shop's currency; -1 where it is not known."""
    return np.where(
        variants.cost < 0, -1, np.round(variants.cost * shop.price_factor)
    ).astype(np.int64)


# --------------------------------------------------------------------- traffic
@dataclass(frozen=True)
class Channel:
    """A default channel group: its share of visits and how well its visits do."""

    channel_id: str
    label: str
    share: float  # of visits of strangers
    known_share: float  # of visits and orders of customers
    conversion: float  # relative
    bounce: float


CHANNELS = (
    Channel("direct", "Direct", 0.16, 0.30, 1.15, 0.40),
    Channel("organic_search", "Organic Search", 0.27, 0.19, 1.00, 0.40),
    Channel("paid_search", "Paid Search", 0.12, 0.15, 1.30, 0.36),
    Channel("paid_shopping", "Paid Shopping", 0.12, 0.06, 1.25, 0.46),
    Channel("paid_social", "Paid Social", 0.13, 0.04, 0.60, 0.58),
    Channel("organic_social", "Organic Social", 0.07, 0.03, 0.35, 0.60),
    Channel("email", "Email", 0.03, 0.17, 1.90, 0.30),
    Channel("affiliates", "Affiliates", 0.04, 0.03, 1.30, 0.38),
    Channel("referral", "Referral", 0.04, 0.02, 0.70, 0.46),
    Channel("display", "Display", 0.02, 0.01, 0.25, 0.72),
)
CHANNEL_IDS = [channel.channel_id for channel in CHANNELS]
DIRECT, EMAIL = CHANNEL_IDS.index("direct"), CHANNEL_IDS.index("email")
PAID_SOCIAL = CHANNEL_IDS.index("paid_social")
REFERRAL = CHANNEL_IDS.index("referral")


@dataclass(frozen=True)
class Campaign:
    """An ad campaign and what its clicks cost."""

    shop_id: str
    platform: str
    campaign_id: str
    name: str
    kind: str
    channel_id: str
    weight: float
    click_cost: float
    click_rate: float
    first: date | None = None
    last: date | None = None


CAMPAIGNS = (
    Campaign("alder_eu", "google_ads", "20481100211", "Search | Brand | EU", "Search", "paid_search", 0.38, 0.42, 0.145),
    Campaign("alder_eu", "google_ads", "20481100212", "Search | Tents & Packs | EU", "Search", "paid_search", 0.34, 1.45, 0.046),
    Campaign("alder_eu", "google_ads", "20481100213", "Search | Outdoor Clothing | EU", "Search", "paid_search", 0.28, 1.30, 0.041),
    Campaign("alder_eu", "google_ads", "20481100214", "Shopping | All Products | EU", "Shopping", "paid_shopping", 1.0, 0.74, 0.011),
    Campaign("alder_eu", "google_ads", "20481100215", "Display | Remarketing | EU", "Display", "display", 1.0, 0.38, 0.0048),
    Campaign("alder_eu", "meta_ads", "120208811450010", "Prospecting | Lookalike 2% | EU", "Sales", "paid_social", 0.62, 0.98, 0.0125),
    Campaign("alder_eu", "meta_ads", "120208811450011", "Remarketing | Cart, 14 days | EU", "Sales", "paid_social", 0.28, 1.15, 0.021),
    Campaign("alder_eu", "meta_ads", "120208811450012", "Retention | Customers, win-back | EU", "Sales", "paid_social", 0.10, 0.90, 0.019),
    Campaign("alder_eu", "meta_ads", "120208811450099", "Prospecting | Summer Broad, DE + AT", "Sales", "paid_social", 0.0, 1.35, 0.0081, *FAILED_CAMPAIGN),
    Campaign("alder_us", "google_ads", "19927700311", "Search | Brand | US", "Search", "paid_search", 0.36, 0.62, 0.132),
    Campaign("alder_us", "google_ads", "19927700312", "Search | Camping Gear | US", "Search", "paid_search", 0.64, 1.72, 0.039),
    Campaign("alder_us", "google_ads", "19927700314", "Shopping | All Products | US", "Shopping", "paid_shopping", 1.0, 0.92, 0.0098),
    Campaign("alder_us", "meta_ads", "120211904770020", "Prospecting | Lookalike 2% | US", "Sales", "paid_social", 0.68, 1.22, 0.0118),
    Campaign("alder_us", "meta_ads", "120211904770021", "Remarketing | Cart, 14 days | US", "Sales", "paid_social", 0.32, 1.38, 0.0195),
)
FAILED = next(i for i, c in enumerate(CAMPAIGNS) if c.first)
# Platforms see one part of the clicks as visits: the rest has no consent or leaves early.
CLICKS_PER_SESSION = 2.9


@dataclass(frozen=True)
class Origin:
    """Where a visit comes from, as its address says; None is direct."""

    channel: int
    source: str | None
    medium: str | None
    campaign: str | None
    ad: int = -1  # position in CAMPAIGNS


@dataclass(frozen=True)
class Origins:
    """All origins of one shop, those of a channel side by side."""

    rows: list[Origin]
    weights: list[np.ndarray]  # of the origins of each channel
    first: np.ndarray  # first origin of each channel
    newsletters: int  # position of the first newsletter; one a week follows
    spam: int  # first of the robots' origins
    failed: int  # origin of the campaign that went wrong, or -1


_FIXED_ORIGINS = {
    "direct": (((None, None, None), 1.0),),
    "organic_search": (
        (("google", "organic", None), 0.86),
        (("bing", "organic", None), 0.08),
        (("duckduckgo", "organic", None), 0.06),
    ),
    "organic_social": (
        (("instagram", "social", None), 0.5),
        (("facebook.com", "referral", None), 0.3),
        (("pinterest", "social", None), 0.2),
    ),
    "affiliates": (
        (("awin", "affiliate", "always-on"), 0.7),
        (("hikers-forum", "affiliate", "gear-guide"), 0.3),
    ),
    "referral": (
        (("trailblog.example", "referral", None), 0.6),
        (("camp-magazine.example", "referral", None), 0.4),
    ),
}
SPAM = (("semalt.com", "referral"), ("trafficbot.life", "referral"), ("uptimerobot", "monitor"))


def newsletter_days(first: date, last: date) -> list[date]:
    """The Thursdays on which the newsletter goes out, one a week."""
    day = first - timedelta(days=(first.weekday() - 3) % 7)
    days = []
    while day <= last:
        days.append(day)
        day += timedelta(days=7)
    return days


def build_origins(shop: Shop, first: date, last: date) -> Origins:
    """The origins of a shop's visits between two dates."""
    rows, weights, starts = [], [], []
    newsletters = failed = -1
    for index, channel in enumerate(CHANNELS):
        starts.append(len(rows))
        if channel.channel_id in _FIXED_ORIGINS:
            fixed = _FIXED_ORIGINS[channel.channel_id]
            rows += [Origin(index, *origin) for origin, _ in fixed]
            weights.append(np.array([weight for _, weight in fixed]))
        elif channel.channel_id == "email":
            rows += [
                Origin(index, "klaviyo", "email", "flow_abandoned_cart"),
                Origin(index, "klaviyo", "email", "flow_welcome"),
            ]
            newsletters = len(rows)
            rows += [
                Origin(index, "newsletter", "email", f"newsletter_{day:%Y-%m-%d}")
                for day in newsletter_days(first, last)
            ]
            weights.append(np.array([0.2, 0.12, 0.68]))  # the last: that week's letter
        else:
            here = []
            for ad, campaign in enumerate(CAMPAIGNS):
                if (campaign.shop_id, campaign.channel_id) != (
                    shop.shop_id,
                    channel.channel_id,
                ):
                    continue
                if campaign.first:
                    failed = len(rows)
                if campaign.platform == "google_ads":
                    medium = "display" if campaign.kind == "Display" else "cpc"
                    rows.append(Origin(index, "google", medium, campaign.name, ad))
                else:
                    rows.append(Origin(index, "facebook", "paid_social", campaign.name, ad))
                here.append(campaign.weight)
            if not here:  # the American shop buys no display ads; strays of an old link
                rows.append(Origin(index, "partner-network", "display", "banner"))
                here.append(1.0)
            weights.append(np.array(here))
    spam = len(rows)
    rows += [Origin(REFERRAL, source, medium, None) for source, medium in SPAM]
    return Origins(rows, weights, np.array(starts), newsletters, spam, failed)


# --------------------------------------------------------------------- demand
_WEEK = (1.06, 1.0, 0.97, 1.0, 0.95, 0.97, 1.12)
_YEAR = (0.86, 0.82, 0.92, 1.04, 1.14, 1.16, 1.12, 1.04, 0.94, 0.92, 1.12, 1.22)
# From when on how many visits and orders come, by hour of the day.
HOURS = np.array(
    [6, 4, 2, 2, 2, 4, 9, 16, 24, 30, 34, 36, 38, 37, 36, 36, 38, 42, 50, 60, 66, 60, 40, 18]
)


def black_friday(year: int) -> date:
    """The day after the fourth Thursday of November."""
    november = date(year, 11, 1)
    thursday = november + timedelta(days=(3 - november.weekday()) % 7 + 21)
    return thursday + timedelta(days=1)


def sale(day: date) -> tuple[str, float, float] | None:
    """The sale on a day: its code, the discount and how much more people buy."""
    friday = black_friday(day.year)
    since = (day - friday).days
    if since == 0:
        return "AUTOMATIC DISCOUNTS", 0.20, 2.9
    if since == 3:
        return "AUTOMATIC DISCOUNTS", 0.20, 2.1
    if -4 <= since <= 2:
        return "AUTOMATIC DISCOUNTS", 0.15, 1.6
    if day.month == 7 and day.day <= 12:
        return "SUMMER15", 0.15, 1.3
    if day.month == 1 and 7 <= day.day <= 20:
        return "WINTER20", 0.20, 1.35
    if day.month == 4 and 8 <= day.day <= 14:
        return "SPRING10", 0.10, 1.15
    return None


def demand(shop: Shop, day: date) -> tuple[float, float]:
    """How much is visited and how much is bought on a day, as relative weights."""
    years = (day - date(2024, 10, 1)).days / 365.25
    base = (1 + 0.28 * years) * _WEEK[day.weekday()]
    # Months run into one another: the season is that of the month's middle.
    middle = day.day - 15.5
    beside = day + timedelta(days=20 if middle > 0 else -20)
    season = _YEAR[day.month - 1]
    season += (_YEAR[beside.month - 1] - season) * abs(middle) / 31
    base *= season
    for month, number, factor in shop.holidays:
        if (day.month, day.day) == (month, number):
            base *= factor
    bought = base
    if (offer := sale(day)) is not None:
        bought *= offer[2]
        base *= offer[2] ** 0.55
    if day.month == 12 and day.day <= 17:
        bought *= 1.2
        base *= 1.1
    if day.weekday() == 3:  # the newsletter
        bought *= 1.06
        base *= 1.03
    return base, bought


# --------------------------------------------------------------------- people
FIRST_NAMES = (
    "Anna", "Ben", "Clara", "David", "Emma", "Felix", "Greta", "Hannes", "Ida", "Jonas",
    "Katrin", "Lukas", "Marie", "Nils", "Olivia", "Paul", "Rosa", "Simon", "Tilda", "Viktor",
    "Alice", "Bruno", "Chloé", "Daan", "Elena", "Giulia", "Hugo", "Inés", "Jan", "Lucía",
    "Marco", "Noor", "Piotr", "Sofia", "Thomas", "Zofia", "Grace", "Henry", "Mason", "Zoe",
)
LAST_NAMES = (
    "Schmidt", "Weber", "Fischer", "Wagner", "Becker", "Hoffmann", "Koch", "Richter", "Wolf",
    "Neumann", "Gruber", "Huber", "Bauer", "Martin", "Bernard", "Dubois", "Petit", "Durand",
    "de Vries", "Jansen", "Bakker", "Visser", "Rossi", "Ferrari", "Ricci", "Moretti",
    "García", "Martínez", "López", "Sánchez", "Nowak", "Kowalska", "Wójcik", "Smith",
    "Johnson", "Williams", "Brown", "Davis", "O'Neill", "Tremblay",
)
EMAIL_DOMAINS = ("example.com", "example.org", "example.net", "mail.example")
STREETS = (
    "Hauptstraße", "Bergweg", "Lindenallee", "Rue du Lac", "Dorpsstraat", "Via Roma",
    "Calle Mayor", "ul. Leśna", "Oak Street", "Maple Avenue", "River Road", "Mill Lane",
)
REFUND_REASONS = ("Size too small", "Size too large", "Changed mind", "Defective",
                  "Not as described", "Other")
NOTES = (
    "Please leave the parcel with the neighbours,\nring twice.",
    'Gift for Ida, please write "Happy birthday"\n\non the card, thank you!',
    "Call before delivery\nBuilding B, 3rd floor",
)

# --------------------------------------------------------------------- search terms
BRAND_TERMS = (
    ("alder", 0.34), ("alder & co", 0.2), ("alderandco", 0.13), ("alder tents", 0.1),
    ("alder and co shop", 0.08), ("alder & co rain jacket", 0.07), ("alder coupon", 0.05),
    ("alderandco returns", 0.03),
)
GENERIC_TERMS = {
    "Search": (
        ("2 person tent", 0.16), ("trekking backpack 55l", 0.13), ("waterproof jacket", 0.12),
        ("merino shirt", 0.1), ("hiking boots", 0.1), ("camping stove", 0.09),
        ("ultralight tent", 0.08), ("zelt 3 personen", 0.08), ("regenjacke damen", 0.07),
        ("headlamp rechargeable", 0.04), ("tent or tarp", 0.03),
    ),
    "Shopping": (
        ("rain jacket", 0.15), ("camping lantern", 0.14), ("daypack 22l", 0.13),
        ("trail shoes", 0.12), ("pot set camping", 0.11), ("fleece", 0.1), ("dry bag", 0.09),
        ("hammock", 0.08), ("alder rain jacket", 0.05), ("kettle", 0.03),
    ),
}

# --------------------------------------------------------------------- other costs
# class, purpose, channel, EUR a month, first (year, month), last, description
OVERHEADS = (
    ("W", "acquisition", "", 3200.0, None, None, "Performance marketing manager, half time"),
    ("W", "retention", "email", 1400.0, None, None, "CRM manager, share of the salary"),
    ("S", "retention", "email", 290.0, None, None, "E-mail tool"),
    ("S", "acquisition", "", 180.0, None, None, "Bid management and feed tool"),
    ("PS", "acquisition", "paid_search", 650.0, (2025, 3), None, "Search agency retainer"),
    ("O", "acquisition", "", 120.0, None, None, "Photo studio, share of the rent"),
    ("MCC", "acquisition", "organic_social", 900.0, (2025, 5), (2025, 8), "Influencer cooperation summer"),
    ("MCC", "acquisition", "organic_social", 1100.0, (2026, 5), (2026, 8), "Influencer cooperation summer"),
)
