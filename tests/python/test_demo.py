"""The demo shop: the same every time, in the platforms' words, and in itself coherent.

What the generator says is true is derived here once more from the files alone.
"""

import hashlib
import json
import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest

from warehouse.demo.clock import Clock
from warehouse.demo.generate import MANIFEST, generate
from warehouse.errors import UserError
from warehouse.paths import data_dir, warehouse_file

SHORT = {"orders": 300, "first": date(2024, 10, 1), "last": date(2025, 3, 31)}
LONG = {
    "orders": 1800,
    "first": date(2025, 12, 1),
    "last": date(2026, 9, 23),
    "sessions_per_order": 3,
}


@pytest.fixture(scope="module")
def short(tmp_path_factory) -> Path:
    """Half a year with every oddity of 2024 and 2025."""
    folder = tmp_path_factory.mktemp("short")
    generate(folder, **SHORT)
    return folder


@pytest.fixture(scope="module")
def long(tmp_path_factory) -> Path:
    """Three half-years, so that two exports overlap; with what goes wrong in 2026."""
    folder = tmp_path_factory.mktemp("long")
    generate(folder, **LONG)
    return folder


@pytest.fixture(scope="module")
def shop(long) -> duckdb.DuckDBPyConnection:
    """The long shop's files as tables, all text; of orders the newest version."""
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")

    def read(name: str, files: str) -> None:
        con.execute(
            f"create table {name} as select *, split_part(filename, '/', -2) as shop "
            f"from read_csv('{long}/landing/shopify/*/{files}', all_varchar = true, "
            "filename = true, union_by_name = true, quote = '\"', header = true)"
        )

    for name, files in (
        ("rows", "orders_export*.csv"),
        ("transactions", "transactions*.csv"),
        ("returned", "returns_report.csv"),
        ("products", "products_export.csv"),
        ("customers", "customers_export.csv"),
    ):
        read(name, files)
    con.execute(
        """
        create table lines as
        from rows
        qualify filename = max(filename) over (partition by shop, Name)
        """
    )
    con.execute("create table orders as from lines where Id is not null")
    for name in ("orders", "daily", "persons"):
        con.execute(
            f"create table true_{name} as "
            f"from read_parquet('{long}/truth/{name}.parquet')"
        )
    con.execute(
        # event_date is a day of GA4's property; happened_at is on the shop's own clock.
        "create table events as select *, split_part(filename, '/', -2) as shop, "
        "timezone(if(shop = 'alder_us', 'America/New_York', 'Europe/Berlin'), "
        "make_timestamptz(event_timestamp)) as happened_at "
        f"from read_parquet('{long}/landing/ga4/*/*.parquet', filename = true)"
    )
    return con


def one(con: duckdb.DuckDBPyConnection, query: str):
    """The only row of a query; a single value by itself."""
    row = con.execute(query).fetchone()
    return row[0] if len(row) == 1 else row


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# ------------------------------------------------------------------ the same every time
def test_the_same_arguments_give_the_same_bytes(short, tmp_path):
    generate(tmp_path, **SHORT)
    assert hashes(tmp_path) == hashes(short)


def test_another_seed_gives_another_shop(short, tmp_path):
    generate(tmp_path, **SHORT, seed=8)
    mine, theirs = hashes(short), hashes(tmp_path)
    name = "landing/shopify/alder_eu/orders_export_2025_H1.csv"
    assert mine.keys() == theirs.keys()
    assert mine[name] != theirs[name]


def test_only_its_own_files_are_replaced(short, tmp_path):
    shutil.copytree(short, tmp_path, dirs_exist_ok=True)
    mine = tmp_path / "landing" / "shopify" / "alder_eu" / "orders_export_my_own.csv"
    mine.write_text("mine\n")
    generate(tmp_path, **(SHORT | {"last": date(2024, 12, 15)}))
    assert mine.read_text() == "mine\n"
    assert not list(tmp_path.rglob("orders_export_2025_H1.csv"))
    listed = json.loads((tmp_path / MANIFEST).read_text())["files"]
    found = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    assert found == {*listed, MANIFEST, str(mine.relative_to(tmp_path))}


def test_a_file_of_the_user_is_never_overwritten(tmp_path):
    mine = tmp_path / "landing" / "shopify" / "alder_us" / "products_export.csv"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine\n")
    with pytest.raises(UserError, match="in the way"):
        generate(tmp_path, **SHORT)
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [mine]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"orders": 10}, "too few"),
        ({"first": date(2026, 9, 1)}, "too short"),
        ({"first": date(2019, 1, 1)}, "2024 to 2029"),
        ({"sessions_per_order": 0.5}, "needs a visit"),
    ],
)
def test_arguments_that_make_no_shop_are_explained(tmp_path, arguments, message):
    with pytest.raises(UserError, match=message):
        generate(tmp_path, **arguments)


# ------------------------------------------------------------------ as platforms write
def first_line(path: Path) -> str:
    return path.read_text().split("\n", 1)[0]


ORDER_HEADER = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,"
    "Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,"
    "Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price,Lineitem compare at price,Lineitem sku,"
    "Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,"
    "Billing Name,Billing Street,Billing Address1,Billing Address2,Billing Company,"
    "Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,"
    "Shipping Name,Shipping Street,Shipping Address1,Shipping Address2,"
    "Shipping Company,Shipping City,Shipping Zip,Shipping Province,"
    "Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,"
    "Payment Method,Payment Reference,Refunded Amount,Vendor,Outstanding Balance,"
    "Employee,Location,Device ID,Id,Tags,Risk Level,Source,Lineitem discount,"
    "Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,Tax 3 Value,"
    "Tax 4 Name,Tax 4 Value,Tax 5 Name,Tax 5 Value,Phone,Receipt Number,Duties,"
    "Billing Province Name,Shipping Province Name"
)


