"""Writes the exports as the platforms write them. DuckDB makes the text and the files.

Tables of whole numbers go in; names, addresses and formats are looked up in SQL, so that
even millions of rows never become Python objects.
"""

import csv
import io
import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote_plus

import duckdb
import numpy as np

from warehouse.demo.chance import Chance
from warehouse.demo.clock import Clock
from warehouse.demo.orders import (
    BOGUS,
    CASH,
    COD,
    CODES,
    DRAFT,
    EDITED,
    KINDS,
    MARKET,
    METHODS,
    NO_METHOD,
    PLACES,
    POS,
    RETURN_KINDS,
    SPLIT,
    STATUSES,
)
from warehouse.demo.people import STAFF, People
from warehouse.demo.table import Table, names
from warehouse.demo.visits import EVENTS, PAGES
from warehouse.demo.world import (
    CATEGORIES,
    DEVICES,
    EMAIL_DOMAINS,
    FIRST_NAMES,
    GIFT_CARDS,
    LAST_NAMES,
    NOTES,
    REFUND_REASONS,
    SITE,
    STREETS,
    Origins,
    Shop,
    Variants,
)

# ------------------------------------------------------------------------ headers
ORDER_COLUMNS = names(
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,"
    "Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,"
    "Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,"
    "Lineitem taxable,Lineitem fulfillment status,Billing Name,Billing Street,"
    "Billing Address1,Billing Address2,Billing Company,Billing City,Billing Zip,"
    "Billing Province,Billing Country,Billing Phone,Shipping Name,Shipping Street,"
    "Shipping Address1,Shipping Address2,Shipping Company,Shipping City,Shipping Zip,"
    "Shipping Province,Shipping Country,Shipping Phone,Notes,Note Attributes,"
    "Cancelled at,Payment Method,Payment Reference,Refunded Amount,Vendor,"
    "Outstanding Balance,Employee,Location,Device ID,Id,Tags,Risk Level,Source,"
    "Lineitem discount,Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,"
    "Tax 3 Value,Tax 4 Name,Tax 4 Value,Tax 5 Name,Tax 5 Value,Phone,Receipt Number,"
    "Duties,Billing Province Name,Shipping Province Name,Payment ID,"
    "Payment Terms Name,Next Payment Due At,Payment References"
)
OLD_ORDER_COLUMNS = ORDER_COLUMNS[:75]
PRODUCT_COLUMNS = names(
    "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,"
    "Option1 Name,Option1 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,"
    "Variant Inventory Qty,Variant Inventory Policy,Variant Fulfillment Service,"
    "Variant Price,Variant Compare At Price,Variant Requires Shipping,Variant Taxable,"
    "Variant Barcode,Image Src,Image Position,Image Alt Text,Gift Card,SEO Title,"
    "SEO Description,Variant Image,Variant Weight Unit,Variant Tax Code,Cost per item,"
    "Status"
)
CUSTOMER_COLUMNS = names(
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,"
    "Default Address Company,Default Address Address1,Default Address Address2,"
    "Default Address City,Default Address Province Code,Default Address Country Code,"
    "Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,"
    "Total Orders,Note,Tax Exempt,Tags"
)
TRANSACTION_COLUMNS = names(
    "Order,Name,Kind,Gateway,Created At,Status,Amount,Currency,Card Type,"
    "Manual Payment Gateway"
)
RETURN_COLUMNS = names(
    "Day,Order name,Order ID,Product title,Variant SKU,Return reason,Return type,"
    "Returned quantity,Returned amount,Returned taxes,Returned shipping,Restocked"
)
TRAFFIC_COLUMNS = names(
    "Date,Session default channel group,Device category,Sessions,Engaged sessions,"
    "Total users,Average engagement time per session,Views,Sessions with view_item,"
    "Sessions with add_to_cart,Sessions with begin_checkout,Sessions with purchase,"
    "Add to carts,Checkouts,Ecommerce purchases,Total revenue"
)


# Columns whose cells may hold a comma, a quotation mark or a line break.
FREE_TEXT = {
    "Notes",
    "Note Attributes",
    "Vendor",
    "Tags",
    "Body (HTML)",
    "Lineitem name",
    "Title",
    "Product title",
    "Discount Code",
}
_UNKNOWN = 9999  # the offset of a moment that has not come


