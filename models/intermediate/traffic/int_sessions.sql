{{ config(
    materialized='incremental',
    meta={
        'unit': 'coalesce(visitor_id, session_id)',
        'touched': '
            select coalesce(visitor_id, session_id) from int_visits__changes
            union all
            select coalesce(visitor_id, session_id) from int_visits
            where traffic_id in (select traffic_id from int_traffic_channels__changes)
        ',
    },
) }}

with visits as (
    select *
    from {{ ref('int_visits') }}
    where {{ touched('coalesce(visitor_id, session_id)') }}
),

-- A click id makes every address another one and says nothing of robots.
landings as (
    select
        landing_page,
        lower(
            {{ remove_all(
                'landing_page',
                "'(gclid|gbraid|wbraid|dclid|msclkid|fbclid|ttclid)=[^&#]+'"
            ) }}
        ) as address
    from (
        select distinct landing_page
        from visits
        where landing_page is not null
    ) as landing_pages
),

-- The patterns meet each text once, not each session.
fields as (
    select distinct
        'source' as field,
        lower(source) as found
    from visits
    where source is not null
    union all
    select distinct
        'landing_page' as field,
        address as found
    from landings
    union all
    select distinct
        'device' as field,
        lower(device) as found
    from visits
    where device is not null
    union all
    select distinct
        'browser' as field,
        lower(browser) as found
    from visits
    where browser is not null
),

bot_fields as (
    select distinct
        fields.field,
        fields.found
    from fields
    inner join {{ ref('bots') }} as bots
        on
            fields.field = bots.field
            and {{ matches('fields.found', 'bots.pattern') }}
),

internal_fields as (
    select distinct
        fields.field,
        fields.found
    from fields
    inner join {{ ref('internal_traffic') }} as internal_traffic
        on
            fields.field = internal_traffic.field
            and {{ matches('fields.found', 'internal_traffic.pattern') }}
),

-- Most platforms count a visitor's sessions themselves.
uncounted_visitors as (
    select visitor_id
    from visits
    where session_number is null
),

numbers as (
    select
        session_id,
        row_number() over (
            partition by visitor_id
            order by started_at asc nulls last, session_id asc nulls last
        ) as session_number
    from visits
    where visitor_id in (select uncounted_visitors.visitor_id from uncounted_visitors)
)

select
    visits.source_system,
    visits.shop_id,
    visits.session_id,
    visits.visitor_id,
    visits.user_key,
    visits.started_at,
    visits.ended_at,
    visits.source,
    visits.medium,
    visits.campaign_name,
    visits.click_id,
    int_traffic_channels.channel_id,
    visits.landing_page,
    lower(visits.device) as device,
    visits.country,
    cast(
        coalesce(visits.session_number, numbers.session_number) as bigint
    ) as session_number,
    visits.page_views,
    visits.engaged_seconds,
    visits.is_engaged,
    visits.product_views > 0 as has_product_view,
    visits.add_to_carts > 0 as has_add_to_cart,
    visits.checkouts > 0 as has_checkout,
    visits.payment_infos > 0 as has_payment_info,
    visits.purchases,
    bot_sources.found is not null
    or bot_pages.found is not null
    or bot_devices.found is not null
    or bot_browsers.found is not null
    -- Nobody reads more than a page a second for half a minute and buys nothing.
    or coalesce(
        visits.page_views >= 30
        and visits.engaged_seconds < visits.page_views
        and visits.purchases = 0,
        false
    ) as is_bot,
    visits.is_internal
    or internal_sources.found is not null
    or internal_pages.found is not null as is_internal
from visits
inner join {{ ref('int_traffic_channels') }} as int_traffic_channels
    on visits.traffic_id = int_traffic_channels.traffic_id
left join numbers
    on visits.session_id = numbers.session_id
left join bot_fields as bot_sources
    on
        lower(visits.source) = bot_sources.found
        and bot_sources.field = 'source'
left join landings
    on visits.landing_page = landings.landing_page
left join bot_fields as bot_pages
    on
        landings.address = bot_pages.found
        and bot_pages.field = 'landing_page'
left join bot_fields as bot_devices
    on
        lower(visits.device) = bot_devices.found
        and bot_devices.field = 'device'
left join bot_fields as bot_browsers
    on
        lower(visits.browser) = bot_browsers.found
        and bot_browsers.field = 'browser'
left join internal_fields as internal_sources
    on
        lower(visits.source) = internal_sources.found
        and internal_sources.field = 'source'
left join internal_fields as internal_pages
    on
        landings.address = internal_pages.found
        and internal_pages.field = 'landing_page'
