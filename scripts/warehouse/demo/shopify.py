"""The exports of the Shopify admin: headers, and the SQL that writes the rows."""

import numpy as np

from warehouse.demo.chance import Chance
from warehouse.demo.clock import Clock
from warehouse.demo.orders import (
    BANK,
    BOGUS,
    CARD,
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
from warehouse.demo.world import (
    CATEGORIES,
    EMAIL_DOMAINS,
    FIRST_NAMES,
    GIFT_CARDS,
    LAST_NAMES,
    NOTES,
    REFUND_REASONS,
    SITE,
    STREETS,
    Shop,
    Variants,
)
from warehouse.demo.write import Writer, text_list

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
_UNKNOWN = 9999  # the offset of a moment that has not come


def _pick(values, position: str) -> str:
    """SQL that takes the text at a 0-based position; an empty text becomes NULL."""
    return f"nullif({text_list(values)}[{position} + 1], '')"


def money(cents: str) -> str:
    """SQL that writes whole cents as 12.34 (negative ones as -12.34)."""
    return f"printf('%.2f', ({cents}) / 100.0)"


def _stamp(name: str) -> str:
    """SQL that writes a local moment with its offset, as Shopify does."""
    return (
        f"case when {name}_offset <> {_UNKNOWN} then "
        f"strftime(make_timestamp({name}_local * 1000000), '%Y-%m-%d %H:%M:%S') "
        f"|| ' ' || printf('%+05d', {name}_offset) end"
    )


_FULL_NAME = (
    f"{_pick(FIRST_NAMES, 'first_name')} || ' ' || {_pick(LAST_NAMES, 'last_name')}"
)
EMAIL_ADDRESS = (
    "lower(strip_accents(replace(replace("
    f"{text_list(FIRST_NAMES)}[first_name + 1] || '.' || "
    f"{text_list(LAST_NAMES)}[last_name + 1], '''', ''), ' ', ''))) || person "
    "|| '@' || "
    f"{text_list(EMAIL_DOMAINS)}[domain + 1]"
)
_PHONE = "dial || printf('%09d', digits)"
_STREET = f"{text_list(STREETS)}[street + 1] || ' ' || house"
_REFERENCE = "'r' || substr(md5(cast(number as varchar)), 1, 20)"
# Zips made of digits only get an apostrophe, so that spreadsheets keep them.
_ZIP = "case when regexp_full_match(zip, '[0-9]+') then '''' || zip else zip end"


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
    """The state of orders as an export at the moment `seen` (UTC, by order) shows."""
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
        "Fulfillment Status": (
            "case when shipped then 'fulfilled' else 'unfulfilled' end"
        ),
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
            f"case when place = {POS} or gift_only then null "
            "when express then 'Express' else 'Standard' end"
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
            f"{_REFERENCE} end"
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
        "Risk Level": (
            "case when fraud then 'High' when note = 5 then 'Medium' else 'Low' end"
        ),
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
            f"{_REFERENCE} end"
        ),
        "Payment Terms Name": f"case when place = {DRAFT} then 'Net 14' end",
        "Payment References": (
            f"case when method = {EDITED} then {_REFERENCE} || ' + r' "
            "|| substr(md5(cast(-number as varchar)), 1, 20) "
            f"when method < {COD} then {_REFERENCE} end"
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
            f"{kind} Province Name": (
                f"case when {needs} then nullif(province_name, '') end"
            ),
        }
    every = {
        "Name": "'#' || (1000 + number)",
        "Email": (
            f"case when person = {STAFF} then 'qa@alder-co.example' "
            f"when has_email and note = 6 then upper({EMAIL_ADDRESS}) "
            f"when has_email then {EMAIL_ADDRESS} end"
        ),
        "Created at": _stamp("created"),
        "Lineitem quantity": "quantity",
        "Lineitem name": (
            "title || case when option <> '' then ' - ' || option else '' end"
        ),
        "Lineitem price": money("l.price"),
        "Lineitem compare at price": (
            "case when l.variant % 9 = 0 then printf('%.2f', ceil(l.price / 80.0)) "
            "when l.variant % 5 = 0 then '0.00' end"
        ),
        "Lineitem sku": "case when not no_sku then sku end",
        "Lineitem requires shipping": "not v.is_gift",
        "Lineitem taxable": "not v.is_gift",
        "Lineitem fulfillment status": (
            "case when shipped then 'fulfilled' else 'pending' end"
        ),
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
        inner join cities_{shop.shop_id} as c
            on o.country = c.country and o.city = c.city
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
    cards = text_list(("Visa", "Mastercard", "American Express"))
    return f"""
        select
            order_id,
            '#' || (1000 + number),
            {_pick(KINDS, "kind")},
            case when gateway in ({COD}, {MARKET}) or gateway = {BANK} then 'manual'
                else {_pick(METHODS, "gateway")} end,
            {_stamp("created")},
            {_pick(STATUSES, "status")},
            {money("amount")},
            '{shop.currency}',
            case when gateway = {CARD} then {cards}
                [number % 3 + 1] end,
            case when gateway in ({COD}, {MARKET}) or gateway = {BANK}
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
            "case when is_gift then 'Denominations' when option <> '' then 'Size' "
            "else 'Title' end"
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
        "Email": f"case when not phone_only then {EMAIL_ADDRESS} end",
        "Accepts Email Marketing": (
            "case when accepts_marketing then 'yes' else 'no' end"
        ),
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