def text_list(values) -> str:
    """A DuckDB list literal of texts."""
    return "[" + ", ".join("'" + str(v).replace("'", "''") + "'" for v in values) + "]"


def _pick(values, position: str) -> str:
    """SQL that takes the text at a 0-based position; an empty text becomes NULL."""
    return f"nullif({text_list(values)}[{position} + 1], '')"


def money(cents: str) -> str:
    """SQL that writes whole cents as 12.34 (negative ones as -12.34)."""
    return f"printf('%.2f', ({cents}) / 100.0)"


def _stamp(name: str) -> str:
    """SQL that writes a local moment with its offset, as Shopify does."""
    return (
        f"case when {name}_offset <> {_UNKNOWN} then strftime(make_timestamp({name}_local "
        f"* 1000000), '%Y-%m-%d %H:%M:%S') || ' ' || printf('%+05d', {name}_offset) end"
    )


class Writer:
    """Writes files below a folder, each in one go or part after part.

    Args:
        folder: Where the files go; sub-folders are made.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.con = duckdb.connect()
        # One thread: the same rows always become the same bytes.
        self.con.execute("set threads = 1")
        self.con.execute("set TimeZone = 'UTC'")
        # Joins run as they are written: rows keep the order of the first table.
        self.con.execute("set disabled_optimizers = 'join_order,build_side_probe_side'")
        self.con.execute(
            "create macro plain(cell) as coalesce(cast(cell as varchar), '')"
        )
        self.con.execute(
            "create macro quoted(cell) as case when contains(cell, ',') or contains(cell, "
            "'\"') or contains(cell, chr(10)) then '\"' || replace(cell, '\"', '\"\"') || '\"' "
            "else coalesce(cell, '') end"
        )
        self._part = folder / ".part"
        self._aside = self.con.cursor()
        self._thread = ThreadPoolExecutor(1)
        self._running: Future | None = None
        self.rows: dict[str, int] = {}

    def path(self, name: str) -> Path:
        """The file of that name; its folder exists."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def table(self, name: str, table: Table) -> None:
        """Make a numpy table readable as a DuckDB view."""
        self.con.register(name, table)

    def keep(self, name: str, columns: dict[str, list]) -> None:
        """A small lookup table that stays."""
        lists = ", ".join(
            f"unnest({_list(v)}) as {column}" for column, v in columns.items()
        )
        self.con.execute(f"create or replace table {name} as select {lists}")

    def append_csv(self, name: str, header: list[str], query: str) -> int:
        """Append the rows of a query to a CSV file; the first time, its header, too.

        Only what needs quotes gets them, as in the platforms' own files: DuckDB would
        quote every order name, because of its #.
        """
        path = self.path(name)
        names = [f"c{i}" for i in range(len(header))]
        cells = ", ".join(
            f"{'quoted' if column in FREE_TEXT else 'plain'}({name})"
            for name, column in zip(names, header, strict=True)
        )
        rows = self.con.execute(
            f"copy (select concat_ws(',', {cells}) from ({query}) as q({', '.join(names)})) "
            f"to '{self._part}' "
            "(format csv, header false, delim '\x01', quote '', escape '')"
        ).fetchone()[0]
        with path.open("ab") as out:
            if name not in self.rows:
                out.write(csv_line(header))
            with self._part.open("rb") as part:
                shutil.copyfileobj(part, out)
        self._part.unlink()
        self.rows[name] = self.rows.get(name, 0) + rows
        return rows

    def copy(self, name: str, query: str, options: str) -> int:
        """Write a query to a file of its own."""
        path = self.path(name)
        rows = self.con.execute(f"copy ({query}) to '{path}' ({options})").fetchone()[0]
        self.rows[name] = rows
        return rows

    def copy_aside(self, name: str, tables: dict[str, Table], query: str, options: str):
        """Write a query over numpy tables while the caller goes on; one at a time."""
        self.wait()
        path = self.path(name)

        def work() -> None:
            for table, columns in tables.items():
                self._aside.register(table, columns)
            copied = self._aside.execute(f"copy ({query}) to '{path}' ({options})")
            self.rows[name] = copied.fetchone()[0]

        self.rows[name] = 0
        self._running = self._thread.submit(work)

    def wait(self) -> None:
        """Return when nothing is being written aside; raise what went wrong there."""
        if self._running:
            self._running.result()
            self._running = None

    def close(self) -> None:
        """Finish what is being written and let go of DuckDB; may be called twice."""
        try:
            self.wait()
        finally:
            self._thread.shutdown()
            self._aside.close()
            self.con.close()

    def write(self, name: str, text: str, rows: int, encoding: str = "utf-8") -> None:
        """Write a text as it is."""
        self.path(name).write_bytes(text.encode(encoding))
        self.rows[name] = rows