def test_shopify_headers(short):
    eu, us = (short / "landing/shopify" / shop for shop in ("alder_eu", "alder_us"))
    newer = ",Payment ID,Payment Terms Name,Next Payment Due At,Payment References"
    assert first_line(eu / "orders_export_2024_H2.csv") == ORDER_HEADER + newer
    assert first_line(us / "orders_export_2024_H2.csv") == ORDER_HEADER
    assert first_line(us / "orders_export_2025_H1.csv") == ORDER_HEADER + newer
    assert first_line(eu / "transactions_export_2025.csv") == (
        "Order,Name,Kind,Gateway,Created At,Status,Amount,Currency,Card Type,"
        "Manual Payment Gateway"
    )
    assert first_line(eu / "returns_report.csv").startswith("Day,Order name,Order ID,")
    assert first_line(eu / "customers_export.csv").startswith(
        "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address"
    )
    assert first_line(eu / "products_export.csv").endswith("Cost per item,Status")


def test_shopify_quotes_only_what_needs_quotes(long):
    text = (long / "landing/shopify/alder_eu/orders_export_2026_H1.csv").read_text()
    assert '"#' not in text
    assert ',"Kettle, Pot & Sons",' in text
    assert ",'10115," in text  # a zip of digits
    assert " +0100," in text and " +0200," in text  # winter and summer


def test_google_ads_files(short):
    folder = short / "landing/google_ads"
    lines = (folder / "alder_eu/campaign_report_2024.csv").read_text().split("\n")
    assert lines[:2] == ["Campaign report", '"October 1, 2024 - December 31, 2024"']
    assert lines[2].startswith(
        "Day,Campaign status,Campaign,Campaign ID,Campaign type,"
    )
    assert sum(line.startswith("Total: ") for line in lines) == 5
    assert any(", --," in line for line in lines)
    excel = (folder / "alder_us/campaign_report_2025.csv").read_bytes()
    assert excel.startswith(b"\xff\xfe")
    assert excel.decode("utf-16").split("\n")[2].startswith("Day\tCampaign status\t")


def test_meta_files(short):
    folder = short / "landing/meta_ads"
    english = (
        folder / "alder_us/Account-Campaigns-Jan-1-2025-Mar-31-2025.csv"
    ).read_text()
    assert "Amount spent (USD),Impressions," in english.split("\n")[0]
    assert english.split("\n")[1].startswith(",2025-01-01,2025-03-31,,")  # the summary
    assert '"Remarketing | Cart, 14 days | US"' in english
    french = (
        folder / "alder_eu/Account-Campaigns-Oct-1-2024-Dec-31-2024.csv"
    ).read_text()
    assert french.startswith("\ufeffJour;Nom de la campagne;")
    assert "Montant dépensé (EUR)" in french


def test_woocommerce_files(long):
    """Guarded negatives, German headers in the report, and one truth for both."""
    folder = long / "landing/woocommerce/alder_outlet"
    assert first_line(folder / "orders_export_2026.csv").startswith(
        "order_id,order_number,parent_order_id,order_date,paid_date,"
    )
    report = next(folder.glob("orders_2026-*_interval-day.csv")).read_text()
    assert report.startswith("Datum,Bestellnr.,Status,Kunde,Kundentyp,Produkt(e),")
    exported = "".join(p.read_text() for p in sorted(folder.glob("orders_export*")))
    assert ",\t-" in exported
    assert not any(f",-{digit}" in exported for digit in range(10))
    con = duckdb.connect()
    rows = con.execute(
        f"""
        with items as (
            select *, replace(order_total, chr(9), '')::decimal(18, 2) as charged,
                replace(line_total, chr(9), '')::decimal(18, 2) as net
            from read_csv('{folder}/orders_export*.csv', all_varchar = true)
        ),
        orders as (
            select
                coalesce(parent_order_id, order_id) as number,
                max(charged) as charged,
                sum(net) filter (where charged > 0) as sales,
                -coalesce(sum(net) filter (where charged < 0), 0) as returned,
                max(order_tax::double) filter (where charged > 0)
                    + max(order_shipping::double) filter (where charged > 0) as rest
            from items
            group by 1
        )
        select t.order_name
        from read_parquet('{long}/truth/orders.parquet') as t
        full join orders as o on t.order_name = '#' || o.number
        where t.shop_id = 'alder_outlet' and (
            o.number is null
            or abs(o.sales - t.sales) > 0.001
            or abs(o.returned - t.returns) > 0.001
            or abs(o.charged - t.total) > 0.001
            or abs(o.sales + o.rest - o.charged) > 0.001
        )
        """
    ).fetchall()
    assert rows == []
    emails = con.execute(
        f"""
        select count(distinct lower(woo.billing_email))
        from read_csv('{folder}/orders_export*.csv', all_varchar = true) as woo
        inner join read_csv(
            '{long}/landing/shopify/alder_eu/customers_export.csv', all_varchar = true
        ) as eu on lower(woo.billing_email) = lower(eu.Email)
        """
    ).fetchone()
    assert emails[0] >= 5  # people who buy in both shops


