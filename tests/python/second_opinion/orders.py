"""Orders, lines, refunds and people from the shops' own files: what sales are made of.

Rules: KPIS.md "Sales", DECISIONS "What counts" and "People", seeds/order_policy.csv.
"""

import polars as pl

from second_opinion.landing import Landing, number, once, truth

# Less than this of money is a rounding of the export.
CENT = 0.005


def moment(column: str) -> pl.Expr:
    """A Shopify moment such as `2025-01-01 01:17:52 +0100`, in UTC."""
    return (
        pl.col(column)
        .str.to_datetime("%Y-%m-%d %H:%M:%S %z", strict=True)
        .dt.convert_time_zone("UTC")
        .dt.replace_time_zone(None)
    )


def email(column: str) -> pl.Expr:
    """An e-mail as a key of a person."""
    text = pl.col(column).str.strip_chars().str.to_lowercase()
    return pl.when(text != "").then(text)


def phone(*columns: str) -> pl.Expr:
    """The last nine digits of the first phone that is there."""
    digits = [
        pl.col(c).str.replace_all(r"\D", "").str.tail(9).replace("", None)
        for c in columns
    ]
    return pl.coalesce(*digits)


# ------------------------------------------------------------------------------ Shopify


@once
def shopify_rows(shop: Landing) -> pl.DataFrame:
    """Order rows of the newest file that has the order (DECISIONS: newest version)."""
    rows = shop.csv("shopify/*/orders_export*.csv")
    newest = rows.group_by("shop_id", "Name").agg(_newest=pl.col("_file").max())
    return (
        rows.join(newest, on=["shop_id", "Name"])
        .filter(pl.col("_file") == pl.col("_newest"))
        .with_columns(
            order_id=pl.col("shop_id")
            + ":"
            + pl.col("Id").drop_nulls().first().over("shop_id", "Name")
        )
    )


@once
def shopify_orders(shop: Landing) -> pl.DataFrame:
    """One row per Shopify order, from its first row."""
    rows = shopify_rows(shop).filter(pl.col("Id").is_not_null())
    paid_states = ["paid", "partially_paid", "partially_refunded", "refunded"]
    included = [k for k, v in shop.shops.items() if v["prices_include_tax"] == "true"]
    # Not Total: of an order that was edited after checkout its parts do not make it up.
    tax = number("Taxes").fill_null(0)
    shown = number("Subtotal").fill_null(0) + number("Shipping").fill_null(0)
    orders = rows.select(
        "shop_id",
        "order_id",
        order_number=pl.col("Name").str.strip_chars_start("#"),
        ordered_at=moment("Created at"),
        email=email("Email"),
        phone=phone("Phone", "Billing Phone", "Shipping Phone"),
        account=pl.lit(None, pl.String),
        state=pl.col("Financial Status"),
        currency="Currency",
        cancelled_at=moment("Cancelled at"),
        dispatched_at=moment("Fulfilled at"),
        said_paid=pl.col("Paid at").is_not_null()
        | pl.col("Financial Status").is_in(paid_states),
        said_sent=pl.col("Fulfilled at").is_not_null()
        | pl.col("Fulfillment Status").is_in(["fulfilled", "partial"]),
        is_refused=pl.col("Fulfillment Status").fill_null("") == "refused",
        in_store=pl.col("Source") == "pos",
        is_test=pl.col("Tags").fill_null("").str.split(", ").list.contains("test")
        | pl.col("Payment Method").fill_null("").str.contains("Bogus"),
        is_draft_order=pl.col("Source") == "shopify_draft_order",
        is_risky=pl.col("Risk Level") == "High",
        is_unfinished=pl.lit(False),
        payment_method="Payment Method",
        discount=number("Discount Amount").fill_null(0),
        shipping=number("Shipping").fill_null(0),
        tax=tax,
        refunded=number("Refunded Amount").fill_null(0),
        subtotal=number("Subtotal").fill_null(0),
        net_share=pl.when(pl.col("shop_id").is_in(included) & (shown > 0))
        .then(1 - tax / shown)
        .otherwise(1.0),
    )
    return orders


