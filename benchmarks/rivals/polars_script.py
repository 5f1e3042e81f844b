"""The KPIs by month and channel as one hand-written Polars script over the lake."""

import contest  # before Polars: it says how many threads

if __name__ == "__main__":
    contest.needs("Polars script", "polars", "duckdb")

import datetime as dt
from pathlib import Path

import channels
import polars as pl

MOMENT = "%Y-%m-%d %H:%M:%S%.fZ"
CLOCK = "%Y-%m-%d %H:%M:%S"
WINDOW = dt.timedelta(days=30)
SETTLE = dt.timedelta(hours=24)
WHO = ["shop", "visitor"]
VISIT = [*WHO, "session"]
col = pl.col


def moment(column: str) -> pl.Expr:
    """A text such as `2025-01-01 01:17:52Z` as a moment."""
    return col(column).str.to_datetime(MOMENT, time_unit="us")


def number(column: str) -> pl.Expr:
    """A text as a number, nothing as 0."""
    return col(column).cast(pl.Float64).fill_null(0)


def newest_file(rows: pl.DataFrame, *key: str) -> pl.DataFrame:
    """The rows of the file that was written last of those that have their key."""
    written = pl.concat_str(col("_landed_at").cast(pl.String), "_file")
    return rows.with_columns(_written=written).filter(
        col("_written") == col("_written").max().over(key)
    )