def test_experiments_show_what_was_planted(long):
    """The button's visitors buy more; the home page is split in half; ids are GA4's."""
    con = duckdb.connect()
    rows = con.execute(
        f"""
        with firsts as (
            select experiment_id, visitor_id, min(variant) as variant,
                min(assigned_at)::timestamp as assigned_at
            from (
                select experiment_id, visitor_id, variant, assigned_at
                from read_csv(
                    '{long}/landing/flat/experiment_assignments.csv',
                    types = {{'visitor_id': 'varchar', 'assigned_at': 'varchar'}}
                )
                union all
                select split_part(shown, '-', 2), user_pseudo_id,
                    lower(split_part(shown, '-', 3)),
                    make_timestamp(event_timestamp::bigint)::varchar
                from (
                    select *, list_filter(
                        event_params, lambda p: p.key = 'exp_variant_string'
                    )[1].value.string_value as shown
                    from read_json('{long}/landing/ga4/alder_eu/*_test.jsonl')
                )
                where event_name = 'experience_impression'
            )
            group by all
            having count(distinct variant) = 1
        ),
        events as (
            select user_pseudo_id, event_name,
                make_timestamp(event_timestamp::bigint) as event_at
            from read_parquet('{long}/landing/ga4/alder_eu/*.parquet')
        ),
        units as (
            select experiment_id, variant, firsts.visitor_id,
                count(*) > 0 as is_known,
                count(*) filter (
                    where event_name = 'purchase' and event_at >= assigned_at
                    and event_at < assigned_at + interval 7 days
                ) > 0 as is_buyer
            from firsts
            inner join events on firsts.visitor_id = events.user_pseudo_id
            group by all
        )
        select experiment_id || ' ' || variant, count(*), avg(is_buyer::int)
        from units group by 1
        """
    ).fetchall()
    found = {name: (number, rate) for name, number, rate in rows}
    button, control = (
        found["checkout_button green_button"],
        found["checkout_button control"],
    )
    assert button[1] > control[1]
    assert 0.8 < button[0] / control[0] < 1.25
    assert 0.7 < found["home_page_aa a"][0] / found["home_page_aa b"][0] < 1.4


def test_letters_agree_with_visits_and_with_themselves(long):
    """Names are those of the links, clicks as many as visits, and who left is left."""
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    landing = long / "landing"
    con.execute(
        f"""
        create table letters as
        select "Campaign Name" as name, "Total Recipients" as sent,
            "Successful Deliveries" as delivered, "Bounces" as bounced,
            "Unique Opens" as opened, "Unique Clicks" as clicked,
            "Campaign ID" as id, "Send Time" as sent_at
        from read_csv('{landing}/klaviyo/alder_eu/campaigns_export.csv');
        create table included as
        from read_json('{landing}/klaviyo/alder_eu/included_*.jsonl');
        create table happened as
        select id, event_name as name, "timestamp" as moment,
            event_properties."$message" as letter, person."$email" as reader
        from read_json('{landing}/klaviyo/alder_eu/events_202608.jsonl')
        union
        select e.id, metric.attributes.name, e.attributes.timestamp,
            e.attributes.event_properties."$message", profile.attributes.email
        from read_json('{landing}/klaviyo/alder_eu/events_202609.jsonl') as e
        inner join included as metric on e.relationships.metric.data.id = metric.id
        inner join included as profile on e.relationships.profile.data.id = profile.id;
        create table visits as
        select distinct user_pseudo_id, campaign
        from (
            select user_pseudo_id, list_filter(
                event_params, lambda p: p.key = 'campaign'
            )[1].value.string_value as campaign
            from read_parquet('{landing}/ga4/alder_eu/events_*.parquet')
        ) where campaign >= 'newsletter_2025-12' and campaign like 'newsletter_%'
        """
    )
    linked = "select distinct campaign from visits"
    assert one(con, f"select count(*) from ({linked})") > 30
    assert (
        one(con, f"select count(*) from ({linked} except select name from letters)")
        == 0
    )
    clicked, visits = con.sql(
        "select sum(clicked), (select count(*) from visits) from letters"
    ).fetchone()
    assert 0.8 < clicked / visits < 1.6
    assert one(con, "select count(*) from letters where name like '[Follow-up]%'") > 10
    assert not con.sql(
        """from letters where delivered + bounced <> sent or opened > delivered
           or clicked > delivered or sent = 0"""
    ).fetchall()
    # Since August every recipient is told one by one.
    assert not con.sql(
        """select letters.name from letters left join (
               select letter, count(distinct reader) as readers from happened
               where name in ('Received Email', 'Bounced Email') group by letter
           ) as told on told.letter = letters.id
           where letters.sent_at >= '2026-08-01'
           and told.readers is distinct from sent"""
    ).fetchall()
    left = "select reader, moment from happened where name = 'Unsubscribed'"
    assert not con.sql(
        f"""from happened join ({left}) as gone using (reader)
            where happened.name = 'Received Email' and happened.moment > gone.moment"""
    ).fetchall()
    last = "select max(make_timestamp(moment * 1000000)) from happened"
    assert one(con, f"select ({last}) < '2026-09-23 22:00:00'")
    activity = landing / "mailchimp/alder_us/recipient_activity.csv"
    assert one(con, f"select count(distinct Action) from read_csv('{activity}')") >= 4