def _list(values: list) -> str:
    """A DuckDB list literal of texts, numbers or booleans, None among them."""
    return (
        "["
        + ", ".join(
            "null"
            if v is None
            else "'" + v.replace("'", "''") + "'"
            if isinstance(v, str)
            else str(v).lower()
            for v in values
        )
        + "]"
    )


def csv_line(values) -> bytes:
    """One CSV record with LF at its end."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(values)
    return out.getvalue().encode()


# ------------------------------------------------------------------------ lookups
def keep_shop(writer: Writer, shop: Shop, variants: Variants, prices, costs) -> None:
    """Lookup tables of one shop: its variants, countries and cities."""
    number = range(len(variants.sku))
    writer.keep(
        f"variants_{shop.shop_id}",
        {
            "variant": list(number),
            "sku": variants.sku,
            "handle": variants.handle,
            "title": variants.title,
            "option": variants.option,
            "vendor": variants.vendor,
            "category": [CATEGORIES[c] for c in variants.category],
            "is_gift": [bool(c == GIFT_CARDS) for c in variants.category],
            "price": prices[1].tolist(),
            "old_price": prices[0].tolist(),
            "cost": costs.tolist(),
        },
    )
    cities = [
        (
            position,
            place,
            country.code,
            country.name,
            country.tax_name,
            country.dial,
            *city,
        )
        for position, country in enumerate(shop.countries)
        for place, city in enumerate(country.cities)
    ]
    names = (
        "country",
        "city",
        "code",
        "country_name",
        "tax_name",
        "dial",
        "city_name",
        "zip",
        "province",
        "province_name",
    )
    writer.keep(
        f"countries_{shop.shop_id}",
        {
            "country": list(range(len(shop.countries))),
            "country_name": [country.name for country in shop.countries],
        },
    )
    writer.keep(
        f"cities_{shop.shop_id}",
        {
            name: list(column)
            for name, column in zip(names, zip(*cities, strict=True), strict=True)
        },
    )


TAGGED = ("cpc", "paid_social", "email", "affiliate", "display")


def keep_origins(writer: Writer, shop: Shop, origins: Origins) -> None:
    """Lookup table of where visits come from."""
    writer.keep(
        f"origins_{shop.shop_id}",
        {
            "origin": list(range(len(origins.rows))),
            "source": [row.source for row in origins.rows],
            "medium": [row.medium for row in origins.rows],
            "campaign": [row.campaign for row in origins.rows],
            "encoded": [quote_plus(row.campaign or "") for row in origins.rows],
            "is_tagged": [row.medium in TAGGED for row in origins.rows],
            "is_google_ad": [
                row.ad >= 0 and row.source == "google" for row in origins.rows
            ],
        },
    )


# ------------------------------------------------------------------------ Shopify
_FULL_NAME = (
    f"{_pick(FIRST_NAMES, 'first_name')} || ' ' || {_pick(LAST_NAMES, 'last_name')}"
)
_EMAIL = (
    "lower(strip_accents(replace(replace("
    f"{text_list(FIRST_NAMES)}[first_name + 1] || '.' || "
    f"{text_list(LAST_NAMES)}[last_name + 1], '''', ''), ' ', ''))) || person || '@' || "
    f"{text_list(EMAIL_DOMAINS)}[domain + 1]"
)
_PHONE = "dial || printf('%09d', digits)"
_STREET = f"{text_list(STREETS)}[street + 1] || ' ' || house"
# Zips made of digits only get an apostrophe, so that spreadsheets keep them.
_ZIP = "case when regexp_full_match(zip, '[0-9]+') then '''' || zip else zip end"


def order_ids(shop: Shop, chance: Chance, number: np.ndarray) -> np.ndarray:
    """The 13-digit ids of orders: growing, with gaps."""
    gap = chance.bits("order id", number) & np.uint64(8191)
    return shop.order_base + number * 8192 + gap.astype(np.int64)


def customer_ids(shop: Shop, chance: Chance, person: np.ndarray) -> np.ndarray:
    """The 13-digit ids of customers."""
    gap = chance.bits("customer id", person) & np.uint64(4095)
    return shop.customer_base + person * 4096 + gap.astype(np.int64)


def moment(table: Table, name: str, clock: Clock, utc: np.ndarray, known) -> None:
    """Add `<name>_local` and `<name>_offset` (+0200 is 200)."""
    at = np.where(known, utc, 0)
    offset = clock.offset(at)
    table[f"{name}_local"] = at + offset
    minutes = np.abs(offset) // 60
    shown = np.sign(offset) * (minutes // 60 * 100 + minutes % 60)
    table[f"{name}_offset"] = np.where(known, shown, _UNKNOWN)


FINANCIAL = (
    "paid",
    "pending",
    "authorized",
    "partially_refunded",
    "refunded",
    "voided",
)


def as_of(o: Table, clock: Clock, seen: np.ndarray) -> Table:
    """The state of orders as an export at the moment `seen` (UTC, one per order) shows."""
    paid, shipped = o["pay_at"] <= seen, o["ship_at"] <= seen
    cancelled = o["cancel_at"] <= seen
    refunded = np.where(o["refund_at"] <= seen, o["refunded"], 0)
    refunded = refunded + np.where(o["goodwill_at"] <= seen, o["goodwill"], 0)
    free = o["total"] == 0
    status = np.where(paid | free, 0, np.where(o["authorized_first"], 2, 1))
    status = np.where((refunded > 0) & paid, 3, status)
    status = np.where((refunded >= o["total"]) & paid & ~free, 4, status)
    status = np.where(o["voided"] & cancelled, 5, status)
    state: Table = {
        "financial": status,
        "shipped": shipped,
        "refunded_seen": refunded,
        "outstanding": np.where((status == 1) | (status == 2), o["total"], 0),
    }
    moment(state, "paid", clock, o["pay_at"], paid & ~free | free & shipped)
    if free.any():  # a free order is paid when it is placed
        moment(state, "paid", clock, np.where(free, o["at"], o["pay_at"]), paid | free)
    moment(state, "shipped", clock, o["ship_at"], shipped)
    moment(state, "cancelled", clock, o["cancel_at"], cancelled)
    moment(state, "created", clock, o["at"], np.ones(len(paid), dtype=bool))
    return state


def orders_query(shop: Shop, columns: list[str]) -> str:
    """The order export of the registered tables `o` and `l`."""
    first = {
        "Financial Status": _pick(FINANCIAL, "financial"),
        "Paid at": _stamp("paid"),
        "Fulfillment Status": "case when shipped then 'fulfilled' else 'unfulfilled' end",
        "Fulfilled at": _stamp("shipped"),
        "Accepts Marketing": "case when accepts_marketing then 'yes' else 'no' end",
        "Currency": f"'{shop.currency}'",
        "Subtotal": money("subtotal"),
        "Shipping": money("shipping"),
        "Taxes": money("tax"),
        "Total": money("total"),
        "Discount Code": _pick(CODES, "coupon"),
        "Discount Amount": money("o.discount"),
        "Shipping Method": (
            f"case when place = {POS} or gift_only then null when express then 'Express' "
            "else 'Standard' end"
        ),
        "Notes": f"case when note < {len(NOTES)} then {_pick(NOTES, 'note')} end",
        "Note Attributes": "case when note = 3 then 'gift_wrap: yes' || chr(10) || "
        "'delivery_slot: morning' end",
        "Cancelled at": _stamp("cancelled"),
        "Payment Method": (
            f"case method when {NO_METHOD} then null when {SPLIT} then "
            f"'gift_card + shopify_payments' when {EDITED} then "
            f"'shopify_payments + manual' else {_pick(METHODS, 'method')} end"
        ),
        "Payment Reference": (
            f"case when method < {COD} or method in ({SPLIT}, {EDITED}) then "
            "'r' || substr(md5(cast(number as varchar)), 1, 20) end"
        ),
        "Refunded Amount": money("refunded_seen"),
        "Outstanding Balance": money("outstanding"),
        "Location": f"case when place = {POS} then "
        f"'{'Berlin' if shop.country == 'DE' else 'Portland'} Store' end",
        "Device ID": f"case when place = {POS} then '1' end",
        "Id": "order_id",
        "Tags": (
            "case when fraud then 'fraud' when is_test and number % 2 = 0 then 'test' "
            "when note = 4 then 'newsletter, vip' end"
        ),
        "Risk Level": "case when fraud then 'High' when note = 5 then 'Medium' else 'Low' end",
        "Source": _pick(PLACES, "place"),
        "Tax 1 Name": (
            "case when o.tax > 0 then tax_name || ' ' || "
            "rtrim(rtrim(printf('%.3f', tax_rate * 100), '0'), '.') || '%' end"
        ),
        "Tax 1 Value": f"case when o.tax > 0 then {money('o.tax')} end",
        "Phone": f"case when has_phone then {_PHONE} end",
        "Receipt Number": f"case when place = {POS} then '1-' || number end",
        "Payment ID": (
            f"case when method < {COD} or method in ({SPLIT}, {EDITED}) then "
            "'r' || substr(md5(cast(number as varchar)), 1, 20) end"
        ),
        "Payment Terms Name": f"case when place = {DRAFT} then 'Net 14' end",
        "Payment References": (
            f"case when method = {EDITED} then 'r' || substr(md5(cast(number as varchar)), "
            "1, 20) || ' + r' || substr(md5(cast(-number as varchar)), 1, 20) when method "
            f"< {COD} then 'r' || substr(md5(cast(number as varchar)), 1, 20) end"
        ),
    }
    for kind in ("Billing", "Shipping"):
        needs = (
            "named"
            if kind == "Billing"
            else f"named and place <> {POS} and not gift_only"
        )
        first |= {
            f"{kind} Name": f"case when {needs} then {_FULL_NAME} end",
            f"{kind} Street": f"case when {needs} then {_STREET} end",
            f"{kind} Address1": f"case when {needs} then {_STREET} end",
            f"{kind} City": f"case when {needs} then city_name end",
            f"{kind} Zip": f"case when {needs} then {_ZIP} end",
            f"{kind} Province": f"case when {needs} then nullif(province, '') end",
            f"{kind} Country": f"case when {needs} or o.person < 0 then code end",
            f"{kind} Phone": f"case when {needs} and has_phone then {_PHONE} end",
            f"{kind} Province Name": f"case when {needs} then nullif(province_name, '') end",
        }
    every = {
        "Name": "'#' || (1000 + number)",
        "Email": f"case when person = {STAFF} then 'qa@alder-co.example' when has_email then "
        f"case when note = 6 then upper({_EMAIL}) else {_EMAIL} end end",
        "Created at": _stamp("created"),
        "Lineitem quantity": "quantity",
        "Lineitem name": "title || case when option <> '' then ' - ' || option else '' end",
        "Lineitem price": money("l.price"),
        "Lineitem compare at price": (
            "case when l.variant % 9 = 0 then printf('%.2f', ceil(l.price / 80.0)) "
            "when l.variant % 5 = 0 then '0.00' end"
        ),
        "Lineitem sku": "case when not no_sku then sku end",
        "Lineitem requires shipping": "not v.is_gift",
        "Lineitem taxable": "not v.is_gift",
        "Lineitem fulfillment status": "case when shipped then 'fulfilled' else 'pending' end",
        "Vendor": "vendor",
        "Lineitem discount": money("shown_discount"),
    }
    select = ",\n".join(
        f'{every[c]} as "{c}"'
        if c in every
        else f'case when position = 0 then {first[c]} end as "{c}"'
        if c in first
        else f'null as "{c}"'
        for c in columns
    )
    return f"""
        select {select}
        from l
        inner join o using (number)
        inner join variants_{shop.shop_id} as v on l.variant = v.variant
        inner join cities_{shop.shop_id} as c on o.country = c.country and o.city = c.city
        order by number, position
    """


def order_table(shop: Shop, o: Table, people: People) -> Table:
    """The columns of orders that the export needs, with the buyer's details."""
    names = (
        "number",
        "person",
        "place",
        "country",
        "city",
        "subtotal",
        "shipping",
        "tax",
        "total",
        "discount",
        "method",
        "gift_only",
        "express",
        "fraud",
        "has_email",
        "has_phone",
        "tax_rate",
    )
    table = {name: o[name] for name in names}
    table |= people.details(o["person"])
    table["coupon"] = o["code"]
    table["order_id"] = order_ids(shop, people.chance, o["number"])
    table["accepts_marketing"] = people.accepts_marketing(o["person"]) & (
        o["person"] >= 0
    )
    table["named"] = o["has_email"] & (o["person"] >= 0) | o["has_phone"]
    table["is_test"] = o["method"] == BOGUS
    drawn = people.chance.uniform("note", o["number"], o["person"])
    # 0-2 notes, 3 attributes, 4 tags, 5 medium risk, 6 capital letters, 7 nothing
    table["note"] = np.searchsorted(
        [0.004, 0.008, 0.012, 0.02, 0.05, 0.07, 0.085], drawn, side="right"
    )
    return table