@once
def shopify_lines(shop: Landing) -> pl.DataFrame:
    """One row per Shopify order line, prices as shown."""
    return shopify_rows(shop).select(
        "order_id",
        line=pl.int_range(pl.len()).over("order_id"),
        sku=pl.col("Lineitem sku").replace("", None),
        name="Lineitem name",
        quantity=number("Lineitem quantity"),
        price=number("Lineitem price"),
        own_discount=number("Lineitem discount").fill_null(0),
        is_gift=pl.col("Lineitem sku").fill_null("").str.contains("(?i)gift")
        | pl.col("Lineitem name").str.contains("(?i)gift card"),
    )


# -------------------------------------------------------------------------- WooCommerce


@once
def woo_rows(shop: Landing) -> pl.DataFrame:
    """Rows of the plugin's export, without tax as WooCommerce writes them.

    Its analytics report repeats orders and is not read (DECISIONS: the plugin wins).
    """
    rows = shop.csv("woocommerce/*/orders_export*.csv")
    clock = pl.col("order_date").str.to_datetime("%Y-%m-%d %H:%M:%S")
    sent = pl.col("completed_date").str.to_datetime("%Y-%m-%d %H:%M:%S")
    return rows.with_columns(
        ordered_at=shop.off_clock(clock),
        dispatched_at=shop.off_clock(sent),
        is_refund=pl.col("parent_order_id").is_not_null(),
        state=pl.col("status").str.strip_prefix("wc-"),
    )


@once
def woo_orders(shop: Landing) -> pl.DataFrame:
    """One row per WooCommerce order."""
    rows = woo_rows(shop).filter(~pl.col("is_refund"))
    rows = rows.unique(["shop_id", "order_id"], keep="first", maintain_order=True)
    paid = pl.col("state").is_in(["completed", "refunded", "processing"]) & (
        pl.col("payment_method") != "cod"
    )
    account = pl.col("customer_id").replace("0", None)
    return rows.select(
        "shop_id",
        order_id=pl.col("shop_id") + ":" + pl.col("order_id"),
        order_number="order_number",
        ordered_at="ordered_at",
        email=email("billing_email"),
        phone=pl.lit(None, pl.String),
        account=pl.col("shop_id") + ":" + account,
        state=pl.when(
            pl.col("state").is_in(["failed", "cancelled"])
            & pl.col("paid_date").is_null()
        )
        .then(pl.lit("voided"))
        .otherwise("state"),
        currency="currency",
        cancelled_at=pl.lit(None, pl.Datetime("us")),
        dispatched_at="dispatched_at",
        said_paid=pl.col("paid_date").is_not_null() | paid,
        said_sent=pl.col("dispatched_at").is_not_null(),
        is_refused=pl.lit(False),
        in_store=pl.lit(False),
        is_test=pl.lit(False),
        is_draft_order=pl.lit(False),
        is_risky=pl.lit(False),
        is_unfinished=pl.col("state") == "checkout-draft",
        payment_method="payment_method",
        discount=number("order_discount").fill_null(0),
        shipping=number("order_shipping").fill_null(0),
        tax=number("order_tax").fill_null(0),
        refunded=pl.lit(0.0),
        subtotal=number("order_subtotal") - number("order_discount").fill_null(0),
        net_share=pl.lit(1.0),
    )


@once
def woo_lines(shop: Landing) -> pl.DataFrame:
    """One row per item of a WooCommerce order."""
    rows = woo_rows(shop).filter(~pl.col("is_refund"))
    return rows.select(
        order_id=pl.col("shop_id") + ":" + pl.col("order_id"),
        line=pl.int_range(pl.len()).over("shop_id", "order_id"),
        sku=pl.col("sku").replace("", None),
        name="name",
        quantity=number("quantity"),
        price=number("line_subtotal") / number("quantity"),
        own_discount=number("line_subtotal") - number("line_total"),
        is_gift=pl.col("name").str.contains("(?i)gift card"),
    )


# ------------------------------------------------------------------------------- orders


@once
def parcels(shop: Landing) -> pl.DataFrame:
    """One row per parcel with an order: sent, arrived, refused (UTC)."""
    from second_opinion.fulfilment import parcels as all_parcels

    return all_parcels(shop)


