"""The KPIs by month and channel as one hand-written pandas script over the lake."""

import contest  # before pandas: it says how many threads

if __name__ == "__main__":
    modules = ("pandas", "pyarrow", "duckdb")
    contest.needs("pandas script", *modules, environment="pandas")

import re
from collections.abc import Callable
from pathlib import Path

import channels
import numpy as np
import pandas as pd

WINDOW = pd.Timedelta(days=30)
SETTLE = pd.Timedelta(hours=24)
WHO = ["shop", "visitor"]
VISIT = [*WHO, "session"]
TAGS = ["source", "medium", "campaign", "click"]
# Reads the columns of a table of the lake, or all of them.
Read = Callable[[str, list[str] | None], pd.DataFrame]


def number(column: pd.Series) -> pd.Series:
    """Texts as numbers, nothing as 0."""
    return pd.to_numeric(column).fillna(0).astype(float)


def moment(column: pd.Series, form: str = "ISO8601") -> pd.Series:
    """Texts such as `2025-01-01 01:17:52Z` as moments of UTC, without saying so."""
    found = pd.to_datetime(column, format=form, utc=True).dt.tz_localize(None)
    return found.astype("datetime64[us]")


def clock(column: pd.Series) -> pd.Series:
    """Texts such as `2025-01-01 01:17:52` as what a clock shows."""
    return pd.to_datetime(column, format="%Y-%m-%d %H:%M:%S").astype("datetime64[us]")


def low(column: pd.Series) -> pd.Series:
    """Texts in lower case, without blanks around."""
    return column.str.strip().str.lower()


def digits(column: pd.Series) -> pd.Series:
    """The last nine digits of phone numbers."""
    return column.str.replace("[^0-9]", "", regex=True).str[-9:]


def first_of(*columns: pd.Series) -> pd.Series:
    """The first that is there, row by row."""
    found = columns[0]
    for column in columns[1:]:
        found = found.where(found.notna(), column)
    return found


def yes(column: pd.Series) -> pd.Series:
    """True and False; what is unknown is False."""
    return column.astype("boolean").fillna(False).astype(bool)


def newest_file(rows: pd.DataFrame, *key: str) -> pd.DataFrame:
    """The rows of the file that was written last of those that have their key."""
    written = rows["_landed_at"].astype(str) + rows["_file"]
    newest = written.groupby([rows[k] for k in key], dropna=False).transform("max")
    return rows[written == newest].copy()