def test_ga4_files(short):
    folder = short / "landing/ga4"
    assert not list(folder.glob("alder_us/events_20241[01]*"))
    report = (folder / "alder_us/traffic_acquisition_202410-202411.csv").read_text()
    rows = [line for line in report.split("\n") if not line.startswith("#")]
    assert rows[0].startswith(
        "Date,Session default channel group,Device category,Sessions,"
    )
    assert rows[1].startswith("Grand total,,,")
    assert rows[2].startswith("20241001,")
    event = json.loads(
        (folder / "alder_eu/events_202502.jsonl").read_text().split("\n", 1)[0]
    )
    assert event["event_timestamp"].isdigit()
    assert {p["key"] for p in event["event_params"]} >= {
        "ga_session_id",
        "page_location",
    }
    names = duckdb.sql(
        f"select distinct event_name from '{folder}/*/*.parquet' order by 1"
    ).fetchall()
    assert {name for (name,) in names} >= {
        "session_start", "first_visit", "page_view", "view_item", "add_to_cart",
        "remove_from_cart", "begin_checkout", "add_payment_info", "purchase", "sign_up",
        "generate_lead",
    }  # fmt: skip


# ------------------------------------------------------------------ coherent
def test_amounts_of_an_order_fit(shop):
    """Lines less discounts are the subtotal; subtotal, shipping and tax the total."""
    wrong = one(
        shop,
        """
        select count(*) from (
            select
                first(o.shop) as shop,
                sum(l."Lineitem quantity"::int * l."Lineitem price"::decimal(18, 2))
                    as gross,
                first(o."Discount Amount"::decimal(18, 2)) as discount,
                first(o.Subtotal::decimal(18, 2)) as subtotal,
                first(o.Total::decimal(18, 2) - o.Shipping::decimal(18, 2)) as rest,
                first(o.Taxes::decimal(18, 2)) as tax,
                first(o."Payment Method") as method
            from lines as l
            inner join orders as o using (shop, Name)
            group by l.shop, l.Name
        )
        where gross - discount <> subtotal
            or (
                coalesce(method, '') <> 'shopify_payments + manual'
                and rest <> subtotal + case when shop = 'alder_us' then tax else 0 end
            )
        """,
    )
    assert wrong == 0


def test_included_tax_is_that_of_the_country(shop):
    worst = one(
        shop,
        """
        select max(abs(
            "Tax 1 Value"::double - (Subtotal::double + Shipping::double)
            * rate / (100 + rate)
        ))
        from (
            select *, regexp_extract("Tax 1 Name", '([0-9.]+)%', 1)::double as rate
            from orders
            where shop = 'alder_eu' and "Tax 1 Value" is not null
        )
        where "Lineitem requires shipping" = 'true' and Name not in (
            select Name from lines
            where shop = 'alder_eu' and "Lineitem sku" like 'AL-GIFT%'
        )
        """,
    )
    assert worst < 0.0051


def test_every_kind_of_order_is_there(shop):
    # Authorized ones are rare: a few of the last days.
    found = shop.execute('select distinct "Financial Status" from orders').fetchall()
    usual = {"paid", "pending", "partially_refunded", "refunded", "voided"}
    assert {status for (status,) in found} - {"authorized"} == usual
    assert (
        one(shop, "select count(*) from transactions where Kind = 'authorization'") > 0
    )
    for what in (
        "Source = 'pos'",
        "Source = 'shopify_draft_order'",
        "regexp_full_match(Source, '[0-9]+')",
        "\"Payment Method\" = '(for testing) Bogus Gateway'",
        '"Payment Method" like \'%(COD)\' and "Outstanding Balance" = Total',
        "\"Payment Method\" = 'gift_card'",
        "\"Payment Method\" = 'gift_card + shopify_payments'",
        "\"Discount Code\" = 'AUTOMATIC DISCOUNTS'",
        '"Discount Code" is null and "Discount Amount" <> \'0.00\'',
        "\"Financial Status\" = 'voided' and Total <> '0.00'",
        '"Financial Status" = \'refunded\' and "Cancelled at" is not null',
        "contains(Notes, chr(10))",
        "Email is null",
    ):
        assert one(shop, f"select count(*) from orders where {what}") > 0, what
    assert one(shop, 'select count(*) from lines where "Lineitem sku" is null') > 0
    assert one(shop, "select count(*) from products where \"Gift Card\" = 'true'") > 0
    assert one(shop, 'select count(*) from products where "Cost per item" is null') > 0


def test_the_last_export_repeats_two_weeks_and_knows_better(shop):
    both = one(
        shop,
        """
        select
            count(*),
            count(*) filter (
                where old."Financial Status" <> new."Financial Status"
                or old."Fulfillment Status" <> new."Fulfillment Status"
            )
        from rows as old
        inner join rows as new using (shop, Name)
        where old.filename < new.filename and old.Id is not null and new.Id = old.Id
        """,
    )
    assert both[0] > 20 and 0 < both[1] < both[0]


def test_payments_settle_the_orders(shop):
    """Money received less money given back is what the order says was paid."""
    wrong = shop.execute(
        """
        select o.shop, o.Name, o."Financial Status", paid, Total, "Refunded Amount"
        from orders as o
        inner join (
            select
                shop,
                Name,
                coalesce(sum(case Kind
                    when 'sale' then Amount::decimal(18, 2)
                    when 'capture' then Amount::decimal(18, 2)
                    when 'refund' then -Amount::decimal(18, 2)
                end) filter (where Status = 'success'), 0) as paid
            from transactions
            group by all
        ) using (shop, Name)
        where paid <> case
            when "Paid at" is null then 0
            else Total::decimal(18, 2) - "Refunded Amount"::decimal(18, 2)
        end
        -- The last day's later payments, and refunds after an order's last export.
        and "Payment Method" <> 'shopify_payments + manual'
        and not (paid < Total::decimal(18, 2) and filename like '%2026_H1.csv')
        and not (paid < Total::decimal(18, 2) and filename like '%2025_H2.csv')
        """
    ).fetchall()
    assert wrong == []
    attempts = one(
        shop,
        """
        select
            count(*) filter (where Status = 'failure'),
            count(*) filter (where Status = 'pending'),
            count(*) filter (where Kind = 'void')
        from transactions
        """,
    )
    assert min(attempts) > 0