@once
def paid_by_transaction(shop: Landing) -> pl.Series:
    """Orders into which money came; an authorization alone is none."""
    rows = transactions(shop)
    money = (pl.col("kind").is_in(["sale", "capture"])) & (
        pl.col("status") == "success"
    )
    return rows.filter(money)["order_id"].unique()


@once
def transactions(shop: Landing) -> pl.DataFrame:
    """Payment transactions of the Shopify shops; the same row in two files is one."""
    rows = shop.csv("shopify/*/transactions_export*.csv")
    facts = ["Order", "Name", "Kind", "Gateway", "Created At", "Status", "Amount"]
    rows = rows.with_columns(
        _again=pl.int_range(pl.len()).over("_file", "shop_id", *facts)
    ).unique(["shop_id", *facts, "_again"], maintain_order=True)
    return rows.select(
        "shop_id",
        order_id=pl.col("shop_id") + ":" + pl.col("Order"),
        kind="Kind",
        status="Status",
        gateway="Gateway",
        happened_at=moment("Created At"),
        amount=number("Amount"),
    )


@once
def orders(shop: Landing) -> pl.DataFrame:
    """One row per order of any shop, with is_placed by the default policy."""
    found = pl.concat([shopify_orders(shop), woo_orders(shop)], how="vertical_relaxed")
    by_order = (
        parcels(shop)
        .group_by("order_id")
        .agg(
            parcels_sent=pl.col("dispatched_at").is_not_null().any(),
            parcel_sent_at=pl.col("dispatched_at").min(),
            all_refused=pl.col("refused_at").is_not_null().all(),
            parcel_refused_at=pl.col("refused_at").max(),
        )
    )
    refused = shopify_refunds(shop).filter(pl.col("kind") == "refused")
    lines = lines_as_shown(shop)
    gifts = lines.group_by("order_id").agg(gift_only=pl.col("is_gift").all())
    closed = pl.col("state").is_in(["voided", "expired", "cancelled"])
    found = (
        found.join(by_order, on="order_id", how="left")
        .join(gifts, on="order_id", how="left")
        .with_columns(
            date=shop.day_of("ordered_at"),
            is_paid=pl.col("said_paid")
            | pl.col("order_id").is_in(paid_by_transaction(shop).to_list()),
            is_dispatched=(
                pl.col("said_sent") | pl.col("parcels_sent").fill_null(False)
            )
            & ~pl.col("in_store"),
            is_cancelled=pl.col("cancelled_at").is_not_null() | closed,
            dispatched_at=pl.coalesce("dispatched_at", "parcel_sent_at"),
        )
        .with_columns(
            is_refused=pl.col("is_refused")
            | pl.col("order_id").is_in(refused["order_id"].unique().to_list())
            | pl.col("all_refused").fill_null(False)
            | (pl.col("is_dispatched") & pl.col("is_cancelled") & ~pl.col("is_paid"))
        )
    )
    untouched = ~pl.col("is_paid") & ~pl.col("is_dispatched")
    meets = {
        "test": pl.col("is_test"),
        "draft": pl.col("is_unfinished")
        | (pl.col("is_draft_order") & ~pl.col("is_paid")),
        "fraud": pl.col("is_risky") & pl.col("is_cancelled"),
        "voided": pl.col("state").is_in(["voided", "expired"]) & untouched,
        "cancelled_before_payment": pl.col("is_cancelled") & untouched,
        "cancelled_after_payment": pl.col("is_cancelled") & ~untouched,
        "gift_card_only": pl.col("gift_only").fill_null(False),
    }
    policy = dict(shop.seed("order_policy").select("rule", "default").rows())
    out = [meets[rule].fill_null(False) for rule in meets if policy[rule] == "out"]
    found = found.with_columns(is_placed=~pl.any_horizontal(out))
    return shop.with_rate(found)


@once
def lines_as_shown(shop: Landing) -> pl.DataFrame:
    """The lines of every shop in the order's currency."""
    return pl.concat([shopify_lines(shop), woo_lines(shop)], how="vertical_relaxed")


