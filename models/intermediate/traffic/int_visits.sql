{{ config(
    materialized='incremental',
    meta={
        'unit': 'session_id',
        'touched': 'select session_id from int_events__changes',
    },
) }}

-- A text of fixed parts finds the first event and what it carried in one pass; the
-- moment comes first, so the smallest text is the earliest.
with from_events as (
    select
        session_id,
        min(source_system) as source_system,
        min(shop_id) as shop_id,
        min(visitor_id) as visitor_id,
        max(user_key) as user_key,
        min(event_at) as started_at,
        max(event_at) as ended_at,
        min(
            case
                when
                    source is not null or medium is not null
                    or campaign_name is not null or click_id is not null
                    then
                        cast(event_at as string) || chr(31)
                        || coalesce(source, '') || chr(31)
                        || coalesce(medium, '') || chr(31)
                        || coalesce(campaign_name, '') || chr(31)
                        || coalesce(click_id, '')
            end
        ) as first_traffic,
        -- Of the pages, or of all that happened where no page was viewed.
        min(
            case when event_name in ('page_view', 'screen_view') then '0' else '1' end
            || cast(event_at as string) || chr(31) || page
        ) as first_page,
        max(device) as device,
        max(country) as country,
        max(browser) as browser,
        max(session_number) as session_number,
        sum(case when event_name in ('page_view', 'screen_view') then 1 else 0 end)
            as page_views,
        sum(engagement_seconds) as engagement_seconds,
        max(case when is_engaged then 1 else 0 end) as engaged_flag,
        max(case when is_internal then 1 else 0 end) as internal_flag,
        sum(case when event_name = 'view_item' then 1 else 0 end) as product_views,
        sum(case when event_name = 'add_to_cart' then 1 else 0 end) as add_to_carts,
        sum(case when event_name = 'begin_checkout' then 1 else 0 end) as checkouts,
        sum(case when event_name = 'add_payment_info' then 1 else 0 end)
            as payment_infos
    from {{ ref('int_events') }}
    where session_id is not null and {{ touched('session_id') }}
    group by session_id
),

-- Apart from the rest: to look for doubles among all events costs more than reading
-- these few again.
event_purchases as (
    select
        session_id,
        count(distinct coalesce(order_number, '')) as purchases
    from {{ ref('int_events') }}
    where
        event_name = 'purchase'
        and session_id is not null
        and {{ touched('session_id') }}
    group by session_id
),

told_sessions as (
    select *
    from {{ ref('stg_flat__sessions') }}
    where {{ touched('session_id') }}
),

-- A session file says it itself; the events of the same session fill its gaps.
merged as (
    select
        coalesce(told_sessions.session_id, from_events.session_id)
            as session_id,
        coalesce(told_sessions.source_system, from_events.source_system)
            as source_system,
        coalesce(told_sessions.shop_id, from_events.shop_id) as shop_id,
        coalesce(told_sessions.visitor_id, from_events.visitor_id) as visitor_id,
        coalesce(told_sessions.user_key, from_events.user_key) as user_key,
        coalesce(told_sessions.started_at, from_events.started_at) as started_at,
        coalesce(
            told_sessions.ended_at,
            from_events.ended_at,
            told_sessions.started_at
        ) as ended_at,
        coalesce(
            told_sessions.source,
            told_sessions.medium,
            told_sessions.campaign_name,
            told_sessions.click_id
        ) is not null as has_own_traffic,
        told_sessions.source,
        told_sessions.medium,
        told_sessions.campaign_name,
        told_sessions.click_id,
        from_events.first_traffic,
        coalesce(
            told_sessions.landing_page,
            split_part(from_events.first_page, chr(31), 2)
        ) as landing_page,
        coalesce(told_sessions.device, from_events.device) as device,
        coalesce(told_sessions.country, from_events.country) as country,
        from_events.browser,
        from_events.session_number,
        coalesce(told_sessions.page_views, from_events.page_views) as page_views,
        coalesce(
            told_sessions.engaged_seconds, from_events.engagement_seconds
        ) as engaged_seconds,
        coalesce(from_events.engaged_flag, 0) = 1 as is_engaged,
        coalesce(from_events.internal_flag, 0) = 1 as is_internal,
        coalesce(told_sessions.product_views, from_events.product_views, 0)
            as product_views,
        coalesce(told_sessions.add_to_carts, from_events.add_to_carts, 0)
            as add_to_carts,
        coalesce(told_sessions.checkouts, from_events.checkouts, 0) as checkouts,
        coalesce(told_sessions.payment_infos, from_events.payment_infos, 0)
            as payment_infos,
        coalesce(told_sessions.purchases, event_purchases.purchases, 0) as purchases,
        case
            when coalesce(event_purchases.purchases, 0) = 0
                then coalesce(told_sessions.purchases, 0)
            else 0
        end as untold_purchases,
        from_events.session_id is not null as has_events
    from from_events
    full outer join told_sessions
        on from_events.session_id = told_sessions.session_id
    left join event_purchases
        on from_events.session_id = event_purchases.session_id
),

filled as (
    select
        session_id,
        source_system,
        shop_id,
        visitor_id,
        user_key,
        started_at,
        ended_at,
        case
            when has_own_traffic then source
            else nullif(split_part(first_traffic, chr(31), 2), '')
        end as source,
        case
            when has_own_traffic then medium
            else nullif(split_part(first_traffic, chr(31), 3), '')
        end as medium,
        case
            when has_own_traffic then campaign_name
            else nullif(split_part(first_traffic, chr(31), 4), '')
        end as campaign_name,
        case
            when has_own_traffic then click_id
            else nullif(split_part(first_traffic, chr(31), 5), '')
        end as click_id,
        landing_page,
        device,
        country,
        browser,
        session_number,
        page_views,
        -- Without measured engagement the time between first and last event stands in.
        coalesce(engaged_seconds, {{ seconds_between('started_at', 'ended_at') }})
            as engaged_seconds,
        is_engaged,
        is_internal,
        product_views,
        add_to_carts,
        checkouts,
        payment_infos,
        purchases,
        untold_purchases,
        has_events
    from merged
)

select
    session_id,
    source_system,
    shop_id,
    visitor_id,
    user_key,
    started_at,
    ended_at,
    source,
    medium,
    campaign_name,
    click_id,
    {{ traffic_key('source', 'medium', 'campaign_name', 'click_id') }} as traffic_id,
    landing_page,
    device,
    country,
    browser,
    session_number,
    cast(page_views as bigint) as page_views,
    cast(engaged_seconds as double) as engaged_seconds,
    is_engaged
    or engaged_seconds >= 10
    or coalesce(page_views, 0) >= 2 as is_engaged,
    is_internal,
    cast(product_views as bigint) as product_views,
    cast(add_to_carts as bigint) as add_to_carts,
    cast(checkouts as bigint) as checkouts,
    cast(payment_infos as bigint) as payment_infos,
    cast(purchases as bigint) as purchases,
    cast(untold_purchases as bigint) as untold_purchases,
    has_events
from filled