def transactions_query(shop: Shop) -> str:
    """The transaction histories of the registered table `t`."""
    return f"""
        select
            order_id,
            '#' || (1000 + number),
            {_pick(KINDS, "kind")},
            case when gateway in ({COD}, {MARKET}) or gateway = 4 then 'manual'
                else {_pick(METHODS, "gateway")} end,
            {_stamp("created")},
            {_pick(STATUSES, "status")},
            {money("amount")},
            '{shop.currency}',
            case when gateway = 0 then {text_list(("Visa", "Mastercard", "American Express"))}
                [number % 3 + 1] end,
            case when gateway in ({COD}, {MARKET}) or gateway = 4
                then {_pick(METHODS, "gateway")} when gateway = {CASH} then 'cash' end
        from t
        order by row_number
    """


def returns_query(shop: Shop) -> str:
    """The returns report of the registered table `r`."""
    return f"""
        select
            strftime(make_date(cast(day as integer)), '%Y-%m-%d'),
            '#' || (1000 + number),
            order_id,
            title,
            case when not no_sku then sku end,
            case kind when 0 then {_pick(REFUND_REASONS, "reason")} end,
            {_pick(RETURN_KINDS, "kind")},
            -quantity,
            {money("-amount")},
            {money("-r.tax")},
            {money("-shipping")},
            restocked
        from r
        inner join variants_{shop.shop_id} as v using (variant)
        order by row_number
    """