@once
def unit_costs(shop: Landing) -> pl.DataFrame:
    """shop_id, sku, name, cost of a piece in the shop's currency, NULL if unknown."""
    shopify = shop.csv("shopify/*/products_export*.csv")
    options = pl.col("Option1 Value").fill_null("Default Title")
    titles = pl.col("Title").forward_fill().over("shop_id", "Handle")
    shopify = shopify.filter(pl.col("Variant Price").is_not_null()).select(
        "shop_id",
        sku=pl.col("Variant SKU").replace("", None),
        name=pl.when(options == "Default Title")
        .then(titles)
        .otherwise(titles + " - " + options),
        cost=number("Cost per item"),
    )
    woo = shop.csv("woocommerce/*/wc-product-export*.csv").select(
        "shop_id",
        sku=pl.col("SKU").replace("", None),
        name="Name",
        cost=number("Meta: _wc_cog_cost"),
    )
    return pl.concat([shopify, woo], how="vertical_relaxed")


def with_cost(shop: Landing, rows: pl.DataFrame) -> pl.DataFrame:
    """Add `cost` and `item`: by stock number, else by a name that one product has.

    DECISIONS: a line without a stock number is the product of its name, where only one
    product of the shop is called so.
    """
    costs = unit_costs(shop)
    by_sku = costs.drop_nulls("sku").unique(["shop_id", "sku"], keep="last")
    by_name = costs.filter(pl.len().over("shop_id", "name") == 1)
    return (
        rows.join(
            by_name.select("shop_id", "name", name_sku="sku"),
            on=["shop_id", "name"],
            how="left",
        )
        .with_columns(item=pl.coalesce("sku", "name_sku", "name"))
        .join(
            by_sku.select("shop_id", item="sku", cost="cost"),
            on=["shop_id", "item"],
            how="left",
        )
    )


@once
def lines(shop: Landing) -> pl.DataFrame:
    """One row per line of a placed order in the reporting currency, without tax.

    An order's discount beyond those of its lines is spread over its merchandise in
    proportion to value; gift cards are no merchandise.
    """
    head = orders(shop).select(
        "order_id", "shop_id", "date", "is_placed", "rate", "net_share", "discount"
    )
    found = lines_as_shown(shop).join(head, on="order_id")
    shown = pl.col("quantity") * pl.col("price")
    goods = pl.when("is_gift").then(0.0).otherwise(shown)
    own = pl.when("is_gift").then(0.0).otherwise("own_discount")
    rest = pl.col("discount") - pl.col("own_discount").sum().over("order_id")
    whole = goods.sum().over("order_id")
    found = found.with_columns(
        shown=goods,
        discounts=own + pl.when(whole > 0).then(rest * goods / whole).otherwise(0.0),
    )
    convert = pl.col("rate") * pl.col("net_share")
    found = found.filter("is_placed").with_columns(
        gross_sales=pl.col("shown") * convert,
        discounts=pl.col("discounts") * convert,
        units=pl.when("is_gift").then(0.0).otherwise("quantity"),
    )
    found = with_cost(shop, found)
    known = pl.col("cost").is_not_null() & ~pl.col("is_gift")
    sales = pl.col("gross_sales") - pl.col("discounts")
    return found.with_columns(
        sales=sales,
        costed_sales=pl.when(known).then(sales).otherwise(0.0),
        cogs=pl.when(known)
        .then(pl.col("units") * pl.col("cost") * pl.col("rate"))
        .otherwise(0.0),
    )


@once
def placed(shop: Landing) -> pl.DataFrame:
    """One row per placed order: sales, shipping, tax, units; who bought, which time."""
    money = (
        lines(shop)
        .group_by("order_id")
        .agg(pl.col("gross_sales", "discounts", "sales", "units").sum())
    )
    found = orders(shop).filter("is_placed").join(money, on="order_id", how="left")
    found = found.join(people(shop), on="order_id", how="left").with_columns(
        shipping=pl.col("shipping") * pl.col("net_share") * pl.col("rate"),
        tax=pl.col("tax") * pl.col("rate"),
    )
    turn = pl.int_range(1, pl.len() + 1).over("customer")
    first = pl.col("shop_id").first().over("customer")
    return found.sort("ordered_at", "order_id").with_columns(
        turn=pl.when(pl.col("customer").is_not_null()).then(turn),
        first_shop=pl.when(pl.col("customer").is_not_null()).then(first),
        previous=pl.when(pl.col("customer").is_not_null()).then(
            pl.col("date").shift(1).over("customer")
        ),
    )