def test_nothing_comes_back_that_was_not_sold(shop):
    worst = one(
        shop,
        """
        select
            max(quantity - sold),
            max(money - total),
            min(money),
            count(*) filter (where first_day < created)
        from (
            select
                first(-r_quantity) as quantity,
                first(-r_money) as money,
                sum(l."Lineitem quantity"::int) as sold,
                first(o.Total::decimal(18, 2)) as total,
                first(first_day) as first_day,
                first(left(o."Created at", 10)::date) as created
            from (
                select
                    shop,
                    "Order name" as Name,
                    sum("Returned quantity"::int) as r_quantity,
                    sum("Returned amount"::decimal(18, 2)
                        + "Returned taxes"::decimal(18, 2)
                        + "Returned shipping"::decimal(18, 2)) as r_money,
                    min(Day::date) as first_day
                from returned
                group by all
            )
            inner join lines as l using (shop, Name)
            inner join orders as o using (shop, Name)
            group by l.shop, l.Name
        )
        """,
    )
    assert worst[0] <= 0 and worst[1] <= 0 and worst[2] >= 0 and worst[3] == 0
    kinds = shop.execute(
        'select distinct "Return type" from returned order by 1'
    ).fetchall()
    assert [kind for (kind,) in kinds] == ["cancellation", "refused", "return"]


def test_every_session_of_an_order_is_in_the_events(shop):
    """Each tracked web order has a purchase event, with its total, in its session."""
    found = one(
        shop,
        """
        with purchases as (
            select
                shop,
                '#' || ecommerce.transaction_id as order_name,
                min(make_timestamp(event_timestamp)) as bought_at,
                first(ecommerce.purchase_revenue) as revenue,
                count(*) as times
            from events
            where event_name = 'purchase'
            group by all
        )
        select
            count(*),
            count(*) filter (where p.order_name is null),
            max(abs(epoch(bought_at) - epoch(t.ordered_at))),
            max(abs(revenue - t.total)),
            max(times)
        from true_orders as t
        left join purchases as p on t.shop_id = p.shop and t.order_name = p.order_name
        where t.channel_id is not null and t.exclusion_reason is distinct from 'voided'
            and t.exclusion_reason is distinct from 'fraud'
        """,
    )
    assert found[0] > 500 and found[1] == 0
    assert found[2] <= 1 and found[3] < 0.001 and found[4] >= 1


def test_orders_without_consent_have_no_session(shop):
    share = one(
        shop,
        "select avg((channel_id is null)::int) from true_orders where is_placed",
    )
    assert 0.06 < share < 0.25


def test_visitors_on_two_devices_can_be_stitched(shop):
    ids = one(
        shop,
        """
        select count(*) from (
            select user_id from events
            where user_id is not null
            group by shop, user_id
            having count(distinct user_pseudo_id) > 1
        )
        """,
    )
    assert ids > 5
    unknown = one(
        shop,
        """
        select count(*) from (select distinct shop, user_id from events
        where user_id is not null) as e
        left join customers as c
            on e.shop = c.shop and e.user_id = replace(c."Customer ID", '''', '')
        where c.shop is null
        """,
    )
    assert unknown == 0


def test_what_goes_wrong_shows(shop):
    broken = one(
        shop,
        """
        select
            count(distinct user_pseudo_id) filter (where event_name = 'begin_checkout'),
            count(*) filter (where event_name = 'purchase')
        from events
        where shop = 'alder_eu' and cast(happened_at as date) = date '2026-07-14'
        """,
    )
    assert broken[0] >= 4 and broken[1] <= broken[0] / 3
    failed = one(
        shop,
        """
        select
            count(*) filter (where event_name = 'session_start'),
            count(*) filter (where event_name = 'purchase')
        from events
        where collected_traffic_source.manual_campaign_name like '%Summer Broad%'
        """,
    )
    assert failed[0] > 20 and failed[1] == 0


