"""The exports of Google Analytics 4: events as BigQuery hands them out."""

from urllib.parse import quote_plus

from warehouse.demo.table import names
from warehouse.demo.visits import EVENTS, PAGES
from warehouse.demo.world import CATEGORIES, DEVICES, SITE, Origins, Shop
from warehouse.demo.write import Writer, text_list

TRAFFIC_COLUMNS = names(
    "Date,Session default channel group,Device category,Sessions,Engaged sessions,"
    "Total users,Average engagement time per session,Views,Sessions with view_item,"
    "Sessions with add_to_cart,Sessions with begin_checkout,Sessions with purchase,"
    "Add to carts,Checkouts,Ecommerce purchases,Total revenue"
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


_CLICK = "'CjwK' || printf('%x', e.click)"


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

    `e` holds the events and what is known of their visit, one row each; `i` the items
    of orders.

    Args:
        shop: Whose events.
        json: Whole numbers become texts, as BigQuery writes them to JSON.
    """
    folder = shop.shop_id.split("_")[1]
    collections = text_list(c.replace("_", "-") for c in CATEGORIES[:-1])
    searches = text_list(("tent", "jacket", "lamp", "socks", "stove"))
    systems = text_list(("Android", "Windows", "iOS"))
    browsers = text_list(("Chrome", "Safari", "Firefox"))
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
                then '?utm_source=' || origins.source
                    || '&utm_medium=' || origins.medium
                    || '&utm_campaign=' || origins.encoded
                    || case when origins.is_google_ad
                        then '&gclid=' || {_CLICK} else '' end
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
                'operating_system': {systems}[device + 1],
                'language': '{language}',
                'web_info': {{
                    'browser': case when is_robot then 'HeadlessChrome'
                        else {browsers}[device + 1] end,
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
                case when first_origins.source is null then '(direct)'
                    else '(not set)' end as first_name,
                countries.country_name,
                e.nth < 3 and origins.source is not null as is_landing,
                case when origins.is_google_ad then {_CLICK} end as gclid,
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
            left join variants_{shop.shop_id} as variants
                on e.variant = variants.variant
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


def impressions_query(experiment: str) -> str:
    """Impressions of an experiment's variants a and b, as BigQuery writes them to JSON.

    They take no time of anybody's: engagement is measured by the other events.

    Args:
        experiment: Id; its rows are those of the registered table `experiment_rows`
            that are not `is_button`.
    """
    parameters = ", ".join(
        _parameter(key, kind, value, json=True)
        for key, kind, value in (
            ("ga_session_id", "int", "session_at"),
            ("ga_session_number", "int", "session_number"),
            ("page_location", "string", f"'{SITE}/eu/'"),
            ("engagement_time_msec", "int", "0"),
            (
                *("exp_variant_string", "string"),
                f"'AB-{experiment}-' || if(is_treated, 'B', 'A')",
            ),
        )
    )
    return f"""
        select
            strftime(make_timestamp("at" * 1000000), '%Y%m%d') as event_date,
            cast("at" * 1000000 as varchar) as event_timestamp,
            'experience_impression' as event_name,
            [{parameters}] as event_params,
            one || '.' || two as user_pseudo_id,
            {{'category': {text_list(DEVICES)}[device + 1]}} as device
        from experiment_rows
        where not is_button
        order by "at", one
    """