# ------------------------------------------------------------------------------- people


@once
def accounts(shop: Landing) -> pl.DataFrame:
    """Customer accounts of the Shopify shops: shop_id, user_id, email, phone."""
    return shop.csv("shopify/*/customers_export*.csv").select(
        "shop_id",
        user_id=pl.col("Customer ID").str.strip_chars_start("'"),
        email=email("Email"),
        phone=phone("Phone", "Default Address Phone"),
    )


@once
def phone_owners(shop: Landing) -> pl.DataFrame:
    """phone → owner: the e-mail given together with it, if there is exactly one."""
    pairs = pl.concat([orders(shop), accounts(shop)], how="diagonal_relaxed")
    pairs = pairs.select("email", "phone").drop_nulls().unique()
    return (
        pairs.group_by("phone")
        .agg(owner=pl.col("email").first(), owners=pl.len())
        .filter(pl.col("owners") == 1)
        .drop("owners")
    )


@once
def people(shop: Landing) -> pl.DataFrame:
    """order_id → customer: e-mail, else account, else phone; NULL for nobody.

    E-mails join people over all shops; a phone leads to its one owner, if it has one.
    """
    found = orders(shop).join(phone_owners(shop), on="phone", how="left")
    return found.select(
        "order_id", customer=pl.coalesce("email", "account", "owner", "phone")
    )


@once
def account_people(shop: Landing) -> pl.DataFrame:
    """shop_id, user_id → owner: the person of an account, as orders know people."""
    found = accounts(shop).join(phone_owners(shop), on="phone", how="left")
    return found.select(
        "shop_id", "user_id", owner=pl.coalesce("email", "owner", "phone")
    )


# ------------------------------------------------------------------------------ refunds


@once
def shopify_refunds(shop: Landing) -> pl.DataFrame:
    """Dated refunds of the returns report, positive, in the order's currency."""
    rows = shop.csv("shopify/*/returns_report*.csv")
    rows = rows.filter(pl.col("Order name").is_not_null())
    return rows.select(
        "shop_id",
        order_id=pl.col("shop_id") + ":" + pl.col("Order ID"),
        date=pl.col("Day").str.to_date("%Y-%m-%d"),
        sku=pl.col("Variant SKU").replace("", None),
        name="Product title",
        kind="Return type",
        quantity=number("Returned quantity").abs(),
        goods=number("Returned amount").abs(),
        tax=number("Returned taxes").abs(),
        shipping=number("Returned shipping").abs(),
        restocked=truth("Restocked"),
    )


@once
def woo_refunds(shop: Landing) -> pl.DataFrame:
    """Refunds are orders with a parent: amounts on items, shipping on the first row."""
    rows = woo_rows(shop).filter("is_refund")
    first = pl.int_range(pl.len()).over("shop_id", "order_id") == 0
    explained = number("line_total").abs().sum().over("shop_id", "order_id")
    said = number("order_total").abs() - number("order_tax").abs()
    shipping = number("order_shipping").abs()
    rest = said - shipping - explained
    goods = number("line_total").abs() + pl.when(first & (rest > CENT)).then(
        rest
    ).otherwise(0)
    pieces = number("quantity").abs()
    return rows.select(
        "shop_id",
        order_id=pl.col("shop_id") + ":" + pl.col("parent_order_id"),
        date=shop.day_of("ordered_at"),
        sku=pl.col("sku").replace("", None),
        name="name",
        kind=pl.lit("return"),
        quantity=pl.when(pieces > 0).then(pieces),
        goods=goods,
        tax=pl.when(first).then(number("order_tax").abs()).otherwise(0.0),
        shipping=pl.when(first).then(shipping).otherwise(0.0),
        restocked=pieces > 0,
    )