def products_query(shop: Shop) -> str:
    """The products export; product columns on a product's first row only."""
    once = lambda value: f"case when first then {value} end"  # noqa: E731
    cells = {
        "Handle": "handle",
        "Title": once("title"),
        "Body (HTML)": once("'<p>' || title || ' by ' || vendor || '.</p>'"),
        "Vendor": once("vendor"),
        "Product Category": once(
            "case when is_gift then 'Gift Cards' else "
            "'Sporting Goods > Outdoor Recreation' end"
        ),
        "Type": once("category"),
        "Tags": once("category || ', outdoor'"),
        "Published": once("'true'"),
        "Option1 Name": once(
            "case when is_gift then 'Denominations' when option <> '' then 'Size' else 'Title' end"
        ),
        "Option1 Value": "case when option = '' then 'Default Title' else option end",
        "Variant SKU": "sku",
        "Variant Grams": "case when is_gift then 0 else 200 + variant % 17 * 90 end",
        "Variant Inventory Tracker": "case when not is_gift then 'shopify' end",
        "Variant Inventory Qty": "case when not is_gift then variant * 37 % 90 end",
        "Variant Inventory Policy": "'deny'",
        "Variant Fulfillment Service": "'manual'",
        "Variant Price": money("price"),
        "Variant Compare At Price": "case when variant % 9 = 0 then "
        "printf('%.2f', ceil(price / 80.0)) end",
        "Variant Requires Shipping": "not is_gift",
        "Variant Taxable": "not is_gift",
        "Image Src": once(f"'{SITE}/images/' || handle || '.jpg'"),
        "Image Position": once("1"),
        "Gift Card": once("is_gift"),
        "Variant Weight Unit": "'g'",
        "Cost per item": f"case when cost >= 0 then {money('cost')} end",
        "Status": once("'active'"),
    }
    select = ",\n".join(f'{cells.get(c, "null")} as "{c}"' for c in PRODUCT_COLUMNS)
    return f"""
        select {select}
        from (
            select
                *,
                row_number() over (partition by handle order by variant) = 1 as first
            from variants_{shop.shop_id}
        )
        order by variant
    """