# ------------------------------------------------------------------ the truth
def test_truth_of_sales_follows_from_the_files(shop):
    """Placed orders, gross sales, discounts and sales, from Shopify's exports alone."""
    shop.execute(
        """
        create or replace temp table derived as
        with classified as (
            select
                *,
                Total::double as total,
                -- Prices with tax: the order's own share of tax is taken out.
                case when shop = 'alder_eu'
                    then coalesce(1 - Taxes::double
                        / nullif(Subtotal::double + Shipping::double, 0), 1)
                    else 1 end as factor,
                coalesce("Payment Method" like '%Bogus%', false) as is_test,
                coalesce(
                    Source = 'shopify_draft_order' and "Paid at" is null, false
                ) as is_draft,
                "Financial Status" = 'voided' as is_voided,
                "Cancelled at" is not null and "Paid at" is null as is_never_paid
            from orders
        ),
        per_line as (
            select
                shop,
                Name,
                "Lineitem quantity"::int * "Lineitem price"::double as gross,
                "Lineitem name" like 'Gift Card%' as is_gift
            from lines
        ),
        merchandise as (
            select
                shop, Name, sum(gross) filter (where not is_gift) as gross,
                bool_and(is_gift) as gift_only
            from per_line
            group by all
        )
        select
            shop,
            Name,
            left("Created at", 10)::date as day,
            coalesce(gross, 0) * factor as gross_sales,
            "Discount Amount"::double * factor as discounts,
            not (is_test or is_draft or is_voided or is_never_paid or gift_only)
                as is_placed
        from classified
        inner join merchandise using (shop, Name)
        """
    )
    wrong = shop.execute(
        """
        select t.*, d.*
        from (select * from true_orders where shop_id <> 'alder_outlet') as t
        full join derived as d on t.shop_id = d.shop and t.order_name = d.Name
        where t.is_placed is distinct from d.is_placed
            or t.order_date <> d.day
            or abs(t.gross_sales::double - d.gross_sales) > 0.01
            or abs(t.discounts::double - d.discounts) > 0.01
        """
    ).fetchall()
    assert wrong == []
    days = one(
        shop,
        """
        select max(abs(t.sales::double - coalesce(d.sales, 0))),
            max(abs(t.placed_orders - coalesce(d.orders, 0)))
        from true_daily as t
        left join (
            select shop, day, sum(gross_sales - discounts) as sales, count(*) as orders
            from derived where is_placed group by all
        ) as d on t.shop_id = d.shop and t.day = d.day
        where t.shop_id <> 'alder_outlet'
        """,
    )
    assert days[0] < 0.02 and days[1] == 0


def test_truth_of_returns_follows_from_the_files(shop):
    worst = one(
        shop,
        """
        select max(abs(t.returns::double - coalesce(r.returns, 0)))
        from true_daily as t
        left join (
            select
                r.shop, r.Day::date as day, -sum("Returned amount"::double) as returns
            from returned as r
            group by all
        ) as r on t.shop_id = r.shop and t.day = r.day
        where t.shop_id <> 'alder_outlet'
        """,
    )
    assert worst < 0.005


def test_truth_of_customers_follows_from_the_files(long, shop):
    """An e-mail (else a phone) has one new order: its first placed one in any shop."""
    truth = one(shop, "select count(*) from true_orders where is_new")
    derived = one(
        shop,
        f"""
        select count(distinct coalesce(lower(c.Email), lower(o.Email), o.Phone))
        from (
            select shop, Name, Email, Phone from orders
            union all
            select 'alder_outlet', '#' || order_number, billing_email, null
            from read_csv('{long}/landing/woocommerce/*/orders_export_*.csv',
                all_varchar = true)
            where parent_order_id is null
        ) as o
        inner join true_orders as t on t.shop_id = o.shop and t.order_name = o.Name
        left join (
            select distinct replace(Phone, '''', '') as Phone, Email from customers
            where Phone is not null and Email is not null
        ) as c on o.Phone = c.Phone and o.Email is null
        where t.is_placed and (o.Email is not null or o.Phone is not null)
        """,
    )
    assert derived == truth


def test_truth_of_sessions_follows_from_the_files(shop):
    worst = one(
        shop,
        """
        with sessions as (
            select
                shop,
                user_pseudo_id,
                list_filter(event_params, lambda p: p.key = 'ga_session_id')[1]
                    .value.int_value as session_id,
                min(event_timestamp) as started,
                cast(min(happened_at) as date) as day,
                bool_or(len(list_filter(event_params,
                    lambda p: p.key = 'traffic_type')) > 0) as is_internal,
                bool_or(device.web_info.browser = 'HeadlessChrome') as is_robot
            from events
            group by all
        )
        select
            max(abs(t.sessions - coalesce(s.sessions, 0))),
            max(abs(t.bot_sessions - coalesce(s.robots, 0))),
            sum(t.sessions)
        from true_daily as t
        left join (
            select
                shop,
                day,
                count(*) filter (where not is_internal and not is_robot) as sessions,
                count(*) filter (where is_robot) as robots
            from sessions group by all
        ) as s on t.shop_id = s.shop and t.day = s.day
        """,
    )
    assert worst[0] == 0 and worst[1] == 0 and worst[2] > 3000


def test_truth_of_ad_spend_follows_from_the_files(long, shop):
    google = one(
        shop,
        f"""
        select sum(Cost::double) from read_csv(
            '{long}/landing/google_ads/alder_eu/campaign_report_*.csv',
            all_varchar = true, skip = 2, header = true, quote = '"', delim = ','
        ) where Day not like 'Total%'
        """,
    )
    meta = one(
        shop,
        f"""
        select sum("Amount spent (EUR)"::double) from read_csv(
            '{long}/landing/meta_ads/alder_eu/*-2026.csv', all_varchar = true,
            header = true, quote = '"', delim = ','
        ) where Day is not null
        """,
    )
    truth = one(
        shop,
        """
        select sum(ad_spend)::double from true_daily
        where shop_id = 'alder_eu'
        """,
    )
    french = (long / "landing/meta_ads/alder_eu").glob("*-2025.csv")
    spent = [
        line.split(";")[3]
        for path in french
        for line in path.read_text().split("\n")[2:-1]
    ]
    spent = sum(float(s.replace("\u00a0", "").replace(",", ".")) for s in spent)
    assert abs(google + meta + spent - truth) < 0.05


def test_totals_are_those_of_the_days(long, shop):
    totals = json.loads((long / "truth/totals.json").read_text())["shops"]
    for name, values in totals.items():
        sales, orders = one(
            shop,
            "select sum(sales)::double, sum(placed_orders) from true_daily "
            f"where shop_id = '{name}'",
        )
        assert abs(values["sales"] - sales) < 0.02
        assert values["placed_orders"] == orders