class Script:
    """All of it, table by table."""

    def __init__(self, lake: Path, seeds: Path, now: contest.Now):
        self.lake, self.seeds = lake, seeds
        self.as_of, self.as_of_date = now.moment, now.date
        self.shops = {row["shop_id"]: row for row in channels.rows(seeds, "shops")}
        self.own_currency = {k: row["currency"] for k, row in self.shops.items()}
        policy = channels.rows(seeds, "order_policy")
        self.out = {row["rule"] for row in policy if row["default"] == "out"}
        self.rates = (
            pl.read_csv(seeds / "fx_rates.csv", try_parse_dates=True)
            .sort("valid_from")
            .select("currency", "valid_from", rate=col("rate").cast(pl.Float64))
        )

    def scan(self, table: str) -> pl.LazyFrame:
        """A table of the lake, every column a text."""
        rows = pl.scan_parquet(
            self.lake / table / "*.parquet",
            missing_columns="insert",
            extra_columns="ignore",
        )
        return rows.with_columns(shop=col("_shop_id"))

    def read(self, table: str) -> pl.DataFrame:
        """The same, read."""
        return self.scan(table).collect()

    def day(self, of: str | pl.Expr) -> pl.Expr:
        """The day of a moment on the clock of the row's shop."""
        of = col(of) if isinstance(of, str) else of
        found = of.dt.date()
        for shop, row in self.shops.items():
            here = of.dt.replace_time_zone("UTC").dt.convert_time_zone(row["time_zone"])
            found = pl.when(col("shop") == shop).then(here.dt.date()).otherwise(found)
        return found

    def utc(self, clock: pl.Expr) -> pl.Expr:
        """A moment on the clock of the row's shop in UTC."""
        found = clock
        for shop, row in self.shops.items():
            there = clock.dt.replace_time_zone(
                row["time_zone"], ambiguous="latest", non_existent="null"
            )
            there = there.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
            found = pl.when(col("shop") == shop).then(there).otherwise(found)
        return found

    def with_rate(self, rows: pl.DataFrame, date: str) -> pl.DataFrame:
        """Add `rate`, euros of a unit of `currency` on a day, at most 45 days old."""
        rows = rows.with_columns(
            currency=pl.coalesce("currency", col("shop").replace(self.own_currency))
        )
        rows = rows.sort(date).join_asof(
            self.rates,
            left_on=date,
            right_on="valid_from",
            by="currency",
            tolerance=dt.timedelta(days=45),
            check_sortedness=False,
        )
        euros = pl.when(col("currency") == "EUR").then(1.0).otherwise("rate")
        return rows.with_columns(rate=euros).drop("valid_from")

    # --------------------------------------------------------------------------- orders

    def read_shopify(self) -> None:
        """Shopify's orders, lines, products, customers, refunds and payments."""
        rows = newest_file(self.read("shopify/orders"), "shop", "name")
        rows = rows.with_columns(
            key=pl.coalesce(col("id").max().over("shop", "name"), "name")
        ).with_columns(order=pl.concat_str("shop", pl.lit(":"), "key"))
        status = col("fulfillment_status").str.to_lowercase()
        state = col("financial_status").str.to_lowercase().str.strip_chars()
        source = col("source").str.to_lowercase()
        digits = (
            pl.coalesce("phone", "shipping_phone", "billing_phone")
            .str.replace_all("[^0-9]", "")
            .str.tail(9)
        )
        paid = ["paid", "partially_paid", "partially_refunded", "refunded"]
        heads = rows.filter(col("id").is_not_null() | state.is_not_null())
        taxed = [k for k, r in self.shops.items() if r["prices_include_tax"] == "true"]
        shown = number("subtotal") + number("shipping")
        self.shopify = heads.select(
            "shop",
            "order",
            number=col("name").str.strip_prefix("#"),
            ordered_at=moment("created_at"),
            email=col("email").str.strip_chars().str.to_lowercase(),
            phone=digits,
            account=pl.lit(None, pl.String),
            currency=col("currency").str.to_uppercase(),
            state=state,
            cancelled_at=moment("cancelled_at"),
            fulfilled_at=moment("fulfilled_at"),
            said_paid=col("paid_at").is_not_null() | state.is_in(paid),
            said_sent=col("fulfilled_at").is_not_null()
            | status.is_in(["fulfilled", "partial"]),
            at_counter=source.is_in(["iphone", "android", "pos"]),
            is_test=col("tags")
            .str.to_lowercase()
            .str.contains("(^|[^a-z])test([^a-z]|$)")
            | col("payment_method").str.to_lowercase().str.contains("bogus"),
            is_draft=(source == "shopify_draft_order")
            & col("paid_at").is_null()
            & state.is_in(["pending", "voided", "expired"]),
            is_fraud=(col("risk_level").str.to_lowercase() == "high")
            & col("cancelled_at").is_not_null(),
            discount=number("discount_amount"),
            subtotal=number("subtotal"),
            shipping=number("shipping"),
            tax=number("taxes"),
            total=number("total"),
            refunded=number("refunded_amount"),
            untaxed=pl.when(col("shop").is_in(taxed) & (shown != 0))
            .then(1 - number("taxes") / shown)
            .otherwise(1.0),
        )
        name = col("lineitem_name")
        self.shopify_lines = rows.filter(col("lineitem_quantity").is_not_null()).select(
            "order",
            "shop",
            row="_row",
            sku="lineitem_sku",
            name=name,
            quantity=number("lineitem_quantity"),
            price=number("lineitem_price"),
            own_discount=number("lineitem_discount"),
            is_gift=name.str.to_lowercase().str.contains("gift card", literal=True)
            & (col("lineitem_requires_shipping").str.to_lowercase() != "true"),
        )
        said = self.read("shopify/returns")
        kind = col("return_type").str.to_lowercase()
        self.shopify_refunds = newest_file(said, "shop", "order_name", "day").select(
            "shop",
            order=pl.concat_str("shop", pl.lit(":"), "order_reference"),
            sku="variant_sku",
            name="product_title",
            date=col("day").str.slice(0, 10).str.to_date(),
            pieces=col("returned_quantity").cast(pl.Float64).abs(),
            goods=number("returned_amount").abs(),
            tax=number("returned_taxes").abs(),
            shipping=number("returned_shipping").abs(),
            kind=pl.when(kind.str.contains("refus|undeliver|reject"))
            .then(pl.lit("refused"))
            .when(kind.str.contains("adjust|discrepancy|goodwill"))
            .then(pl.lit("adjustment"))
            .otherwise(pl.lit("return")),
            restocked=(col("restocked").str.to_lowercase() == "true").fill_null(False),
        )
        key = ["shop", "order_name", "kind", "gateway", "created_at", "amount"]
        tried = self.read("shopify/transactions")
        tried = tried.with_columns(
            attempt=pl.int_range(pl.len()).over("_file", *key)
        ).sort("_landed_at", "_file", "_row")
        self.payments = tried.unique([*key, "attempt"], keep="last").select(
            "shop",
            order=pl.concat_str("shop", pl.lit(":"), "order_reference"),
            kind=col("kind").str.to_lowercase(),
            status=col("status").str.to_lowercase(),
            at=moment("created_at"),
        )
        option = pl.when(col("option1_value") != "Default Title").then("option1_value")
        title = col("title").max().over("_file", "handle")
        variant = pl.concat_str(
            option, "option2_value", "option3_value", separator=" / ", ignore_nulls=True
        )
        self.shopify_products = (
            self.read("shopify/products")
            .with_columns(title=title, variant=variant)
            .filter(
                col("variant_price").is_not_null() | col("variant_sku").is_not_null()
            )
            .sort("_landed_at", "_file", "_row")
            .select(
                "shop",
                sku="variant_sku",
                name=pl.when(col("variant") == "")
                .then("title")
                .otherwise(pl.concat_str("title", pl.lit(" - "), "variant")),
                cost=col("cost_per_item").cast(pl.Float64),
            )
        )
        bare = pl.coalesce("phone", "address_phone").str.replace_all("[^0-9]", "")
        self.accounts = (
            self.read("shopify/customers")
            .sort("_landed_at", "_file", "_row")
            .with_columns(user=col("customer_id").str.replace_all("'", ""))
            .unique(["shop", "user"], keep="last")
            .select(
                user=pl.concat_str("shop", pl.lit(":"), "user"),
                email=col("email").str.strip_chars().str.to_lowercase(),
                phone=bare.str.tail(9),
            )
        )

    def read_woocommerce(self) -> None:
        """WooCommerce's orders, lines, refunds and products."""
        rows = newest_file(self.read("woocommerce/orders"), "shop", "order_id")
        rows = rows.sort("_row").with_columns(
            order=pl.concat_str("shop", pl.lit(":"), "order_id"),
            at=self.utc(col("order_date").str.to_datetime(CLOCK, time_unit="us")),
            sent=self.utc(col("completed_date").str.to_datetime(CLOCK, time_unit="us")),
            state=col("status").str.strip_prefix("wc-"),
            is_refund=(col("order_type").fill_null("") == "shop_order_refund")
            | (col("order_total").cast(pl.Float64) < 0).fill_null(False),
        )
        heads = rows.filter(~col("is_refund")).with_columns(
            goods=col("line_total").cast(pl.Float64).sum().over("order")
        )
        unpaid = (
            col("state").is_in(["failed", "cancelled"]) & col("paid_date").is_null()
        )
        open_ = col("state").is_in(["on-hold", "pending", "checkout-draft"]) | (
            (col("state") == "processing")
            & (col("payment_method").str.to_lowercase() == "cod").fill_null(False)
            & col("paid_date").is_null()
        )
        state = (
            pl.when(unpaid)
            .then(pl.lit("voided"))
            .when(col("state") == "refunded")
            .then(pl.lit("refunded"))
            .when(open_)
            .then(pl.lit("pending"))
            .otherwise(pl.lit("paid"))
        )
        sent = pl.when(col("state").is_in(["completed", "refunded"])).then("sent")
        no, closed = pl.lit(False), col("state").is_in(["cancelled", "failed"])
        customer = pl.when(col("customer_id") != "0").then("customer_id")
        self.woo = heads.unique("order", keep="first", maintain_order=True).select(
            "shop",
            "order",
            number="order_number",
            ordered_at="at",
            email=col("billing_email").str.strip_chars().str.to_lowercase(),
            phone=pl.lit(None, pl.String),
            account=pl.concat_str("shop", pl.lit(":"), customer),
            currency="currency",
            state=state,
            cancelled_at=pl.when(closed).then("at"),
            fulfilled_at=sent,
            said_paid=col("paid_date").is_not_null()
            | state.is_in(["paid", "refunded"]),
            said_sent=sent.is_not_null() | (col("state") == "completed"),
            at_counter=no,
            is_test=no,
            is_draft=col("state") == "checkout-draft",
            is_fraud=no,
            discount=number("order_discount").abs(),
            subtotal="goods",
            shipping=number("order_shipping"),
            tax=number("order_tax"),
            total=number("order_total"),
            refunded=pl.when(state == "refunded")
            .then(number("order_total"))
            .otherwise(number("order_refunded").abs()),
            untaxed=pl.lit(1.0),
        )
        pieces, listed = number("quantity"), number("line_subtotal")
        price = (10000 * listed / pieces).ceil() / 10000
        name = pl.coalesce("product_name", "name")
        self.woo_lines = rows.filter(pieces > 0).select(
            "order",
            "shop",
            row="_row",
            sku="sku",
            name=name,
            quantity=pieces,
            price=price,
            own_discount=pieces * price - number("line_total"),
            is_gift=name.str.to_lowercase().str.contains("gift card", literal=True),
        )
        back = rows.filter("is_refund").with_columns(
            first=pl.int_range(pl.len()).over("order") == 0,
            item=number("line_total").abs(),
        )
        once = {
            "tax": number("order_tax").abs(),
            "shipping": number("order_shipping").abs(),
            "rest": number("order_total").abs()
            - number("order_tax").abs()
            - number("order_shipping").abs()
            - col("item").sum().over("order"),
        }
        back = back.with_columns(
            pl.when("first").then(value).otherwise(0.0).alias(name)
            for name, value in once.items()
        )
        pieces = pieces.abs()
        self.woo_refunds = back.select(
            "shop",
            order=pl.concat_str("shop", pl.lit(":"), "parent_order_id"),
            sku="sku",
            name=pl.coalesce("product_name", "name"),
            date=self.day("at"),
            pieces=pl.when(pieces > 0).then(pieces),
            goods=col("item") + col("rest"),
            tax="tax",
            shipping="shipping",
            kind=pl.lit("return"),
            restocked=pieces > 0,
        )
        self.woo_products = (
            self.read("woocommerce/products")
            .filter(~col("type").str.to_lowercase().is_in(["variable", "grouped"]))
            .sort("_landed_at", "_file", "_row")
            .unique(["shop", "id"], keep="last", maintain_order=True)
            .select("shop", "sku", "name", cost=col("unit_cost").cast(pl.Float64))
        )

    def read_parcels(self, numbers: pl.DataFrame) -> pl.DataFrame:
        """One row per order with parcels: when sent, and when refused if all were."""
        shop = pl.coalesce("shop_id", "shop")
        table = self.read("flat/parcels").sort("_landed_at", "_file", "_row")
        table = table.unique(["shop_id", "parcel_id"], keep="last").select(
            shop=shop,
            parcel="parcel_id",
            tracking="tracking_number",
            number=col("order_id").str.strip_prefix("#"),
            dispatched_at=moment("dispatched_at"),
            delivered_at=moment("delivered_at"),
            refused_at=moment("refused_at"),
        )
        alias = table.drop_nulls("tracking").select("shop", "tracking", known="parcel")
        scans = self.read("flat/parcel_events").with_columns(at=moment("happened_at"))

        def step(name: str, first: bool) -> pl.Expr:
            at = col("at").filter(col("event") == name)
            return at.min() if first else at.max()

        scans = scans.group_by(shop=shop, parcel="parcel_id").agg(
            number=col("order_id").drop_nulls().first().str.strip_prefix("#"),
            dispatched_at=step("dispatched", True),
            delivered_at=step("delivered", True),
            refused_at=step("refused", False),
        )
        clock = col("shipped_at").str.to_datetime(CLOCK, time_unit="us")
        labels = self.read("shipstation/shipments").with_columns(at=self.utc(clock))
        labels = labels.group_by("shop", parcel=col("tracking_number")).agg(
            number=col("order_number").first().str.strip_prefix("#"),
            dispatched_at=col("at").min(),
        )
        told = pl.concat([table, scans, labels], how="diagonal_relaxed")
        told = told.with_row_index("turn").join(
            alias, left_on=["shop", "parcel"], right_on=["shop", "tracking"], how="left"
        )
        told = told.with_columns(parcel=pl.coalesce("known", "parcel")).sort("turn")
        steps = ["number", "dispatched_at", "delivered_at", "refused_at"]
        found = told.group_by("shop", "parcel").agg(col(*steps).drop_nulls().first())
        found = found.join(numbers, on=["shop", "number"])
        sent = pl.coalesce("dispatched_at", "delivered_at", "refused_at")
        return found.group_by("order").agg(
            parcel_sent_at=sent.min(),
            refused_at=pl.when(col("refused_at").is_not_null().all()).then(
                col("refused_at").max()
            ),
        )

    def make_orders(self) -> None:
        """Orders with what counts; lines and refunds with their money."""
        found = pl.concat([self.shopify, self.woo], how="vertical_relaxed")
        parcels = self.read_parcels(found.select("shop", "number", "order"))
        money_in = self.payments.filter(
            col("kind").is_in(["sale", "capture"]), col("status") == "success"
        )["order"].unique()
        lines = pl.concat([self.shopify_lines, self.woo_lines], how="vertical_relaxed")
        gifts = lines.group_by("order").agg(gift_only=col("is_gift").all())
        found = found.join(parcels, on="order", how="left").join(
            gifts, on="order", how="left"
        )
        sent = col("said_sent") | col("parcel_sent_at").is_not_null()
        voided = col("state").is_in(["voided", "expired"])
        found = found.with_columns(
            date=self.day("ordered_at"),
            is_paid=col("said_paid") | col("order").is_in(money_in.implode()),
            is_sent=sent & ~col("at_counter").fill_null(False),
            is_cancelled=col("cancelled_at").is_not_null() | voided,
        ).with_columns(
            is_refused=col("refused_at").is_not_null()
            | (col("is_sent") & col("is_cancelled") & ~col("is_paid"))
        )
        accepted = col("is_paid") | col("is_sent")
        cancelled = col("cancelled_at").is_not_null()
        meets = {
            "test": col("is_test"),
            "draft": col("is_draft"),
            "fraud": col("is_fraud"),
            "voided": voided & ~accepted,
            "cancelled_before_payment": cancelled & ~accepted,
            "cancelled_after_payment": cancelled & accepted,
            "gift_card_only": col("gift_only"),
        }
        out = [
            sign.fill_null(False) for rule, sign in meets.items() if rule in self.out
        ]
        found = found.with_columns(is_placed=~pl.any_horizontal(out))
        self.orders = self.with_rate(found, "date")
        self.make_people()
        self.make_lines(lines)
        self.make_returns()

    def make_people(self) -> None:
        """Who ordered: by e-mail, else account, else a phone that one person has."""
        pairs = pl.concat(
            [
                self.orders.select("phone", "email"),
                self.accounts.select("phone", "email"),
            ]
        ).drop_nulls()
        owners = (
            pairs.unique()
            .group_by("phone")
            .agg(owner=col("email").first(), several=pl.len())
        )
        owners = owners.filter(col("several") == 1).drop("several")
        self.orders = (
            self.orders.join(owners, on="phone", how="left")
            .with_columns(customer=pl.coalesce("email", "account", "owner", "phone"))
            .drop("owner")
        )

    def with_cost(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Add `item` and `cost`: by stock number, else by a name of one product."""
        products = pl.concat([self.shopify_products, self.woo_products])
        by_sku = products.drop_nulls("sku").unique(["shop", "sku"], keep="last")
        by_name = products.unique(["shop", "sku", "name"], keep="last").filter(
            pl.len().over("shop", "name") == 1
        )
        named = by_name.select("shop", "name", named="sku")
        costs = by_sku.select("shop", item="sku", cost="cost")
        return (
            rows.join(named, on=["shop", "name"], how="left")
            .with_columns(item=pl.coalesce("sku", "named", "name"))
            .join(costs, on=["shop", "item"], how="left")
        )

    def make_lines(self, lines: pl.DataFrame) -> None:
        """Lines in euros without tax, with their share of the order's discount."""
        head = self.orders.select("order", "rate", "untaxed", "discount", "is_placed")
        lines = lines.join(head, on="order").filter(~col("is_gift").fill_null(False))
        euros = col("rate") * col("untaxed")
        gross = (col("quantity") * col("price") * euros).round(4)
        lines = lines.with_columns(
            gross_sales=gross,
            own=(col("own_discount") * euros).round(4),
            whole=(col("discount") * euros).round(4),
        )
        all_ = col("gross_sales").sum().over("order")
        rest = pl.min_horizontal(col("whole"), all_) - col("own").sum().over("order")
        rest = pl.max_horizontal(rest, 0.0)
        share = pl.when(all_ != 0).then(rest * col("gross_sales") / all_).otherwise(0.0)
        lines = self.with_cost(lines.with_columns(discounts=col("own") + share))
        sales = col("gross_sales") - col("discounts")
        known = col("cost").is_not_null()
        cogs = (col("quantity") * col("cost") * col("rate")).round(4)
        self.lines = lines.with_columns(
            sales=sales,
            cogs=pl.when(known).then(cogs).otherwise(0.0),
            costed_sales=pl.when(known).then(sales).otherwise(0.0),
        )
        money = [
            "quantity",
            "gross_sales",
            "discounts",
            "sales",
            "cogs",
            "costed_sales",
        ]
        sums = self.lines.group_by("order").agg(col(*money).sum())
        self.orders = self.orders.join(sums, on="order", how="left").with_columns(
            col(*money).fill_null(0),
            shipping_euros=(col("shipping") * euros).round(4),
            tax_euros=(col("tax") * col("rate")).round(4),
        )

    def make_returns(self) -> None:
        """Refunds of placed orders in euros, on their day, with the costs they undo."""
        dated = pl.concat(
            [self.shopify_refunds, self.woo_refunds], how="diagonal_relaxed"
        )
        sums = dated.group_by("order").agg(
            booked=pl.sum_horizontal("goods", "tax", "shipping").sum()
        )
        head = self.orders.join(sums, on="order", how="left")
        head = head.with_columns(
            unpaid=col("is_refused")
            & ~col("is_paid")
            & col("booked").is_null()
            & (col("refunded") == 0),
            left=col("refunded") - col("booked").fill_null(0),
        ).filter(col("unpaid") | (col("left") > 0.01))
        amount = pl.when("unpaid").then("total").otherwise("left")
        goods, shipping = (col(x) * col("untaxed") for x in ("subtotal", "shipping"))
        whole = goods + shipping + col("tax")
        closed = pl.coalesce("refused_at", "cancelled_at", "fulfilled_at", "ordered_at")
        at = pl.coalesce("cancelled_at", "ordered_at")
        undated = head.select(
            "shop",
            "order",
            date=self.day(pl.when("unpaid").then(closed).otherwise(at)),
            tax=amount * col("tax") / whole,
            shipping=amount * shipping / whole,
            goods=amount * goods / whole,
            kind=pl.when("unpaid").then(pl.lit("refused")).otherwise(pl.lit("undated")),
            restocked=col("unpaid") | (col("is_cancelled") & ~col("is_sent")),
        )
        found = pl.concat([dated, undated], how="diagonal_relaxed")
        orders = self.orders.filter("is_placed").select(
            "order", "rate", order_date="date"
        )
        found = self.with_cost(found.join(orders, on="order"))
        parts = [col("quantity", "sales", "costed_sales", "cogs").sum()]
        of_product = self.lines.group_by("order", "item").agg(*parts, hit=pl.lit(True))
        of_order = self.lines.group_by("order").agg(
            *parts,
            only=pl.when(col("item").n_unique() == 1).then(col("item").first()),
        )
        found = found.join(of_order, on="order", how="left", suffix="_order")
        found = found.rename(
            {"quantity": "quantity_order", "sales": "sales_order"}
            | {"costed_sales": "costed_sales_order", "cogs": "cogs_order"}
        ).with_columns(item=pl.coalesce("item", "only"))
        found = found.join(of_product, on=["order", "item"], how="left")
        basis = {
            x: pl.when("hit").then(x).otherwise(f"{x}_order")
            for x in ("quantity", "sales", "costed_sales", "cogs")
        }
        back = (col("goods") * col("rate")).round(4)
        worth = pl.when(basis["sales"] != 0).then(back / basis["sales"])
        guess = (pl.min_horizontal(worth, 1.0) * basis["quantity"]).round()
        guess = pl.when(col("kind") == "adjustment").then(0.0).otherwise(guess)
        pieces = pl.coalesce("pieces", guess, 0.0)
        again = pl.when(basis["quantity"] != 0).then(
            pieces * basis["cogs"] / basis["quantity"]
        )
        self.returns = found.select(
            "order",
            "date",
            "order_date",
            "kind",
            units=pieces,
            returns=back,
            returned_shipping=(col("shipping") * col("rate")).round(4),
            returned_tax=(col("tax") * col("rate")).round(4),
            costed_returns=(worth * basis["costed_sales"]).fill_null(0).round(4),
            restocked_cogs=pl.when("restocked").then(again).fill_null(0).round(4),
        )

    # -------------------------------------------------------------------------- traffic

    def read_events(self) -> None:
        """Events, each once, as visits; the steps of carts; purchases."""
        text = [
            *("event_timestamp", "event_name", "user_pseudo_id", "user_id"),
            *("event_bundle_sequence_id", "batch_event_index", "ga_session_id"),
            *("ga_session_number", "page_location", "engagement_time_msec"),
            *("session_engaged", "traffic_type", "param_source", "param_medium"),
            *("param_campaign", "param_gclid", "param_transaction_id", "manual_source"),
            *("manual_medium", "manual_campaign_name", "collected_gclid"),
            *("first_source", "first_medium", "first_campaign", "device_category"),
            *("browser", "transaction_id"),
        ]
        key = ["shop", "user_pseudo_id", "event_timestamp", "event_name"]
        key += ["event_bundle_sequence_id", "batch_event_index"]
        own = pl.any_horizontal(
            col("param_source", "param_medium", "param_campaign").is_not_null()
        )
        tagged = pl.any_horizontal(
            col("manual_source", "manual_medium", "manual_campaign_name").is_not_null()
        )
        first = (col("event_name") == "first_visit") | (
            (col("event_name") == "session_start") & (col("ga_session_number") == "1")
        )

        def told(a: str, b: str, c: str) -> pl.Expr:
            return pl.when(own).then(a).when(tagged).then(b).when(first).then(c)

        page, name = col("page_location"), col("event_name")
        address = page.str.extract(f"[?&](?:{channels.CLICK_IDS})=([^&#]+)")
        events = (
            self.scan("ga4/events")
            .select("shop", *text)
            # unique(key) over these texts takes thirty times as long.
            .filter(pl.struct(key).hash().is_first_distinct())
            .select(
                "shop",
                visitor="user_pseudo_id",
                session="ga_session_id",
                user="user_id",
                at=moment("event_timestamp"),
                name=name,
                page=page,
                is_view=name.is_in(["page_view", "screen_view"]),
                number=pl.coalesce("transaction_id", "param_transaction_id")
                .str.strip_chars()
                .str.strip_prefix("#"),
                source=told("param_source", "manual_source", "first_source"),
                medium=told("param_medium", "manual_medium", "first_medium"),
                campaign=told(
                    "param_campaign", "manual_campaign_name", "first_campaign"
                ),
                click=pl.coalesce("collected_gclid", "param_gclid", address),
                device=col("device_category").str.strip_chars().str.to_lowercase(),
                browser="browser",
                seconds=col("engagement_time_msec").cast(pl.Float64) / 1000,
                engaged=col("session_engaged").is_in(["1", "1.0", "true"]),
                internal=col("traffic_type") == "internal",
            )
        )
        at, name = col("at"), col("name")
        visits = events.group_by(VISIT).agg(
            started_at=at.min(),
            ended_at=at.max(),
            user=col("user").max(),
            page=pl.coalesce(
                col("page")
                .filter("is_view")
                .get(at.filter("is_view").arg_min(), null_on_oob=True),
                col("page").drop_nulls().first(),
            ),
            device=col("device").max(),
            browser=col("browser").max(),
            page_views=col("is_view").sum(),
            seconds=col("seconds").sum(),
            timed=col("seconds").count() > 0,
            engaged=col("engaged").any(),
            internal=col("internal").any(),
            viewed=(name == "view_item").any(),
            added=(name == "add_to_cart").any(),
            checkout=(name == "begin_checkout").any(),
            checkout_at=at.filter(name == "begin_checkout").min(),
            purchases=(name == "purchase").sum(),
        )
        tags = ["source", "medium", "campaign", "click"]
        sources = events.filter(pl.any_horizontal(col(*tags).is_not_null()))
        sources = sources.select(*VISIT, "at", *tags)
        steps = [
            "add_to_cart",
            "remove_from_cart",
            "begin_checkout",
            "add_payment_info",
        ]
        carts = events.filter(name.is_in(steps)).select(*VISIT, "at", "name")
        bought = events.filter(name == "purchase").select(*VISIT, "at", "number")
        visits, sources, self.cart_steps, self.told = pl.collect_all(
            [visits, sources, carts, bought]
        )
        sources = sources.sort("at", *tags, nulls_last=False)
        sources = sources.unique(VISIT, keep="first").drop("at")
        self.visits = visits.join(sources, on=VISIT, how="left")

    def make_ads(self) -> None:
        """Ad spend by day and channel, other marketing costs, channels of campaigns."""
        kinds = {"google_ads": "campaign_type", "meta_ads": "objective"}
        clicks = {"google_ads": "clicks", "meta_ads": "link_clicks"}
        frames = []
        for platform, kind in kinds.items():
            rows = self.read(f"{platform}/campaigns")
            if platform == "meta_ads":
                rows = rows.with_columns(
                    currency=pl.coalesce("currency", "amount_spent_currency"),
                    cost="amount_spent",
                )
            frames.append(
                newest_file(rows, "shop", "campaign_id", "day").select(
                    "shop",
                    platform=pl.lit(platform),
                    campaign="campaign_id",
                    name="campaign_name",
                    kind=col(kind).cast(pl.String),
                    currency=col("currency").str.to_uppercase(),
                    date=col("day").str.to_date(),
                    spend=number("cost"),
                    clicks=number(clicks[platform]),
                )
            )
        days = pl.concat(frames)
        channel_of = channels.ad_channel(self.seeds)
        purpose_of = channels.purpose(self.seeds)
        key = ["shop", "platform", "campaign"]
        newest = days.sort("date").unique(key, keep="last")
        newest = newest.with_columns(
            channel=pl.Series(
                [channel_of(p, k) for p, k in newest.select("platform", "kind").rows()],
                dtype=pl.String,
            ),
            purpose=pl.Series([purpose_of(n) for n in newest["name"]], dtype=pl.String),
        )
        names: dict[str, set[str]] = {}
        for row in newest.iter_rows(named=True):
            for name in (row["name"], row["campaign"]):
                names.setdefault((name or "").strip().lower(), set()).add(
                    row["channel"]
                )
        self.ad_names = {k: min(v) for k, v in names.items() if len(v) == 1}
        days = self.with_rate(days, "date").join(
            newest.select(*key, "channel", "purpose"), on=key
        )
        self.ads = days.with_columns(spend=(col("spend") * col("rate")).round(4))
        known = {
            key.strip().lower().replace(" ", "_").replace("-", "_"): row["channel_id"]
            for row in channels.rows(self.seeds, "channels")
            for key in (row["channel_id"], row["channel_name"])
        }
        self.channel_names = known
        costs = self.read("flat/marketing_costs").with_columns(
            shop=pl.coalesce("shop_id", "shop")
        )
        costs = newest_file(
            costs,
            *("shop", "starts_on", "ends_on", "cost_class", "purpose", "channel"),
            "description",
        ).with_columns(
            first=col("starts_on").str.to_date(),
            last=pl.coalesce("ends_on", "starts_on").str.to_date(),
        )
        length = (col("last") - col("first")).dt.total_days() + 1
        costs = costs.with_columns(
            amount=number("amount") / length, date=pl.date_ranges("first", "last")
        ).explode("date")
        costs = self.with_rate(costs, "date").select(
            "date",
            "cost_class",
            channel=self.channel_id("channel"),
            purpose=col("purpose").str.to_lowercase(),
            spend=(col("amount") * col("rate")).round(4),
        )
        ads = self.ads.select(
            "date", "channel", "purpose", "spend", cost_class=pl.lit("MCC")
        )
        self.costs = pl.concat([costs, ads], how="diagonal").filter(
            col("date") <= self.as_of_date
        )

    def channel_id(self, column: str) -> pl.Expr:
        """A channel's name or id, however a file writes it, as its id; else NULL."""
        text = col(column).str.strip_chars().str.to_lowercase()
        text = text.str.replace_all("[ -]", "_")
        return text.replace_strict(self.channel_names, default=None)

    def make_sessions(self) -> None:
        """Visits with their channel; robots and the shop's own people left out."""
        tags = ["source", "medium", "campaign", "click"]
        facebook = [col("click").str.starts_with(x) for x in channels.FACEBOOK]
        self.visits = self.visits.with_columns(
            click=pl.when(pl.any_horizontal(facebook))
            .then(pl.lit("facebook"))
            .when(col("click").is_not_null())
            .then(pl.lit("ad"))
        )
        kinds = self.visits.select(tags).unique()
        find = channels.finder(self.seeds, self.ad_names)
        kinds = kinds.with_columns(
            channel=pl.Series([find(*row) for row in kinds.rows()], dtype=pl.String)
        )
        rows = self.visits.join(kinds, on=tags, how="left", nulls_equal=True)
        bare = col("page").str.replace_all(f"({channels.CLICK_IDS})=[^&#]+", "")
        texts = {
            "source": col("source").str.to_lowercase(),
            "page": bare.str.to_lowercase(),
            "device": col("device"),
            "browser": col("browser").str.to_lowercase(),
        }
        # Each text meets the patterns once.
        for field, text in texts.items():
            seen = rows.select(field).unique().drop_nulls()
            for seed in ("bots", "internal_traffic"):
                signs = channels.patterns(self.seeds, seed)
                sign = signs.get("landing_page" if field == "page" else field)
                seen = seen.with_columns(
                    (text.str.contains(sign) if sign else pl.lit(False)).alias(
                        f"{seed}_{field}"
                    )
                )
            rows = rows.join(seen, on=field, how="left")

        def looks(seed: str) -> pl.Expr:
            flags = [col(f"{seed}_{field}").fill_null(False) for field in texts]
            return pl.any_horizontal(flags)

        lasted = (col("ended_at") - col("started_at")).dt.total_microseconds() / 1e6
        seconds = pl.when("timed").then("seconds").otherwise(lasted)
        racing = (
            (col("page_views") >= 30)
            & (seconds < col("page_views"))
            & (col("purchases") == 0)
        )
        rows = rows.with_columns(
            date=self.day("started_at"),
            counted=~looks("bots")
            & ~racing
            & ~looks("internal_traffic")
            & ~col("internal").fill_null(False),
            engaged=col("engaged").fill_null(False)
            | (seconds >= 10)
            | (col("page_views") >= 2),
        )
        self.make_purchases(rows)
        bought = (
            self.purchases.drop_nulls("session")
            .group_by(VISIT)
            .agg(bought=col("counted").any())
        )
        rows = rows.join(bought, on=VISIT, how="left").with_columns(
            engaged=col("engaged") | col("bought").is_not_null(),
            bought=col("bought").fill_null(False),
        )
        self.make_persons(rows)
        rows = rows.join(self.persons, on=WHO, how="left")
        self.all_days = rows.select("shop", "date").unique()
        self.sessions = rows.filter("counted")

    def make_purchases(self, visits: pl.DataFrame) -> None:
        """Purchases, each in the first visit that tells it; and orders nobody told."""
        told = self.told.sort("at").unique(
            ["shop", "number"], keep="first", maintain_order=True
        )
        orders = self.orders.select(
            "shop", "number", "order", "is_placed", "customer", "ordered_at"
        )
        told = told.join(orders, on=["shop", "number"], how="left").with_columns(
            counted=col("is_placed").fill_null(True)
        )
        unseen = orders.join(told, on="order", how="anti").select(
            "shop", "order", "customer", at="ordered_at", counted="is_placed"
        )
        self.purchases = pl.concat([told, unseen], how="diagonal")

    def make_persons(self, visits: pl.DataFrame) -> None:
        """Visitor → the customer first seen there, else the account, else itself."""
        buyers = self.orders["customer"].unique().implode()
        nameless = self.orders.filter(col("email").is_null() & col("account").is_null())
        nameless = (
            nameless.drop_nulls("phone")
            .group_by("phone")
            .agg(by_phone=col("customer").min())
        )
        accounts = self.accounts.join(nameless, on="phone", how="left").select(
            account="user",
            who=pl.when(col("email").is_null())
            .then("by_phone")
            .otherwise(pl.when(col("email").is_in(buyers)).then("email")),
        )
        user = pl.concat_str("shop", pl.lit(":"), "user")
        visits = visits.with_columns(account=user)
        logged_in = visits.drop_nulls("account").join(accounts, on="account")
        links = pl.concat(
            [
                logged_in.select(*WHO, "who", at="started_at"),
                self.purchases.select(*WHO, who="customer", at="at"),
            ]
        ).drop_nulls(["who", "visitor"])
        first = links.sort("at", "who").unique(WHO, keep="first").drop("at")
        device = pl.concat_str("shop", pl.lit(":"), "visitor")
        self.persons = (
            visits.group_by(WHO)
            .agg(account=col("account").min())
            .join(first, on=WHO, how="left")
            .select(*WHO, who="who", person=pl.coalesce("who", "account", device))
        )

    def make_channels(self) -> None:
        """The channel of each order: its last visit in 30 days that was not direct."""
        seen = self.sessions.select(*VISIT, "who", "started_at", "channel")
        told = self.purchases.drop_nulls("session").select(*VISIT, "order")
        orders = self.orders.select("shop", "order", "ordered_at", "customer")
        by_person = orders.drop_nulls("customer").join(
            seen, left_on=["shop", "customer"], right_on=["shop", "who"]
        )
        buyers = orders.join(told.drop_nulls("order"), on=["shop", "order"]).rename(
            {"session": "order_session"}
        )
        by_device = buyers.join(seen, on=WHO)
        touches = pl.concat(
            [
                by_person.with_columns(order_session=pl.lit(None, pl.String)).select(
                    "order", "ordered_at", "order_session", "session", "visitor",
                    "started_at", "channel",
                ),
                by_device.select(
                    "order", "ordered_at", "order_session", "session", "visitor",
                    "started_at", "channel",
                ),
            ]
        )  # fmt: skip
        soon = (col("started_at") <= col("ordered_at")) | (
            col("session") == col("order_session")
        ).fill_null(False)
        touches = touches.filter(
            soon, col("started_at") >= col("ordered_at") - WINDOW
        ).sort(col("channel") != "direct", "started_at", "visitor", "session")
        last = touches.group_by("order", maintain_order=True).agg(
            channel=col("channel").last()
        )
        self.orders = self.orders.join(last, on="order", how="left").with_columns(
            channel=col("channel").fill_null("unattributed")
        )

    def make_carts(self) -> pl.DataFrame:
        """One row per cart: its day, channel and how it ended."""
        seen = self.sessions.select(*VISIT, "person", "channel")
        steps = self.cart_steps.join(seen, on=VISIT).select(
            "shop",
            "person",
            "at",
            "channel",
            "session",
            added=col("name") == "add_to_cart",
            bought=pl.lit(False),
        )
        bought = self.purchases.filter("counted").join(self.persons, on=WHO, how="left")
        bought = bought.select(
            "shop",
            "at",
            person=pl.coalesce("person", "customer"),
            channel=pl.lit(None, pl.String),
            session=pl.lit(None, pl.String),
            added=pl.lit(False),
            bought=pl.lit(True),
        ).drop_nulls("person")
        who = ["shop", "person"]
        rows = pl.concat([steps, bought], how="diagonal").sort(*who, "at", "bought")
        goes_on = (
            (col("shop") == col("shop").shift(1))
            & (col("person") == col("person").shift(1))
            & ~col("bought").shift(1)
            & (col("at") - col("at").shift(1) <= SETTLE)
        )
        rows = rows.with_columns(cart=(~goes_on.fill_null(False)).cum_sum())
        at = col("at").filter(~col("bought"))
        carts = rows.group_by("cart").agg(
            shop=col("shop").first(),
            first_at=at.min(),
            last_at=at.max(),
            bought=col("bought").any(),
            added=col("added").any(),
            channel=col("channel").drop_nulls().first(),
        )
        settled = col("bought") | (col("last_at") + SETTLE <= self.as_of)
        return carts.filter("added").with_columns(
            date=self.day("first_at"), settled=settled
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
        placed = self.orders.filter("is_placed").sort("ordered_at", "order")
        known = col("customer").is_not_null()
        placed = placed.with_columns(
            turn=pl.when(known).then(pl.int_range(1, pl.len() + 1).over("customer")),
            first_channel=col("channel").first().over("customer"),
        )
        of_order = placed.select("order", "channel")
        returns = self.returns.join(of_order, on="order").filter(
            col("date") <= self.as_of_date
        )
        paid = channels.paid_channels(self.seeds)
        is_paid = col("channel").is_in(paid)
        charged = col("sales") + col("shipping_euros") + col("tax_euros")
        back = pl.sum_horizontal("returns", "returned_shipping", "returned_tax")
        undone = col("restocked_cogs") - col("costed_returns")
        first = placed.filter(col("turn") == 1)
        one = pl.lit(1.0)
        frames = [
            parts(
                placed,
                orders=one,
                units=col("quantity"),
                sales=col("sales"),
                net_sales=col("sales"),
                total_sales=charged,
                gross_sales=col("gross_sales"),
                discounts=col("discounts"),
                gross_profit=col("costed_sales") - col("cogs"),
                costed_net_sales=col("costed_sales"),
                cancelled_orders=col("is_cancelled"),
                paid_sales=pl.when(is_paid).then("sales"),
            ),
            parts(
                returns,
                returns=col("returns"),
                net_sales=-col("returns"),
                total_sales=-back,
                gross_profit=undone,
                costed_net_sales=-col("costed_returns"),
            ),
            parts(returns.with_columns(date="order_date"), returned_units=col("units")),
            self.payment_parts(),
            *self.session_parts(),
            self.cart_parts(),
            parts(self.ads, ad_spend=col("spend"), clicks=col("clicks")),
            parts(
                self.costs.filter(col("cost_class") == "MCC"),
                total_spend=col("spend"),
                acquisition_spend=pl.when(col("purpose") == "acquisition").then(
                    "spend"
                ),
            ),
            parts(first, new_customers=one),
            *self.customer_parts(placed.filter(known)),
        ]
        wide = pl.concat(frames, how="diagonal").group_by("month", "member").sum()
        found = []
        for kpi, (top, bottom, _) in contest.KPIS.items():
            value = col(top)
            if bottom:
                value = pl.when(col(bottom).round(6) != 0).then(col(top) / col(bottom))
            if kpi == "gross_margin":
                value = pl.when(col(bottom) >= 0.01).then(value)
            if kpi == "customer_acquisition_cost":
                value = pl.when(col(top) != 0).then(value)
            rows = wide.select(
                month=col("month").dt.strftime("%Y-%m-%d"), member="member", value=value
            )
            if kpi in contest.WITHOUT_CHANNEL:
                rows = rows.filter(col("member") == "all")
            found += [(kpi, *row) for row in rows.drop_nulls("value").iter_rows()]
        return found

    def payment_parts(self) -> pl.DataFrame:
        """Settled attempts to pay, of orders that somebody meant to pay."""
        heads = self.orders.select("order", "is_test", "is_draft")
        rows = self.payments.join(heads, on="order", how="left").filter(
            col("kind").is_in(["sale", "authorization"]),
            col("status") != "pending",
            ~col("is_test").fill_null(False),
            ~col("is_draft").fill_null(False),
        )
        won = col("status") == "success"
        rows = rows.with_columns(month=self.day("at").dt.truncate("1mo"))
        return rows.group_by("month").agg(
            member=pl.lit("all"),
            payments_tried=pl.len().cast(pl.Float64),
            payments_successful=won.sum().cast(pl.Float64),
            orders_tried=col("order").n_unique().cast(pl.Float64),
            orders_paid=col("order").filter(won).n_unique().cast(pl.Float64),
        )

    def session_parts(self) -> list[pl.DataFrame]:
        """Sessions counted one by one, and those of days that only a report tells."""
        sessions = parts(
            self.sessions,
            sessions=pl.lit(1.0),
            purchase_sessions=col("bought"),
            product_view_sessions=col("viewed"),
            add_to_cart_sessions=col("added"),
            engaged_sessions=col("engaged"),
            checkouts=col("checkout"),
        )
        begun = self.sessions.filter("checkout").select(
            *VISIT, "date", "channel", "checkout_at"
        )
        ended = (
            self.purchases.filter("counted")
            .join(begun, on=VISIT)
            .filter(col("at") >= col("checkout_at"))
            .unique(VISIT)
        )
        told = newest_file(
            self.read("ga4/traffic_days"), "shop", "traffic_date", "channel", "device"
        ).with_columns(date=col("traffic_date").str.to_date())
        told = told.join(self.all_days, on=["shop", "date"], how="anti").with_columns(
            channel=self.channel_id("channel").fill_null("unassigned")
        )
        sums = ["sessions", "purchase_sessions", "product_view_sessions"]
        sums += ["add_to_cart_sessions", "engaged_sessions"]
        # A part that a report leaves out is unknown, and so is what it is added to.
        reported = parts(told, **{x: col(x).cast(pl.Float64) for x in sums[:2]})
        unknown = parts(
            told,
            **{x: col(x).cast(pl.Float64).fill_null(float("nan")) for x in sums[2:]},
        )
        return [
            sessions,
            parts(ended, successful_checkouts=pl.lit(1.0)),
            reported,
            unknown,
        ]

    def cart_parts(self) -> pl.DataFrame:
        """Carts that have settled, and those of them that nobody bought."""
        return parts(
            self.make_carts().filter("settled"),
            settled_carts=pl.lit(1.0),
            abandoned_carts=~col("bought"),
        )

    def customer_parts(self, orders: pl.DataFrame) -> list[pl.DataFrame]:
        """Who bought in a month, again, and again after the month before."""
        orders = orders.with_columns(
            channel=col("first_channel"), month=col("date").dt.truncate("1mo")
        )
        months = orders.group_by("customer", "month").agg(
            channel=col("channel").first(),
            first_turn=col("turn").min(),
            last_turn=col("turn").max(),
        )
        later = months.select("customer", month=col("month").dt.offset_by("-1mo"))
        kept = months.join(
            later.with_columns(kept=pl.lit(True)), on=["customer", "month"], how="left"
        )
        kept = kept.with_columns(date=col("month").dt.offset_by("1mo"))
        return [
            parts(
                months.with_columns(date="month"),
                purchasing_customers=pl.lit(1.0),
                repeat_customers=col("last_turn") >= 2,
                returning_customers=col("first_turn") > 1,
            ),
            parts(
                kept.filter(col("date") <= self.as_of_date),
                previous_customers=pl.lit(1.0),
                retained_customers=col("kept").is_not_null(),
            ),
        ]


def parts(rows: pl.DataFrame, **sums: pl.Expr) -> pl.DataFrame:
    """Sums by month: member `all`, and each channel.

    Args:
        rows: With `date` and `channel`.
        sums: What is added up, by its name.
    """
    rows = rows.select(
        "channel", month=col("date").dt.truncate("1mo"), **sums
    ).with_columns(col(*sums).cast(pl.Float64))
    by_channel = rows.group_by("month", member=col("channel").fill_null("unknown")).agg(
        col(*sums).sum()
    )
    whole = rows.group_by("month").agg(col(*sums).sum(), member=pl.lit("all"))
    return pl.concat([by_channel, whole], how="diagonal")


def compute(lake: Path, seeds: Path, now: contest.Now) -> list[contest.Value]:
    """The KPIs by month, as a whole and by channel."""
    return Script(lake, seeds, now).run()


if __name__ == "__main__":
    contest.script("Polars script", __doc__, compute)