def customers_query(shop: Shop) -> str:
    """The customers export of the registered table `p`."""
    cells = {
        "Customer ID": "'''' || customer_id",
        "First Name": _pick(FIRST_NAMES, "first_name"),
        "Last Name": _pick(LAST_NAMES, "last_name"),
        "Email": f"case when not phone_only then {_EMAIL} end",
        "Accepts Email Marketing": "case when accepts_marketing then 'yes' else 'no' end",
        "Default Address Address1": _STREET,
        "Default Address City": "city_name",
        "Default Address Province Code": "nullif(province, '')",
        "Default Address Country Code": "code",
        "Default Address Zip": _ZIP,
        "Default Address Phone": f"case when has_phone then '''' || {_PHONE} end",
        "Phone": f"case when has_phone then '''' || {_PHONE} end",
        "Accepts SMS Marketing": "'no'",
        "Total Spent": money("spent"),
        "Total Orders": "orders",
        "Tax Exempt": "'no'",
    }
    select = ",\n".join(f'{cells.get(c, "null")} as "{c}"' for c in CUSTOMER_COLUMNS)
    return f"""
        select {select}
        from p
        inner join cities_{shop.shop_id} as c using (country, city)
        order by person
    """


# ------------------------------------------------------------------------ GA4
def _parameter(key: str, kind: str, value: str, json: bool) -> str:
    """One event parameter in the shape of the BigQuery export."""
    whole = "varchar" if json else "bigint"
    values = {
        "string_value": "cast(null as varchar)",
        "int_value": f"cast(null as {whole})",
        "float_value": "cast(null as double)",
        "double_value": "cast(null as double)",
    }
    kinds = {"string": "varchar", "int": whole, "double": "double"}
    values[f"{kind}_value"] = f"cast({value} as {kinds[kind]})"
    inner = ", ".join(f"'{k}': {v}" for k, v in values.items())
    return f"{{'key': '{key}', 'value': {{{inner}}}}}"