# ------------------------------------------------------------------ the warehouse
@pytest.fixture(scope="module")
def built() -> duckdb.DuckDBPyConnection:
    """The demo's warehouse beside its truth; skips where it is not built."""
    folder, file = data_dir("demo"), warehouse_file("demo")
    if not file.exists() or not (folder / "truth/orders.parquet").exists():
        pytest.skip("the demo warehouse is not built: warehouse demo, warehouse run")
    con = duckdb.connect(str(file), read_only=True)
    con.execute("set TimeZone = 'UTC'")
    for name in ("orders", "daily"):
        con.execute(
            f"create temp table true_{name} as "
            f"from read_parquet('{folder}/truth/{name}.parquet')"
        )
    try:
        rows = one(con, "select count(*) from fct_orders")
    except duckdb.CatalogException:
        pytest.skip("the demo warehouse has no orders yet: warehouse run")
    if rows != one(con, "select count(*) from true_orders"):
        pytest.skip("the demo warehouse holds another shop than the one last made")
    return con


def test_the_warehouse_finds_every_order(built):
    wrong = built.execute(
        """
        select t.shop_id, t.order_name
        from true_orders as t
        left join fct_orders as o
            on t.shop_id = o.shop_id and substr(t.order_name, 2) = o.order_number
        left join (
            select distinct order_id from fct_order_lines where cogs is null
        ) as u on o.order_id = u.order_id
        where o.order_id is null
            or t.is_placed <> o.is_placed
            or t.exclusion_reason is distinct from o.exclusion_reason
            or t.order_date <> o.order_date
            or t.is_placed and (
                t.customer_order_number is distinct from o.customer_order_number
                or t.units <> o.units
                or abs(t.gross_sales - o.gross_sales / o.fx_rate) > 0.001
                or abs(t.discounts - o.discounts / o.fx_rate) > 0.001
                or abs(t.sales - o.sales / o.fx_rate) > 0.001
                or abs(t.shipping - o.shipping / o.fx_rate) > 0.001
                or abs(t.tax - o.tax / o.fx_rate) > 0.001
                -- A line without a stock number whose name two products share has no
                -- known cost: the order's COGS is then too small, never too large.
                or t.cogs - coalesce(o.cogs / o.fx_rate, 0) < -0.001
                or t.cogs - coalesce(o.cogs / o.fx_rate, 0) > 0.001
                and u.order_id is null
                or abs(t.returns + t.undated_returns - o.returns / o.fx_rate) > 0.02
            )
        """
    ).fetchall()
    assert wrong == []


def test_the_warehouse_counts_every_session(built):
    wrong = built.execute(
        """
        with found as (
            select
                shop_id,
                session_date as day,
                count(*) filter (where is_counted) as sessions,
                count(*) filter (where is_counted and has_purchase) as purchases,
                count(*) filter (where is_counted and is_engaged) as engaged,
                count(*) filter (where is_bot) as robots,
                count(*) filter (where is_internal) as internal
            from fct_sessions
            group by all
            union all
            select
                shop_id, traffic_date, sum(sessions), sum(purchase_sessions),
                sum(engaged_sessions), 0, 0
            from fct_traffic_days
            where shop_id = 'alder_us' and traffic_date < date '2024-12-01'
            group by all
        )
        select t.shop_id, t.day
        from true_daily as t
        left join found using (shop_id, day)
        where t.sessions <> coalesce(found.sessions, 0)
            or t.purchase_sessions <> coalesce(purchases, 0)
            or t.engaged_sessions <> coalesce(engaged, 0)
            or t.bot_sessions <> coalesce(robots, 0)
            or t.internal_sessions <> coalesce(internal, 0)
        """
    ).fetchall()
    assert wrong == []


def test_the_warehouse_dates_every_return_and_ad(built):
    wrong = built.execute(
        """
        with returned as (
            select
                fct_returns.shop_id,
                fct_returns.return_date as day,
                sum(fct_returns.returns / fct_orders.fx_rate) as amount
            from fct_returns
            inner join fct_orders using (order_id)
            where fct_returns.is_placed and not fct_returns.is_date_estimated
            group by all
        ),
        spent as (
            select shop_id, ad_date as day, sum(spend / fx_rate) as amount
            from fct_ad_days
            group by all
        )
        select t.shop_id, t.day, t.returns, returned.amount, t.ad_spend, spent.amount
        from true_daily as t
        left join returned using (shop_id, day)
        left join spent using (shop_id, day)
        where abs(t.ad_spend - coalesce(spent.amount, 0)) > 0.01
            -- A refund is converted at its own day's rate.
            or abs(t.returns - coalesce(returned.amount, 0)) > 0.01 + t.returns * 0.05
        """
    ).fetchall()
    assert wrong == []


# ------------------------------------------------------------------ the service desk
def test_the_desk_is_asked_by_the_shop_s_customers(long, shop):
    """Tickets and answers are of people who ordered, but for those who ask before."""
    con = shop.cursor()
    files = f"{long}/landing/zendesk/alder_eu/*.csv"
    con.execute(
        f"""create temp table desk as select *, filename from read_csv('{files}',
            all_varchar = true, header = true, quote = '"', filename = true)"""
    )
    strangers = one(
        con,
        """select count(*) from desk where "Requester email" not in
            (select lower(Email) from rows where Email is not null)
            and "Requester email" not like 'ask.%'""",
    )
    assert strangers == 0
    assert one(con, 'select max("Created at") from desk') < "2026-09-24"
    answers = f"{long}/landing/flat/survey_answers.csv"
    unknown = one(
        con,
        f"""select count(*) from read_csv('{answers}', all_varchar = true)
            where survey = 'nps' and (score::int not between 0 and 10 or email not in
            (select lower(Email) from rows where Email is not null))""",
    )
    assert unknown == 0