@once
def returns(shop: Landing) -> pl.DataFrame:
    """One row per refund of a placed order and product, in the reporting currency.

    `date` is that of the refund, order_date that of the order. What an order's running
    refunded amount says beyond its dated refunds is a refund on the order's own day,
    split as the order is. An unpaid order refused at the door of which no refund is
    booked gives its goods back on the day of the refusal.
    """
    dated = pl.concat(
        [shopify_refunds(shop), woo_refunds(shop)], how="vertical_relaxed"
    )
    head = placed(shop).select(
        *("order_id", "rate", "net_share", "refunded", "is_refused", "is_paid"),
        *("sales", "units", "subtotal", "parcel_refused_at", "shop_id", "ordered_at"),
        order_date="date",
        order_shipping="shipping",
        order_tax="tax",
    )
    booked = dated.group_by("order_id").agg(
        booked=pl.sum_horizontal("goods", "tax", "shipping").sum(),
        refused_booked=(pl.col("kind") == "refused").any(),
    )
    head = head.join(booked, on="order_id", how="left").with_columns(
        pl.col("booked").fill_null(0), pl.col("refused_booked").fill_null(False)
    )
    blank = {
        "sku": pl.lit(None, pl.String),
        "name": pl.lit(None, pl.String),
        "restocked": pl.lit(False),
    }
    whole = pl.sum_horizontal("sales", "order_shipping", "order_tax")
    share = (pl.col("refunded") - pl.col("booked")) / (whole / pl.col("rate"))
    undated = head.filter(pl.col("refunded") - pl.col("booked") > CENT).select(
        "shop_id",
        "order_id",
        date="order_date",
        kind=pl.lit("undated"),
        quantity=pl.lit(None, pl.Float64),
        goods=share * pl.col("sales") / pl.col("rate"),
        tax=share * pl.col("order_tax") / pl.col("rate"),
        shipping=share * pl.col("order_shipping") / pl.col("rate"),
        **blank,
    )
    refused = head.filter(
        pl.col("is_refused") & ~pl.col("is_paid") & ~pl.col("refused_booked")
    ).select(
        "shop_id",
        "order_id",
        date=shop.day_of(pl.coalesce("parcel_refused_at", "ordered_at")),
        kind=pl.lit("refused"),
        quantity=pl.col("units"),
        goods=pl.col("sales") / pl.col("rate"),
        tax=pl.col("order_tax") / pl.col("rate"),
        shipping=pl.col("order_shipping") / pl.col("rate"),
        **blank,
    )
    found = pl.concat([dated, undated, refused], how="diagonal_relaxed").join(
        head.drop("shop_id"), on="order_id"
    )
    # A refund is of its product's lines, else of the whole order, costs included.
    goods = lines(shop).filter(~pl.col("is_gift"))
    parts = [pl.col("units", "sales", "costed_sales", "cogs").sum()]
    of_product = goods.group_by("order_id", "item").agg(parts)
    of_order = goods.group_by("order_id").agg(parts)
    found = with_cost(shop, found.drop("units", "sales"))
    found = found.join(of_product, on=["order_id", "item"], how="left").join(
        of_order, on="order_id", how="left", suffix="_order"
    )
    basis = {
        part: pl.coalesce(part, f"{part}_order")
        for part in ("units", "sales", "costed_sales", "cogs")
    }
    returned = pl.col("goods") * pl.col("rate")
    estimate = (basis["units"] * returned / basis["sales"]).round()
    pieces = (
        pl.when(pl.col("kind") == "adjustment")
        .then(pl.col("quantity").fill_null(0))
        .otherwise(pl.coalesce("quantity", estimate))
    )
    return found.with_columns(
        returns=returned,
        returned_tax=pl.col("tax") * pl.col("rate"),
        returned_shipping=pl.col("shipping") * pl.col("rate"),
        returned_units=pieces,
        costed_returns=returned * basis["costed_sales"] / basis["sales"],
        restocked_cogs=pl.when("restocked")
        .then(pieces * basis["cogs"] / basis["units"])
        .otherwise(0.0),
    )