def events_query(shop: Shop, json: bool = False) -> str:
    """The event export of the registered tables.

    `e` holds the events and what is known of their visit, one row each; `i` the items of
    orders.

    Args:
        shop: Whose events.
        json: Whole numbers become texts, as BigQuery writes them to JSON.
    """
    folder = shop.shop_id.split("_")[1]
    collections = text_list(c.replace("_", "-") for c in CATEGORIES[:-1])
    searches = text_list(("tent", "jacket", "lamp", "socks", "stove"))
    assert len(PAGES) == 8
    location = f"""
        '{SITE}/{folder}' || case e.page
            when 0 then '/'
            when 1 then '/collections/' || {collections}[e.luck % 7 + 1]
            when 2 then '/products/' || variants.handle
            when 3 then '/cart'
            when 4 then '/checkout'
            when 5 then '/thank-you'
            when 6 then '/search?q=' || {searches}[e.luck % 5 + 1]
            else '/wp-login.php'
        end || case
            when e.nth < 3 and e.page < 3 and origins.is_tagged
                then '?utm_source=' || origins.source || '&utm_medium=' || origins.medium
                    || '&utm_campaign=' || origins.encoded
                    || case when origins.is_google_ad then '&gclid=CjwK' || printf('%x', e.click) else '' end
            else ''
        end
    """
    some = lambda when, inner: f"case when {when} then [{inner}] else [] end"  # noqa: E731
    parameter = lambda key, kind, value: _parameter(key, kind, value, json)  # noqa: E731
    always = [
        parameter("ga_session_id", "int", "session_at"),
        parameter("ga_session_number", "int", "session_number"),
        parameter("page_location", "string", "location"),
        parameter("session_engaged", "string", "cast(is_engaged as integer)"),
    ]
    tagged = [parameter(key, "string", key) for key in ("source", "medium", "campaign")]
    priced = [
        parameter("currency", "string", f"'{shop.currency}'"),
        parameter("value", "double", "value"),
    ]
    parameters = " || ".join(
        [
            f"[{', '.join(always)}]",
            some(
                "engaged_ms > 0", parameter("engagement_time_msec", "int", "engaged_ms")
            ),
            some("is_landing", ", ".join(tagged)),
            some("is_staff", parameter("traffic_type", "string", "'internal'")),
            some("value is not null", ", ".join(priced)),
            some(
                "transaction_id is not null",
                parameter("transaction_id", "string", "transaction_id"),
            ),
        ]
    )
    whole = "varchar" if json else "bigint"
    language = "en-us" if shop.country == "US" else "de-de"
    return f"""
        select
            strftime(make_date(cast(day as integer)), '%Y%m%d') as event_date,
            cast(event_at as {whole}) as event_timestamp,
            {text_list(EVENTS)}[name + 1] as event_name,
            {parameters} as event_params,
            cast(bundle as {whole}) as event_bundle_sequence_id,
            cast(nth + 1 as {whole}) as batch_event_index,
            case when customer > 0 then cast(customer as varchar) end as user_id,
            client || '.' || client_since as user_pseudo_id,
            {{
                'category': {text_list(DEVICES)}[device + 1],
                'operating_system': {text_list(("Android", "Windows", "iOS"))}[device + 1],
                'language': '{language}',
                'web_info': {{
                    'browser': case when is_robot then 'HeadlessChrome'
                        else {text_list(("Chrome", "Safari", "Firefox"))}[device + 1] end,
                    'hostname': '{SITE.split("//")[1]}'
                }}
            }} as device,
            {{'country': country_name}} as geo,
            {{
                'name': coalesce(first_campaign, first_name),
                'medium': coalesce(first_medium, '(none)'),
                'source': coalesce(first_source, '(direct)')
            }} as traffic_source,
            case when is_landing then {{
                'manual_source': source,
                'manual_medium': medium,
                'manual_campaign_name': campaign,
                'gclid': gclid
            }} end as collected_traffic_source,
            {{
                'transaction_id': transaction_id,
                'purchase_revenue': case when name = 8 then value end
            }} as ecommerce,
            items
        from (
            select
                e.*,
                origins.source,
                origins.medium,
                origins.campaign,
                first_origins.source as first_source,
                first_origins.medium as first_medium,
                first_origins.campaign as first_campaign,
                case when first_origins.source is null then '(direct)' else '(not set)' end
                    as first_name,
                countries.country_name,
                e.nth < 3 and origins.source is not null as is_landing,
                case when origins.is_google_ad then 'CjwK' || printf('%x', e.click) end as gclid,
                {location} as location,
                case when e.name = 8 then cast(e.number + 1000 as varchar) end
                    as transaction_id,
                case
                    when e.name in (3, 4, 5) then e.price * e.quantity / 100.0
                    else i.value
                end as value,
                case
                    when e.name in (3, 4, 5) then [{{
                        'item_id': variants.sku,
                        'item_name': variants.title,
                        'item_category': variants.category,
                        'price': e.price / 100.0,
                        'quantity': cast(e.quantity as {whole})
                    }}]
                    else i.items
                end as items
            from e
            inner join origins_{shop.shop_id} as origins on e.origin = origins.origin
            inner join origins_{shop.shop_id} as first_origins
                on e.first_origin = first_origins.origin
            inner join countries_{shop.shop_id} as countries
                on e.country = countries.country
            left join variants_{shop.shop_id} as variants on e.variant = variants.variant
            left join (
                select
                    number,
                    any_value(total) / 100.0 as value,
                    list({{
                        'item_id': v.sku,
                        'item_name': v.title,
                        'item_category': v.category,
                        'price': i.price / 100.0,
                        'quantity': cast(i.quantity as {whole})
                    }} order by position) as items
                from i
                inner join variants_{shop.shop_id} as v using (variant)
                group by number
            ) as i on e.number = i.number
        )
    """