def test_august_of_the_desk_is_slow(long):
    """On holiday, callers give up more often than in the months before."""
    calls = f"{long}/landing/pbx/alder_eu/call_list.csv"
    given_up = dict(
        duckdb.sql(
            f"""select month("Start time"::timestamp) = 8,
                avg(("Call status" = 'ABANDONED')::int)
                from read_csv('{calls}', all_varchar = true)
                where Direction = 'Inbound' group by 1"""
        ).fetchall()
    )
    assert given_up[True] > 2 * given_up[False]


def test_the_clock_knows_both_changes():
    import numpy as np

    clock = Clock("Europe/Berlin", date(2025, 1, 1), date(2025, 12, 31))
    noon = np.array(
        [1_743_206_400, 1_743_292_800]
    )  # 29 and 30 March 2025, midnight UTC
    assert clock.offset(noon).tolist() == [3600, 3600]
    assert clock.offset(noon + 7200).tolist() == [3600, 7200]
    assert clock.utc(clock.local(noon + 7200)).tolist() == (noon + 7200).tolist()


# ------------------------------------------------------------------ the stock
@pytest.fixture(scope="module")
def stock(long) -> duckdb.DuckDBPyConnection:
    """Movements and both systems' counts, read from the files alone."""
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    con.execute(
        f"""
        create table moved as
        select *, cast(timezone(
            if(shop_id = 'alder_eu', 'Europe/Berlin', 'America/New_York'),
            timezone('UTC', moved_at)) as date) as day
        from read_csv('{long}/landing/flat/stock_movements_*.csv',
            types = {{'moved_at': 'timestamp', 'sku': 'varchar'}})
        """
    )
    con.execute(
        f"""
        create table counted as
        select
            split_part(filename, '/', -2) as shop_id,
            cast(right(parse_filename(filename, true), 10) as date) as day,
            SKU as sku,
            cast("On hand" as int) - cast(Committed as int) as on_hand,
            cast(Available as int) + cast(Unavailable as int) as sellable
        from read_csv('{long}/landing/shopify/*/inventory_export_*.csv',
            all_varchar = true, filename = true)
        where "On hand" <> 'not stocked'
        """
    )
    con.execute(
        f"create table erp as from read_csv('{long}/landing/flat/stock_levels_erp*')"
    )
    con.execute(
        f"create table true_orders as from read_parquet('{long}/truth/orders.parquet')"
    )
    return con


def test_what_orders_sell_leaves_the_stock(stock):
    """By shop and day; gift cards and orders that do not count take nothing. The
    outlet keeps no books."""
    difference = one(
        stock,
        """
        select count(*) from (
            select shop_id, day, -sum(quantity) as units
            from moved where kind = 'sale' group by all
        ) as gone full join (
            select shop_id, order_date as day, sum(units) as units
            from true_orders
            where is_placed and shop_id in (select shop_id from moved)
            group by all having sum(units) > 0
        ) as sold using (shop_id, day)
        where gone.units is distinct from sold.units
        """,
    )
    assert difference == 0


def test_counts_follow_from_movements(stock):
    """But for the few pieces that are lost or found; the parts of a count fit."""
    assert one(stock, "select count(*) from counted where on_hand <> sellable") == 0
    steps, differing, largest = one(
        stock,
        """
        with steps as (
            select *, lag(day) over w as since, lag(on_hand) over w as before
            from counted window w as (partition by shop_id, sku order by day)
        )
        select count(*), count_if(gap <> 0), max(abs(gap)) from (
            select on_hand - before - coalesce(sum(quantity), 0) as gap
            from steps left join moved
                on steps.shop_id = moved.shop_id and steps.sku = moved.sku
                and moved.day > since and moved.day <= steps.day
            where before is not null
            group by steps.shop_id, steps.sku, steps.day, on_hand, before
        )
        """,
    )
    assert steps == one(stock, "select count(*) from counted") - 2 * 280
    assert 0 < differing < 0.01 * steps
    assert largest == 1


def test_the_erp_is_mostly_right(stock):
    """It counts what the shop counts on the day, and errs here and there."""
    counts, equal = one(
        stock,
        """
        select count(*), count_if(erp.on_hand = counted.on_hand) from erp
        inner join counted on erp.shop_id = counted.shop_id and erp.sku = counted.sku
            and erp.stock_date = counted.day
        """,
    )
    assert counts == one(stock, "select count(*) from erp") > 1000
    assert 0.85 < equal / counts < 0.99


def test_the_last_days_leave_pieces_owed(stock):
    """Something is oversold as of now, and something lies that nobody buys."""
    owed, dead = one(
        stock,
        """
        with last as (
            select shop_id, sku, on_hand + coalesce((
                select sum(quantity) from moved
                where moved.shop_id = counted.shop_id and moved.sku = counted.sku
                    and moved.day > counted.day), 0) as on_hand,
                (select max(day) from moved
                where moved.shop_id = counted.shop_id and moved.sku = counted.sku
                    and kind = 'sale') as sold_on
            from counted where day = (select max(day) from counted)
        )
        select count_if(on_hand < 0),
            count_if(on_hand > 0 and sold_on < date '2026-06-25')
        from last
        """,
    )
    assert owed > 0
    assert dead > 0
