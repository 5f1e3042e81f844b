{{ config(
    materialized='incremental',
    meta={
        'unit': 'session_id',
        'touched': '
            select session_id from int_sessions__changes
            union all
            select session_id from int_purchases__changes
            union all
            select session_id from int_sessions
            where visitor_id in (select visitor_id from int_visitors__changes)
            union all
            select session_id from int_sessions
            where shop_id in (select shop_id from int_shops__changes)
        ',
    },
) }}

with session_orders as (
    select
        session_id,
        sum(case when is_counted then purchases else 0 end) as orders
    from {{ ref('int_purchases') }}
    where session_id is not null
    group by session_id
),

zoned_sessions as (
    select
        int_sessions.*,
        coalesce(int_shops.time_zone, 'UTC') as time_zone
    from {{ ref('int_sessions') }} as int_sessions
    left join {{ ref('int_shops') }} as int_shops
        on int_sessions.shop_id = int_shops.shop_id
    where {{ touched('int_sessions.session_id') }}
),

-- To look up a time zone's rules is dear. Its clock is as far from UTC all day as it is
-- at both ends of the day, unless these two differ.
clock_days as (
    select
        time_zone,
        utc_day,
        {{ to_local('utc_day', 'time_zone') }} - utc_day as shift,
        {{ to_local('next_day', 'time_zone') }} - next_day as next_shift
    from (
        select distinct
            time_zone,
            cast(cast(started_at as date) as timestamp) as utc_day,
            cast(cast(started_at as date) as timestamp) + interval '1' day as next_day
        from zoned_sessions
    ) as days
),

local_sessions as (
    select
        zoned_sessions.*,
        case
            when clock_days.shift = clock_days.next_shift
                then zoned_sessions.started_at + clock_days.shift
            else {{ to_local('zoned_sessions.started_at',
                             'zoned_sessions.time_zone') }}
        end as started_at_local
    from zoned_sessions
    left join clock_days
        on
            zoned_sessions.time_zone = clock_days.time_zone
            and cast(zoned_sessions.started_at as date)
            = cast(clock_days.utc_day as date)
)

select
    local_sessions.session_id,
    local_sessions.shop_id,
    local_sessions.source_system,
    local_sessions.visitor_id,
    int_visitors.person_id,
    int_visitors.customer_id,
    local_sessions.started_at,
    cast(local_sessions.started_at_local as timestamp) as started_at_local,
    cast(local_sessions.started_at_local as date) as session_date,
    local_sessions.source,
    local_sessions.medium,
    local_sessions.campaign_name,
    local_sessions.channel_id,
    {{ bare_page('local_sessions.landing_page') }} as landing_page,
    coalesce(local_sessions.device, 'unknown') as device,
    local_sessions.country,
    case when local_sessions.session_number = 1 then 'new' else 'returning' end
        as visitor_type,
    local_sessions.is_bot,
    local_sessions.is_internal,
    not local_sessions.is_bot and not local_sessions.is_internal as is_counted,
    local_sessions.page_views,
    local_sessions.engaged_seconds,
    -- A thank-you page that is opened again is no purchase, so no engagement either.
    local_sessions.is_engaged
    or session_orders.session_id is not null as is_engaged,
    local_sessions.has_product_view,
    local_sessions.has_add_to_cart,
    local_sessions.has_checkout,
    local_sessions.has_payment_info,
    coalesce(session_orders.orders, 0) > 0 as has_purchase,
    cast(coalesce(session_orders.orders, 0) as bigint) as orders
from local_sessions
left join {{ ref('int_visitors') }} as int_visitors
    on local_sessions.visitor_id = int_visitors.visitor_id
left join session_orders
    on local_sessions.session_id = session_orders.session_id