class Script:
    """All of it, table by table."""

    def __init__(self, read: Read, seeds: Path, now: contest.Now):
        self.read_table, self.seeds = read, seeds
        self.as_of = pd.Timestamp(now.moment)
        self.as_of_date = pd.Timestamp(now.date)
        self.shops = {row["shop_id"]: row for row in channels.rows(seeds, "shops")}
        policy = channels.rows(seeds, "order_policy")
        self.out = {row["rule"] for row in policy if row["default"] == "out"}
        rates = pd.read_csv(seeds / "fx_rates.csv", parse_dates=["valid_from"])
        rates["valid_from"] = rates["valid_from"].astype("datetime64[us]")
        self.rates = rates.sort_values("valid_from")

    def read(self, table: str, columns: list[str] | None = None) -> pd.DataFrame:
        """A table of the lake, every column a text."""
        rows = self.read_table(table, columns and [*columns, "_shop_id"])
        return rows.rename(columns={"_shop_id": "shop"}).reset_index(drop=True)

    def by_shop(self, rows: pd.DataFrame, of: pd.Series, turn: Callable) -> pd.Series:
        """What `turn` makes of moments and each shop's time zone."""
        of = pd.to_datetime(of)
        found = pd.Series(pd.NaT, index=of.index, dtype="datetime64[us]")
        for shop, row in self.shops.items():
            here = rows["shop"] == shop
            found[here] = turn(of[here], row["time_zone"]).astype("datetime64[us]")
        return found

    def day(self, rows: pd.DataFrame, of: pd.Series) -> pd.Series:
        """The day of a moment on the clock of the row's shop."""

        def turn(moments: pd.Series, zone: str) -> pd.Series:
            there = moments.dt.tz_localize("UTC").dt.tz_convert(zone)
            return there.dt.tz_localize(None).dt.normalize()

        return self.by_shop(rows, of, turn)

    def utc(self, rows: pd.DataFrame, of: pd.Series) -> pd.Series:
        """A moment on the clock of the row's shop in UTC."""

        def turn(moments: pd.Series, zone: str) -> pd.Series:
            late = np.zeros(len(moments), bool)  # of an hour shown twice the second
            there = moments.dt.tz_localize(zone, ambiguous=late, nonexistent="NaT")
            return there.dt.tz_convert("UTC").dt.tz_localize(None)

        return self.by_shop(rows, of, turn)

    def with_rate(self, rows: pd.DataFrame, date: str) -> pd.DataFrame:
        """Add `rate`, euros of a unit of `currency` on a day, at most 45 days old."""
        own = rows["shop"].map({k: row["currency"] for k, row in self.shops.items()})
        rows["currency"] = first_of(rows["currency"], own).astype(object)
        rates = self.rates.astype({"currency": object})
        rows = pd.merge_asof(
            rows.sort_values(date, kind="stable"),
            rates,
            left_on=date,
            right_on="valid_from",
            by="currency",
            tolerance=pd.Timedelta(days=45),
        )
        rows["rate"] = rows["rate"].mask(rows["currency"] == "EUR", 1.0)
        return rows.drop(columns="valid_from")

    # --------------------------------------------------------------------------- orders

    def read_shopify(self) -> None:
        """Shopify's orders, lines, products, customers, refunds and payments."""
        rows = newest_file(self.read("shopify/orders"), "shop", "name")
        key = first_of(
            rows.groupby(["shop", "name"])["id"].transform("max"), rows["name"]
        )
        rows["order"] = rows["shop"] + ":" + key
        head = rows[rows["id"].notna() | rows["financial_status"].notna()]
        state, source = low(head["financial_status"]), low(head["source"])
        parcel = low(head["fulfillment_status"])
        phone = first_of(head["phone"], head["shipping_phone"], head["billing_phone"])
        taxed = [k for k, r in self.shops.items() if r["prices_include_tax"] == "true"]
        shown = number(head["subtotal"]) + number(head["shipping"])
        share = 1 - number(head["taxes"]) / shown.mask(shown == 0)
        paid = ["paid", "partially_paid", "partially_refunded", "refunded"]
        test = low(head["tags"]).str.contains("(?:^|[^a-z])test(?:[^a-z]|$)")
        bogus = low(head["payment_method"]).str.contains("bogus")
        open_ = state.isin(["pending", "voided", "expired"])
        fraud = (low(head["risk_level"]) == "high") & head["cancelled_at"].notna()
        self.shopify = pd.DataFrame(
            {
                "shop": head["shop"],
                "order": head["order"],
                "number": head["name"].str.removeprefix("#"),
                "ordered_at": moment(head["created_at"]),
                "email": low(head["email"]),
                "phone": digits(phone),
                "account": None,
                "currency": head["currency"].str.upper(),
                "state": state,
                "cancelled_at": moment(head["cancelled_at"]),
                "fulfilled_at": moment(head["fulfilled_at"]),
                "said_paid": head["paid_at"].notna() | state.isin(paid),
                "said_sent": head["fulfilled_at"].notna()
                | parcel.isin(["fulfilled", "partial"]),
                "at_counter": source.isin(["iphone", "android", "pos"]),
                "is_test": yes(test) | yes(bogus),
                "is_draft": yes(source == "shopify_draft_order")
                & head["paid_at"].isna()
                & open_,
                "is_fraud": yes(fraud),
                "discount": number(head["discount_amount"]),
                "subtotal": number(head["subtotal"]),
                "shipping": number(head["shipping"]),
                "tax": number(head["taxes"]),
                "total": number(head["total"]),
                "refunded": number(head["refunded_amount"]),
                "untaxed": share.where(head["shop"].isin(taxed), 1.0).fillna(1.0),
            }
        )
        line = rows[rows["lineitem_quantity"].notna()]
        named_gift = low(line["lineitem_name"]).str.contains("gift card", regex=False)
        sent = low(line["lineitem_requires_shipping"]) == "true"
        self.shopify_lines = pd.DataFrame(
            {
                "order": line["order"],
                "shop": line["shop"],
                "sku": line["lineitem_sku"],
                "name": line["lineitem_name"],
                "quantity": number(line["lineitem_quantity"]),
                "price": number(line["lineitem_price"]),
                "own_discount": number(line["lineitem_discount"]),
                "is_gift": yes(named_gift) & ~yes(sent),
            }
        )
        said = newest_file(self.read("shopify/returns"), "shop", "order_name", "day")
        kind = low(said["return_type"])
        refused = yes(kind.str.contains("refus|undeliver|reject"))
        adjusted = yes(kind.str.contains("adjust|discrepancy|goodwill"))
        self.shopify_refunds = pd.DataFrame(
            {
                "shop": said["shop"],
                "order": said["shop"] + ":" + said["order_reference"],
                "sku": said["variant_sku"],
                "name": said["product_title"],
                "date": pd.to_datetime(said["day"].str[:10]).astype("datetime64[us]"),
                "pieces": pd.to_numeric(said["returned_quantity"]).abs(),
                "goods": number(said["returned_amount"]).abs(),
                "tax": number(said["returned_taxes"]).abs(),
                "shipping": number(said["returned_shipping"]).abs(),
                "kind": np.select(
                    [refused, adjusted], ["refused", "adjustment"], "return"
                ),
                "restocked": yes(low(said["restocked"]) == "true"),
            }
        )
        tried = self.read("shopify/transactions")
        key = ["shop", "order_name", "kind", "gateway", "created_at", "amount"]
        tried["attempt"] = tried.groupby(["_file", *key], dropna=False).cumcount()
        tried = tried.sort_values(["_landed_at", "_file", "_row"])
        tried = tried.drop_duplicates([*key, "attempt"], keep="last")
        self.payments = pd.DataFrame(
            {
                "shop": tried["shop"],
                "order": tried["shop"] + ":" + tried["order_reference"],
                "kind": low(tried["kind"]),
                "status": low(tried["status"]),
                "at": moment(tried["created_at"]),
            }
        )
        goods = self.read("shopify/products")
        title = goods.groupby(["_file", "handle"])["title"].transform("max")
        option = goods["option1_value"].mask(goods["option1_value"] == "Default Title")
        variant = option.fillna("")
        for column in ("option2_value", "option3_value"):
            variant = variant + (" / " + goods[column]).fillna("")
        goods["full_name"] = title + variant.map(lambda text: text and f" - {text}")
        goods = goods[goods["variant_price"].notna() | goods["variant_sku"].notna()]
        goods = goods.sort_values(["_landed_at", "_file", "_row"])
        self.shopify_products = pd.DataFrame(
            {
                "shop": goods["shop"],
                "sku": goods["variant_sku"],
                "name": goods["full_name"],
                "cost": pd.to_numeric(goods["cost_per_item"]),
            }
        )
        people = self.read("shopify/customers")
        people = people.sort_values(["_landed_at", "_file", "_row"])
        user = people["shop"] + ":" + people["customer_id"].str.replace("'", "")
        phone = first_of(people["phone"], people["address_phone"])
        self.accounts = pd.DataFrame(
            {"account": user, "email": low(people["email"]), "phone": digits(phone)}
        ).drop_duplicates("account", keep="last")

    def read_woocommerce(self) -> None:
        """WooCommerce's orders, lines, refunds and products."""
        rows = newest_file(self.read("woocommerce/orders"), "shop", "order_id")
        rows = rows.sort_values("_row")
        rows["order"] = rows["shop"] + ":" + rows["order_id"]
        rows["at"] = self.utc(rows, clock(rows["order_date"]))
        rows["sent"] = self.utc(rows, clock(rows["completed_date"]))
        rows["now"] = rows["status"].str.removeprefix("wc-")
        back = yes(rows["order_type"] == "shop_order_refund") | (
            number(rows["order_total"]) < 0
        )
        head = rows[~back].copy()
        head["goods"] = (
            number(head["line_total"]).groupby(head["order"]).transform("sum")
        )
        head = head.drop_duplicates("order")
        cod = yes(low(head["payment_method"]) == "cod")
        unpaid = head["paid_date"].isna()
        state = np.select(
            [
                head["now"].isin(["failed", "cancelled"]) & unpaid,
                head["now"] == "refunded",
                head["now"].isin(["on-hold", "pending", "checkout-draft"])
                | ((head["now"] == "processing") & cod & unpaid),
            ],
            ["voided", "refunded", "pending"],
            "paid",
        )
        state = pd.Series(state, index=head.index)
        sent = head["sent"].where(head["now"].isin(["completed", "refunded"]))
        customer = head["customer_id"].mask(head["customer_id"] == "0")
        total = number(head["order_total"])
        self.woo = pd.DataFrame(
            {
                "shop": head["shop"],
                "order": head["order"],
                "number": head["order_number"],
                "ordered_at": head["at"],
                "email": low(head["billing_email"]),
                "phone": None,
                "account": head["shop"] + ":" + customer,
                "currency": head["currency"],
                "state": state,
                "cancelled_at": head["at"].where(
                    head["now"].isin(["cancelled", "failed"])
                ),
                "fulfilled_at": sent,
                "said_paid": ~unpaid | state.isin(["paid", "refunded"]),
                "said_sent": sent.notna() | (head["now"] == "completed"),
                "at_counter": False,
                "is_test": False,
                "is_draft": head["now"] == "checkout-draft",
                "is_fraud": False,
                "discount": number(head["order_discount"]).abs(),
                "subtotal": head["goods"],
                "shipping": number(head["order_shipping"]),
                "tax": number(head["order_tax"]),
                "total": total,
                "refunded": total.where(
                    state == "refunded", number(head["order_refunded"]).abs()
                ),
                "untaxed": 1.0,
            }
        )
        pieces = number(rows["quantity"])
        line = rows[pieces > 0]
        pieces, listed = number(line["quantity"]), number(line["line_subtotal"])
        price = np.ceil(10000 * listed / pieces) / 10000
        name = first_of(line["product_name"], line["name"])
        self.woo_lines = pd.DataFrame(
            {
                "order": line["order"],
                "shop": line["shop"],
                "sku": line["sku"],
                "name": name,
                "quantity": pieces,
                "price": price,
                "own_discount": pieces * price - number(line["line_total"]),
                "is_gift": yes(low(name).str.contains("gift card", regex=False)),
            }
        )
        back = rows[back]
        item = number(back["line_total"]).abs()
        tax, shipping = (number(back[c]).abs() for c in ("order_tax", "order_shipping"))
        rest = number(back["order_total"]).abs() - tax - shipping
        rest = rest - item.groupby(back["order"]).transform("sum")
        first = back.groupby("order").cumcount() == 0
        pieces = number(back["quantity"]).abs()
        self.woo_refunds = pd.DataFrame(
            {
                "shop": back["shop"],
                "order": back["shop"] + ":" + back["parent_order_id"],
                "sku": back["sku"],
                "name": first_of(back["product_name"], back["name"]),
                "date": self.day(back, back["at"]),
                "pieces": pieces.where(pieces > 0),
                "goods": item + rest.where(first, 0.0),
                "tax": tax.where(first, 0.0),
                "shipping": shipping.where(first, 0.0),
                "kind": "return",
                "restocked": pieces > 0,
            }
        )
        goods = self.read("woocommerce/products")
        goods = goods[~low(goods["type"]).isin(["variable", "grouped"])]
        goods = goods.sort_values(["_landed_at", "_file", "_row"])
        goods = goods.drop_duplicates(["shop", "id"], keep="last")
        goods = goods.assign(cost=pd.to_numeric(goods["unit_cost"]))
        self.woo_products = goods[["shop", "sku", "name", "cost"]]

    def read_parcels(self, numbers: pd.DataFrame) -> pd.DataFrame:
        """One row per order with parcels: when sent, and when refused if all were."""
        steps = ["dispatched_at", "delivered_at", "refused_at"]
        table = self.read("flat/parcels").sort_values(["_landed_at", "_file", "_row"])
        table["shop"] = first_of(table["shop_id"], table["shop"])
        table = table.drop_duplicates(["shop", "parcel_id"], keep="last")
        table = table.rename(
            columns={"parcel_id": "parcel", "tracking_number": "tracking"}
        )
        table["number"] = table["order_id"].str.removeprefix("#")
        for step in steps:
            table[step] = moment(table[step])
        alias = table.dropna(subset="tracking")[["shop", "tracking", "parcel"]]
        alias = alias.rename(columns={"parcel": "known", "tracking": "parcel"})
        scans = self.read("flat/parcel_events")
        scans["shop"] = first_of(scans["shop_id"], scans["shop"])
        scans["at"] = moment(scans["happened_at"])
        scans = scans.rename(columns={"parcel_id": "parcel", "order_id": "number"})
        for step, event in zip(
            steps, ("dispatched", "delivered", "refused"), strict=True
        ):
            scans[step] = scans["at"].where(scans["event"] == event)
        kinds = {"dispatched_at": "min", "delivered_at": "min", "refused_at": "max"}
        scans = scans.groupby(["shop", "parcel"], as_index=False).agg(
            {"number": "first", **kinds}
        )
        labels = self.read("shipstation/shipments")
        labels["dispatched_at"] = self.utc(labels, clock(labels["shipped_at"]))
        labels = labels.rename(
            columns={"tracking_number": "parcel", "order_number": "number"}
        )
        labels = labels.groupby(["shop", "parcel"], as_index=False).agg(
            {"number": "first", "dispatched_at": "min"}
        )
        columns = ["shop", "parcel", "number", *steps]
        told = pd.concat([x.reindex(columns=columns) for x in (table, scans, labels)])
        told = told.merge(alias, on=["shop", "parcel"], how="left")
        told["parcel"] = first_of(told["known"], told["parcel"])
        told["number"] = told["number"].str.removeprefix("#")
        found = told.groupby(["shop", "parcel"], as_index=False)[
            ["number", *steps]
        ].first()
        found = found.merge(numbers, on=["shop", "number"])
        found["parcel_sent_at"] = first_of(*(found[step] for step in steps))
        found["came_back"] = found["refused_at"].notna()
        found = found.groupby("order", as_index=False).agg(
            {"parcel_sent_at": "min", "refused_at": "max", "came_back": "all"}
        )
        found["refused_at"] = found["refused_at"].where(found["came_back"])
        return found.drop(columns="came_back")

    def make_orders(self) -> None:
        """Orders with what counts; lines and refunds with their money."""
        found = pd.concat([self.shopify, self.woo], ignore_index=True)
        parcels = self.read_parcels(found[["shop", "number", "order"]])
        money_in = self.payments["kind"].isin(["sale", "capture"]) & (
            self.payments["status"] == "success"
        )
        lines = pd.concat([self.shopify_lines, self.woo_lines], ignore_index=True)
        gifts = lines.groupby("order")["is_gift"].all().rename("gift_only")
        found = found.merge(parcels, on="order", how="left")
        found = found.merge(gifts, left_on="order", right_index=True, how="left")
        found["date"] = self.day(found, found["ordered_at"])
        found["is_paid"] = found["said_paid"] | found["order"].isin(
            self.payments.loc[money_in, "order"]
        )
        sent = found["said_sent"] | found["parcel_sent_at"].notna()
        found["is_sent"] = sent & ~found["at_counter"]
        voided = found["state"].isin(["voided", "expired"])
        cancelled = found["cancelled_at"].notna()
        found["is_cancelled"] = cancelled | voided
        found["is_refused"] = found["refused_at"].notna() | (
            found["is_sent"] & found["is_cancelled"] & ~found["is_paid"]
        )
        accepted = found["is_paid"] | found["is_sent"]
        meets = {
            "test": found["is_test"],
            "draft": found["is_draft"],
            "fraud": found["is_fraud"],
            "voided": voided & ~accepted,
            "cancelled_before_payment": cancelled & ~accepted,
            "cancelled_after_payment": cancelled & accepted,
            "gift_card_only": yes(found["gift_only"]),
        }
        out = [sign for rule, sign in meets.items() if rule in self.out]
        found["is_placed"] = ~np.logical_or.reduce(out)
        self.orders = self.with_rate(found, "date")
        self.make_people()
        self.make_lines(lines)
        self.make_returns()

    def make_people(self) -> None:
        """Who ordered: by e-mail, else account, else a phone that one person has."""
        pairs = pd.concat([self.orders, self.accounts])[["phone", "email"]]
        pairs = pairs.dropna().drop_duplicates()
        owners = pairs.drop_duplicates("phone", keep=False).set_index("phone")["email"]
        rows = self.orders
        owner = rows["phone"].map(owners)
        rows["customer"] = first_of(
            rows["email"], rows["account"], owner, rows["phone"]
        )

    def with_cost(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Add `item` and `cost`: by stock number, else by a name of one product."""
        products = pd.concat([self.shopify_products, self.woo_products])
        by_sku = products.dropna(subset="sku").drop_duplicates(
            ["shop", "sku"], keep="last"
        )
        by_name = products.drop_duplicates(["shop", "sku", "name"], keep="last")
        by_name = by_name.drop_duplicates(["shop", "name"], keep=False)
        named = by_name[["shop", "name", "sku"]].rename(columns={"sku": "named"})
        costs = by_sku[["shop", "sku", "cost"]].rename(columns={"sku": "item"})
        rows = rows.merge(named, on=["shop", "name"], how="left")
        rows["item"] = first_of(rows["sku"], rows["named"], rows["name"])
        return rows.merge(costs, on=["shop", "item"], how="left").drop(columns="named")

    def make_lines(self, lines: pd.DataFrame) -> None:
        """Lines in euros without tax, with their share of the order's discount."""
        head = self.orders[["order", "rate", "untaxed", "discount", "is_placed"]]
        lines = lines[~lines["is_gift"]].merge(head, on="order")
        euros = lines["rate"] * lines["untaxed"]
        lines["gross_sales"] = (lines["quantity"] * lines["price"] * euros).round(4)
        own = (lines["own_discount"] * euros).round(4)
        all_ = lines.groupby("order")["gross_sales"].transform("sum")
        whole = np.minimum((lines["discount"] * euros).round(4), all_)
        rest = (whole - own.groupby(lines["order"]).transform("sum")).clip(lower=0)
        share = (rest * lines["gross_sales"] / all_.mask(all_ == 0)).fillna(0)
        lines["discounts"] = own + share
        lines["sales"] = lines["gross_sales"] - lines["discounts"]
        lines = self.with_cost(lines)
        cogs = (lines["quantity"] * lines["cost"] * lines["rate"]).round(4)
        lines["cogs"] = cogs.fillna(0)
        lines["costed_sales"] = lines["sales"].where(lines["cost"].notna(), 0.0)
        self.lines = lines
        money = [
            "quantity",
            "gross_sales",
            "discounts",
            "sales",
            "cogs",
            "costed_sales",
        ]
        sums = lines.groupby("order")[money].sum()
        rows = self.orders.merge(sums, left_on="order", right_index=True, how="left")
        rows[money] = rows[money].fillna(0)
        rows["shipping_euros"] = rows["shipping"] * rows["rate"] * rows["untaxed"]
        rows["tax_euros"] = rows["tax"] * rows["rate"]
        euros = ["shipping_euros", "tax_euros"]
        rows[euros] = rows[euros].round(4)
        self.orders = rows

    def make_returns(self) -> None:
        """Refunds of placed orders in euros, on their day, with the costs they undo."""
        dated = pd.concat([self.shopify_refunds, self.woo_refunds], ignore_index=True)
        paid_back = dated["goods"] + dated["tax"] + dated["shipping"]
        head = self.orders.copy()
        booked = head["order"].map(paid_back.groupby(dated["order"]).sum())
        unpaid = head["is_refused"] & ~head["is_paid"] & booked.isna()
        head["unpaid"] = unpaid & (head["refunded"] == 0)
        head["left"] = head["refunded"] - booked.fillna(0)
        head = head[head["unpaid"] | (head["left"] > 0.01)]
        amount = head["total"].where(head["unpaid"], head["left"])
        goods = head["subtotal"] * head["untaxed"]
        shipping = head["shipping"] * head["untaxed"]
        whole = goods + shipping + head["tax"]
        closed = first_of(
            head["refused_at"],
            head["cancelled_at"],
            head["fulfilled_at"],
            head["ordered_at"],
        )
        at = first_of(head["cancelled_at"], head["ordered_at"])
        undated = pd.DataFrame(
            {
                "shop": head["shop"],
                "order": head["order"],
                "date": self.day(head, closed.where(head["unpaid"], at)),
                "goods": amount * goods / whole,
                "tax": amount * head["tax"] / whole,
                "shipping": amount * shipping / whole,
                "kind": np.where(head["unpaid"], "refused", "undated"),
                "restocked": head["unpaid"] | (head["is_cancelled"] & ~head["is_sent"]),
            }
        ).reindex(columns=dated.columns)
        found = pd.concat([dated, undated.astype({"pieces": float})], ignore_index=True)
        placed = self.orders[self.orders["is_placed"]]
        placed = placed[["order", "rate", "date"]].rename(
            columns={"date": "order_date"}
        )
        found = self.with_cost(found.merge(placed, on="order"))
        basis = ["quantity", "sales", "costed_sales", "cogs"]
        of_product = self.lines.groupby(["order", "item"])[basis].sum()
        of_product = of_product.add_suffix("_item")
        grouped = self.lines.groupby("order")
        of_order = grouped[basis].sum()
        of_order["only"] = grouped["item"].first().where(grouped["item"].nunique() == 1)
        found = found.merge(of_order, left_on="order", right_index=True, how="left")
        found["item"] = first_of(found["item"], found["only"])
        found = found.merge(
            of_product, left_on=["order", "item"], right_index=True, how="left"
        )
        hit = found["quantity_item"].notna()
        of = {x: found[f"{x}_item"].where(hit, found[x]) for x in basis}
        back = (found["goods"] * found["rate"]).round(4)
        worth = back / of["sales"].mask(of["sales"] == 0)
        guess = (worth.clip(upper=1) * of["quantity"]).round()
        guess = guess.mask(found["kind"] == "adjustment", 0.0)
        pieces = first_of(found["pieces"], guess).fillna(0)
        again = pieces * of["cogs"] / of["quantity"].mask(of["quantity"] == 0)
        self.returns = pd.DataFrame(
            {
                "order": found["order"],
                "date": found["date"],
                "order_date": found["order_date"],
                "units": pieces,
                "returns": back,
                "returned_shipping": (found["shipping"] * found["rate"]).round(4),
                "returned_tax": (found["tax"] * found["rate"]).round(4),
                "costed_returns": (worth * of["costed_sales"]).fillna(0).round(4),
                "restocked_cogs": again.where(found["restocked"]).fillna(0).round(4),
            }
        )

    # -------------------------------------------------------------------------- traffic

    def read_events(self) -> None:
        """Events, each once, as visits; the steps of carts; purchases."""
        key = ["shop", "user_pseudo_id", "event_timestamp", "event_name"]
        key += ["event_bundle_sequence_id", "batch_event_index"]
        told = {
            "event": ["param_source", "param_medium", "param_campaign"],
            "address": ["manual_source", "manual_medium", "manual_campaign_name"],
            "first": ["first_source", "first_medium", "first_campaign"],
        }
        columns = [*key[1:], "user_id", "ga_session_id", "ga_session_number"]
        columns += ["page_location", "engagement_time_msec", "session_engaged"]
        columns += ["traffic_type", "param_gclid", "param_transaction_id"]
        columns += ["collected_gclid", "device_category", "browser", "transaction_id"]
        raw = self.read(
            "ga4/events", [*columns, *(c for group in told.values() for c in group)]
        )
        raw = raw.drop_duplicates(key)
        name = raw["event_name"]
        own = raw[told["event"]].notna().any(axis=1)
        tagged = raw[told["address"]].notna().any(axis=1)
        first = (name == "first_visit") | (
            (name == "session_start") & (raw["ga_session_number"] == "1")
        )
        events = pd.DataFrame(
            {
                "shop": raw["shop"],
                "visitor": raw["user_pseudo_id"],
                "session": raw["ga_session_id"],
                "user": raw["user_id"],
                "at": moment(raw["event_timestamp"]),
                "name": name,
                "page": raw["page_location"],
                "device": low(raw["device_category"]),
                "browser": raw["browser"],
                "seconds": pd.to_numeric(raw["engagement_time_msec"]) / 1000,
                "is_view": name.isin(["page_view", "screen_view"]),
                "engaged": raw["session_engaged"].isin(["1", "1.0", "true"]),
                "internal": yes(raw["traffic_type"] == "internal"),
            }
        )
        for tag, a, b, c in zip(TAGS, *told.values(), strict=False):
            none = pd.Series(None, index=raw.index, dtype=raw[a].dtype)
            found = raw[c].where(first, none)
            found = raw[b].where(tagged, found)
            events[tag] = raw[a].where(own, found)
        address = f"[?&](?:{channels.CLICK_IDS})=([^&#]+)"
        linked = raw["page_location"].str.extract(address, expand=False)
        events["click"] = first_of(raw["collected_gclid"], raw["param_gclid"], linked)
        order_number = first_of(raw["transaction_id"], raw["param_transaction_id"])
        del raw
        for step in ("view_item", "add_to_cart", "begin_checkout", "purchase"):
            events[step] = events["name"] == step
        by_visit = events.groupby(VISIT, sort=False)
        visits = by_visit.agg(
            started_at=("at", "min"),
            ended_at=("at", "max"),
            user=("user", "first"),
            device=("device", "first"),
            browser=("browser", "first"),
            page_views=("is_view", "sum"),
            seconds=("seconds", "sum"),
            timed=("seconds", "count"),
            engaged=("engaged", "any"),
            internal=("internal", "any"),
            viewed=("view_item", "any"),
            added=("add_to_cart", "any"),
            checkout=("begin_checkout", "any"),
            purchases=("purchase", "sum"),
        ).reset_index()
        begun = events[events["begin_checkout"]].groupby(VISIT)["at"].min()
        pages = events[events["page"].notna()].sort_values("at", kind="stable")
        landed = pages[pages["is_view"]].drop_duplicates(VISIT)
        other = pages.drop_duplicates(VISIT)
        landed = pd.concat([landed, other]).drop_duplicates(VISIT)[[*VISIT, "page"]]
        tags = events[events[TAGS].notna().any(axis=1)]
        tags = tags.sort_values(["at", *TAGS], na_position="first")
        tags = tags.drop_duplicates(VISIT)[[*VISIT, *TAGS]]
        visits = visits.merge(begun.rename("checkout_at"), on=VISIT, how="left")
        visits = visits.merge(landed, on=VISIT, how="left")
        self.visits = visits.merge(tags, on=VISIT, how="left")
        steps = [
            "add_to_cart",
            "remove_from_cart",
            "begin_checkout",
            "add_payment_info",
        ]
        steps = events[events["name"].isin(steps)]
        self.cart_steps = steps[[*VISIT, "at", "add_to_cart"]]
        bought = events.loc[events["purchase"], [*VISIT, "at"]]
        order_number = order_number.loc[bought.index].str.strip().str.removeprefix("#")
        self.told = bought.assign(number=order_number)

    def make_ads(self) -> None:
        """Ad spend by day and channel, other marketing costs, channels of campaigns."""
        frames = []
        for platform in ("google_ads", "meta_ads"):
            rows = self.read(f"{platform}/campaigns").assign(platform=platform)
            if platform == "meta_ads":
                rows["currency"] = first_of(
                    rows["currency"], rows["amount_spent_currency"]
                )
                rows = rows.drop(columns="clicks", errors="ignore").rename(
                    columns={"amount_spent": "cost", "link_clicks": "clicks"}
                )
                rows["campaign_type"] = rows["objective"]
            frames.append(newest_file(rows, "shop", "campaign_id", "day"))
        columns = ["shop", "platform", "campaign_id", "campaign_name", "campaign_type"]
        columns += ["currency", "day", "cost", "clicks"]
        days = pd.concat([frame[columns] for frame in frames], ignore_index=True)
        days["date"] = pd.to_datetime(days["day"]).astype("datetime64[us]")
        days["clicks"] = number(days["clicks"])
        channel_of = channels.ad_channel(self.seeds)
        purpose_of = channels.purpose(self.seeds)
        key = ["shop", "platform", "campaign_id"]
        newest = days.sort_values("date", kind="stable").drop_duplicates(
            key, keep="last"
        )
        newest = newest.copy()
        newest["channel"] = [
            channel_of(platform, kind if isinstance(kind, str) else None)
            for platform, kind in zip(
                newest["platform"], newest["campaign_type"], strict=True
            )
        ]
        newest["purpose"] = [purpose_of(name) for name in newest["campaign_name"]]
        names: dict[str, set[str]] = {}
        for column in ("campaign_name", "campaign_id"):
            for name, channel in zip(newest[column], newest["channel"], strict=True):
                names.setdefault(name.strip().lower(), set()).add(channel)
        self.ad_names = {k: min(v) for k, v in names.items() if len(v) == 1}
        days = self.with_rate(days, "date")
        days = days.merge(newest[[*key, "channel", "purpose"]], on=key)
        days["spend"] = (number(days["cost"]) * days["rate"]).round(4)
        self.ads = days
        self.channel_names = {
            self.as_id(text): row["channel_id"]
            for row in channels.rows(self.seeds, "channels")
            for text in (row["channel_id"], row["channel_name"])
        }
        costs = self.read("flat/marketing_costs")
        costs["shop"] = first_of(costs["shop_id"], costs["shop"])
        costs = newest_file(
            costs,
            *("shop", "starts_on", "ends_on", "cost_class", "purpose", "channel"),
            "description",
        )
        costs["date"] = [
            pd.date_range(first, last if isinstance(last, str) else first)
            for first, last in zip(costs["starts_on"], costs["ends_on"], strict=True)
        ]
        costs["amount"] = number(costs["amount"]) / costs["date"].map(len)
        costs = costs.explode("date")
        costs["date"] = pd.to_datetime(costs["date"]).astype("datetime64[us]")
        costs = self.with_rate(costs, "date")
        costs["spend"] = (costs["amount"] * costs["rate"]).round(4)
        costs["channel"] = self.channel_id(costs["channel"])
        costs["purpose"] = low(costs["purpose"])
        kept = ["date", "channel", "cost_class", "purpose", "spend"]
        costs = pd.concat([costs[kept], days.assign(cost_class="MCC")[kept]])
        self.costs = costs[costs["date"] <= self.as_of_date]

    @staticmethod
    def as_id(text: str) -> str:
        """A channel's name as its id is written."""
        return text.strip().lower().replace(" ", "_").replace("-", "_")

    def channel_id(self, column: pd.Series) -> pd.Series:
        """A channel's name or id, however a file writes it, as its id; else nothing."""
        return column.map(
            lambda text: (
                self.channel_names.get(self.as_id(text))
                if isinstance(text, str)
                else None
            )
        )

    def make_sessions(self) -> None:
        """Visits with their channel; robots and the shop's own people left out."""
        rows = self.visits
        click = rows["click"]
        kind = np.where(yes(click.str.startswith(channels.FACEBOOK)), "facebook", "ad")
        rows["click"] = pd.Series(kind, index=rows.index).where(click.notna())
        texts = rows[TAGS].astype(object)
        rows[TAGS] = texts.where(texts.notna(), "")
        kinds = rows[TAGS].drop_duplicates()
        find = channels.finder(self.seeds, self.ad_names)
        kinds["channel"] = [find(*row) for row in kinds.itertuples(index=False)]
        rows = rows.merge(kinds, on=TAGS, how="left")
        flags = {"bots": False, "internal_traffic": False}
        for field in ("source", "landing_page", "device", "browser"):
            column = rows["page" if field == "landing_page" else field]
            # Each text meets the patterns once.
            seen = pd.Series(column.dropna().unique(), dtype=object)
            text = seen.str.lower()
            if field == "landing_page":
                ids = f"(?:{channels.CLICK_IDS})=[^&#]+"
                text = seen.str.replace(ids, "", regex=True).str.lower()
            for seed in flags:
                sign = channels.patterns(self.seeds, seed).get(field)
                if sign:
                    hits = {
                        a for a, b in zip(seen, text, strict=True) if re.search(sign, b)
                    }
                    flags[seed] = flags[seed] | column.isin(hits)
        lasted = (rows["ended_at"] - rows["started_at"]).dt.total_seconds()
        seconds = rows["seconds"].where(rows["timed"] > 0, lasted)
        racing = (
            (rows["page_views"] >= 30)
            & (seconds < rows["page_views"])
            & (rows["purchases"] == 0)
        )
        rows["date"] = self.day(rows, rows["started_at"])
        own = flags["internal_traffic"] | rows["internal"]
        rows["counted"] = ~(flags["bots"] | racing | own)
        rows["engaged"] = rows["engaged"] | (seconds >= 10) | (rows["page_views"] >= 2)
        self.make_purchases()
        bought = self.purchases.dropna(subset="session")
        bought = bought.groupby(VISIT)["counted"].any().rename("bought")
        rows = rows.merge(bought, on=VISIT, how="left")
        rows["engaged"] = rows["engaged"] | rows["bought"].notna()
        rows["bought"] = yes(rows["bought"])
        self.make_persons(rows)
        rows = rows.merge(self.persons, on=WHO, how="left")
        self.all_days = rows[["shop", "date"]].drop_duplicates()
        self.sessions = rows[rows["counted"]]

    def make_purchases(self) -> None:
        """Purchases, each in the first visit that tells it; and orders nobody told."""
        told = self.told.sort_values("at", kind="stable")
        told = told.drop_duplicates(["shop", "number"])
        columns = ["shop", "number", "order", "is_placed", "customer", "ordered_at"]
        orders = self.orders[columns]
        told = told.merge(orders, on=["shop", "number"], how="left")
        told["counted"] = told["is_placed"].astype("boolean").fillna(True).astype(bool)
        unseen = orders[~orders["order"].isin(told["order"])]
        unseen = unseen.assign(at=unseen["ordered_at"], counted=unseen["is_placed"])
        unseen = unseen.reindex(columns=told.columns)
        self.purchases = pd.concat(
            [told, unseen.astype({"counted": bool})], ignore_index=True
        )

    def make_persons(self, visits: pd.DataFrame) -> None:
        """Visitor → the customer first seen there, else the account, else itself."""
        rows = self.orders
        nameless = rows[rows["email"].isna() & rows["account"].isna()]
        by_phone = nameless.dropna(subset="phone").groupby("phone")["customer"].min()
        accounts = self.accounts
        known = accounts["email"].where(accounts["email"].isin(rows["customer"]))
        phoned = accounts["phone"].map(by_phone).where(accounts["email"].isna())
        who = first_of(known.astype(object), phoned.astype(object))
        accounts = accounts[["account"]].assign(who=who).dropna()
        visits = visits.assign(account=visits["shop"] + ":" + visits["user"])
        logged_in = visits.dropna(subset="account").merge(accounts, on="account")
        logged_in = logged_in[[*WHO, "who", "started_at"]]
        bought = self.purchases[[*WHO, "customer", "at"]]
        links = pd.concat(
            [
                logged_in.rename(columns={"started_at": "at"}),
                bought.rename(columns={"customer": "who"}),
            ]
        ).dropna(subset=["who", "visitor"])
        links = links.sort_values(["at", "who"]).drop_duplicates(WHO)
        found = visits.groupby(WHO, as_index=False)["account"].min()
        found = found.merge(links[[*WHO, "who"]], on=WHO, how="left")
        device = found["shop"] + ":" + found["visitor"]
        found["person"] = first_of(found["who"], found["account"], device)
        self.persons = found[[*WHO, "who", "person"]]

    def make_channels(self) -> None:
        """The channel of each order: its last visit in 30 days that was not direct."""
        seen = self.sessions[[*VISIT, "who", "started_at", "channel"]]
        orders = self.orders[["shop", "order", "ordered_at", "customer"]]
        by_person = orders.dropna(subset="customer").merge(
            seen.dropna(subset="who"),
            left_on=["shop", "customer"],
            right_on=["shop", "who"],
        )
        told = self.purchases.dropna(subset=["session", "order"])
        told = told[[*VISIT, "order"]].rename(columns={"session": "order_session"})
        by_device = orders.merge(told, on=["shop", "order"]).merge(seen, on=WHO)
        touches = pd.concat([by_person, by_device])
        soon = touches["started_at"] <= touches["ordered_at"]
        soon = soon | yes(touches["session"] == touches["order_session"])
        late = touches["started_at"] >= touches["ordered_at"] - WINDOW
        touches = touches[soon & late]
        touches = touches.assign(named=touches["channel"] != "direct")
        touches = touches.sort_values(["named", "started_at", "visitor", "session"])
        last = touches.drop_duplicates("order", keep="last").set_index("order")[
            "channel"
        ]
        self.orders["channel"] = self.orders["order"].map(last).fillna("unattributed")

    def make_carts(self) -> pd.DataFrame:
        """One row per cart: its day, channel and how it ended."""
        seen = self.sessions[[*VISIT, "person", "channel"]]
        steps = self.cart_steps.merge(seen, on=VISIT).rename(
            columns={"add_to_cart": "added"}
        )
        steps["bought"] = False
        bought = self.purchases[self.purchases["counted"]]
        bought = bought.merge(self.persons, on=WHO, how="left")
        bought["person"] = first_of(bought["person"], bought["customer"])
        bought = bought.dropna(subset="person")[["shop", "person", "at"]]
        bought = bought.assign(added=False, bought=True)
        columns = ["shop", "person", "at", "channel", "added", "bought"]
        rows = pd.concat([x.reindex(columns=columns) for x in (steps, bought)])
        rows[["added", "bought"]] = rows[["added", "bought"]].astype(bool)
        rows = rows.sort_values(["shop", "person", "at", "bought"], kind="stable")
        before = rows.shift(1)
        goes_on = (
            (rows["shop"] == before["shop"])
            & (rows["person"] == before["person"])
            & ~yes(before["bought"])
            & (rows["at"] - before["at"] <= SETTLE)
        )
        rows["cart"] = (~yes(goes_on)).cumsum()
        rows["step_at"] = rows["at"].where(~rows["bought"])
        carts = rows.groupby("cart").agg(
            shop=("shop", "first"),
            first_at=("step_at", "min"),
            last_at=("step_at", "max"),
            bought=("bought", "any"),
            added=("added", "any"),
            channel=("channel", "first"),
        )
        carts = carts[carts["added"]]
        over = carts["last_at"] + SETTLE <= self.as_of
        return carts.assign(
            date=self.day(carts, carts["first_at"]), settled=carts["bought"] | over
        )

    # ----------------------------------------------------------------------------- KPIs

    def run(self) -> list[contest.Value]:
        """Everything, one after the other."""
        self.read_shopify()
        self.read_woocommerce()
        self.make_orders()
        self.read_events()
        self.make_ads()
        self.make_sessions()
        self.make_channels()
        return self.values()

    def values(self) -> list[contest.Value]:
        """Parts by month, as a whole and by channel; then the divisions."""
        placed = self.orders[self.orders["is_placed"]]
        placed = placed.sort_values(["ordered_at", "order"])
        by_customer = placed.groupby("customer")
        placed = placed.assign(
            turn=(by_customer.cumcount() + 1).where(placed["customer"].notna()),
            first_channel=by_customer["channel"].transform("first"),
        )
        returns = self.returns.merge(placed[["order", "channel"]], on="order")
        returns = returns[returns["date"] <= self.as_of_date]
        paid = channels.paid_channels(self.seeds)
        o, r = placed, returns
        frames = [
            parts(
                o,
                orders=1.0,
                units=o["quantity"],
                sales=o["sales"],
                net_sales=o["sales"],
                total_sales=o["sales"] + o["shipping_euros"] + o["tax_euros"],
                gross_sales=o["gross_sales"],
                discounts=o["discounts"],
                gross_profit=o["costed_sales"] - o["cogs"],
                costed_net_sales=o["costed_sales"],
                cancelled_orders=o["is_cancelled"],
                paid_sales=o["sales"].where(o["channel"].isin(paid), 0.0),
            ),
            parts(
                r,
                returns=r["returns"],
                net_sales=-r["returns"],
                total_sales=-(
                    r["returns"] + r["returned_shipping"] + r["returned_tax"]
                ),
                gross_profit=r["restocked_cogs"] - r["costed_returns"],
                costed_net_sales=-r["costed_returns"],
            ),
            parts(r.assign(date=r["order_date"]), returned_units=r["units"]),
            self.payment_parts(),
            *self.session_parts(),
            self.cart_parts(),
            parts(self.ads, ad_spend=self.ads["spend"], clicks=self.ads["clicks"]),
            self.cost_parts(),
            parts(o[o["turn"] == 1], new_customers=1.0),
            *self.customer_parts(o[o["customer"].notna()]),
        ]
        wide = pd.concat(frames)
        # What no frame says is 0; what a report leaves out is unknown.
        wide = wide.groupby(["month", "member"]).sum()
        unknown = self.unknown.reindex(wide.index, fill_value=False)
        wide[unknown.columns] = wide[unknown.columns].mask(unknown)
        found = []
        for kpi, (top, bottom, _) in contest.KPIS.items():
            value = wide[top]
            if bottom:
                below = wide[bottom]
                value = value / below.mask(below.round(6) == 0)
            if kpi == "gross_margin":
                value = value.where(wide[bottom] >= 0.01)
            if kpi == "customer_acquisition_cost":
                value = value.where(wide[top] != 0)
            value = value.dropna()
            if kpi in contest.WITHOUT_CHANNEL:
                value = value[value.index.get_level_values("member") == "all"]
            found += [
                (kpi, month.strftime("%Y-%m-%d"), member, number)
                for (month, member), number in value.items()
            ]
        return found

    def payment_parts(self) -> pd.DataFrame:
        """Settled attempts to pay, of orders that somebody meant to pay."""
        nobody = self.orders["is_test"] | self.orders["is_draft"]
        rows = self.payments
        rows = rows[
            rows["kind"].isin(["sale", "authorization"])
            & (rows["status"] != "pending")
            & ~rows["order"].isin(self.orders.loc[nobody, "order"])
        ]
        month = first_of_month(self.day(rows, rows["at"]))
        won = rows["status"] == "success"
        found = pd.DataFrame(
            {
                "payments_tried": rows.groupby(month).size(),
                "payments_successful": won.groupby(month).sum(),
                "orders_tried": rows.groupby(month)["order"].nunique(),
                "orders_paid": rows[won].groupby(month[won])["order"].nunique(),
            }
        )
        found.index.name = "month"
        return found.assign(member="all").reset_index()

    def session_parts(self) -> list[pd.DataFrame]:
        """Sessions counted one by one, and those of days that only a report tells."""
        s = self.sessions
        begun = s.loc[s["checkout"], [*VISIT, "date", "channel", "checkout_at"]]
        ended = self.purchases[self.purchases["counted"]].merge(begun, on=VISIT)
        ended = ended[ended["at"] >= ended["checkout_at"]].drop_duplicates(VISIT)
        told = newest_file(
            self.read("ga4/traffic_days"), "shop", "traffic_date", "channel", "device"
        )
        told["date"] = pd.to_datetime(told["traffic_date"]).astype("datetime64[us]")
        told = told.merge(
            self.all_days.assign(seen=True), on=["shop", "date"], how="left"
        )
        told = told[told["seen"].isna()]
        told["channel"] = self.channel_id(told["channel"]).fillna("unassigned")
        sums = {x: pd.to_numeric(told[x]).astype(float) for x in REPORTED}
        reported = parts(told, **sums)
        empty = parts(told, **{x: sums[x].isna() for x in REPORTED})
        self.unknown = empty.set_index(["month", "member"])[list(REPORTED)] > 0
        return [
            parts(
                s,
                sessions=1.0,
                purchase_sessions=s["bought"],
                product_view_sessions=s["viewed"],
                add_to_cart_sessions=s["added"],
                engaged_sessions=s["engaged"],
                checkouts=s["checkout"],
            ),
            parts(ended, successful_checkouts=1.0),
            reported,
        ]

    def cart_parts(self) -> pd.DataFrame:
        """Carts that have settled, and those of them that nobody bought."""
        carts = self.make_carts()
        carts = carts[carts["settled"]]
        return parts(carts, settled_carts=1.0, abandoned_carts=~carts["bought"])

    def cost_parts(self) -> pd.DataFrame:
        """Campaign costs of all kinds, and those that are to win customers."""
        costs = self.costs[self.costs["cost_class"] == "MCC"]
        won = costs["spend"].where(costs["purpose"] == "acquisition", 0.0)
        return parts(costs, total_spend=costs["spend"], acquisition_spend=won)

    def customer_parts(self, orders: pd.DataFrame) -> list[pd.DataFrame]:
        """Who bought in a month, again, and again after the month before."""
        orders = orders.assign(month=first_of_month(orders["date"]))
        months = orders.groupby(["customer", "month"], as_index=False).agg(
            channel=("first_channel", "first"),
            first_turn=("turn", "min"),
            last_turn=("turn", "max"),
        )
        next_month = pd.DateOffset(months=1)
        earlier = months[["customer", "channel"]].assign(
            date=months["month"] + next_month
        )
        later = months[["customer", "month"]].rename(columns={"month": "date"})
        kept = earlier.merge(
            later.assign(kept=1.0), on=["customer", "date"], how="left"
        )
        kept = kept[kept["date"] <= self.as_of_date]
        months = months.assign(date=months["month"])
        return [
            parts(
                months,
                purchasing_customers=1.0,
                repeat_customers=months["last_turn"] >= 2,
                returning_customers=months["first_turn"] > 1,
            ),
            parts(
                kept, previous_customers=1.0, retained_customers=kept["kept"].fillna(0)
            ),
        ]


# The parts that a report of days has; what it leaves out is unknown, not 0.
REPORTED = (
    *("sessions", "purchase_sessions", "product_view_sessions"),
    *("add_to_cart_sessions", "engaged_sessions"),
)


def first_of_month(dates: pd.Series) -> pd.Series:
    """The first day of each date's month."""
    return dates.dt.normalize() - pd.to_timedelta(dates.dt.day - 1, unit="D")


def parts(rows: pd.DataFrame, **sums: pd.Series | float) -> pd.DataFrame:
    """Sums by month: member `all`, and each channel.

    Args:
        rows: With `date` and `channel`.
        sums: What is added up, by its name.
    """
    found = pd.DataFrame(sums, index=rows.index).astype(float)
    found["month"] = first_of_month(rows["date"])
    found["member"] = rows["channel"].astype(object).fillna("unknown")
    whole = found.assign(member="all")
    keys = ["month", "member"]
    return pd.concat([x.groupby(keys).sum().reset_index() for x in (found, whole)])


def reader(lake: Path) -> Read:
    """Tables of the lake as pandas reads Parquet, with pyarrow."""

    def read(table: str, columns: list[str] | None) -> pd.DataFrame:
        files = sorted((lake / table).glob("*.parquet"))
        return pd.concat(
            [pd.read_parquet(file, columns=columns) for file in files],
            ignore_index=True,
        )

    return read


def compute(lake: Path, seeds: Path, now: contest.Now) -> list[contest.Value]:
    """The KPIs by month, as a whole and by channel."""
    return Script(reader(lake), seeds, now).run()


if __name__ == "__main__":
    contest.script("pandas script", __doc__, compute)
