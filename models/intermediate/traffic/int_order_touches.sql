{{ config(
    materialized='incremental',
    meta={
        'unit': 'order_id',
        'touched': '
            select order_id from int_orders__changes
            union all
            select order_id from int_order_customers__changes
            union all
            select order_id from int_purchases__changes
            union all
            select order_id from int_purchases
            where visitor_id in (
                select visitor_id from int_sessions__changes
                union all
                select visitor_id from int_visitors__changes
            )
            union all
            select order_id from int_order_customers
            where customer_id in (
                select customer_id from int_visitors__changes
                union all
                select customer_id from int_visitors
                where visitor_id in (select visitor_id from int_sessions__changes)
            )
            union all
            select order_id from int_order_touches
            where session_id is null and channel_id in (
                select channel_id from int_traffic_channels__changes
            )
        ',
    },
) }}

-- A sale's touches: the sessions of its customer on any device and those of the device
-- it was made on, in its shop, from the window's start up to the order.
with buyers as (
    select
        int_orders.order_id,
        int_orders.shop_id,
        int_orders.ordered_at,
        int_order_customers.customer_id,
        int_purchases.visitor_id,
        int_purchases.session_id as order_session_id
    from {{ ref('int_orders') }} as int_orders
    left join {{ ref('int_order_customers') }} as int_order_customers
        on int_orders.order_id = int_order_customers.order_id
    left join {{ ref('int_purchases') }} as int_purchases
        on int_orders.order_id = int_purchases.order_id
    where {{ touched('int_orders.order_id') }}
),

buyer_devices as (
    select
        order_id,
        shop_id,
        ordered_at,
        order_session_id,
        visitor_id
    from buyers
    where visitor_id is not null
    union
    select
        buyers.order_id,
        buyers.shop_id,
        buyers.ordered_at,
        buyers.order_session_id,
        int_visitors.visitor_id
    from buyers
    inner join {{ ref('int_visitors') }} as int_visitors
        on buyers.customer_id = int_visitors.customer_id
),

touches as (
    select
        buyer_devices.order_id,
        int_sessions.session_id,
        int_sessions.started_at,
        int_sessions.channel_id,
        int_sessions.campaign_name
    from buyer_devices
    inner join {{ ref('int_sessions') }} as int_sessions
        on
            buyer_devices.visitor_id = int_sessions.visitor_id
            and buyer_devices.shop_id = int_sessions.shop_id
    where
        not int_sessions.is_bot
        and not int_sessions.is_internal
        and (
            int_sessions.started_at <= buyer_devices.ordered_at
            -- The browser's clock may be ahead of the shop's.
            or int_sessions.session_id = buyer_devices.order_session_id
        )
        and int_sessions.started_at >= buyer_devices.ordered_at
        - interval '{{ var("attribution_window_days") }}' day
),

-- Without a session the order's own tags are its touch; without them it has none.
untouched as (
    select
        int_orders.order_id,
        cast(null as string) as session_id,
        int_orders.ordered_at as started_at,
        coalesce(int_traffic_channels.channel_id, 'unattributed') as channel_id,
        int_orders.utm_campaign as campaign_name
    from {{ ref('int_orders') }} as int_orders
    left join {{ ref('int_traffic_channels') }} as int_traffic_channels
        on
            {{ traffic_key('int_orders.utm_source', 'int_orders.utm_medium',
                           'int_orders.utm_campaign', 'cast(null as string)') }}
            = int_traffic_channels.traffic_id
            and (
                int_orders.utm_source is not null
                or int_orders.utm_medium is not null
                or int_orders.utm_campaign is not null
            )
    where
        int_orders.order_id not in (select touches.order_id from touches)
        and {{ touched('int_orders.order_id') }}
),

all_touches as (
    select
        order_id,
        session_id,
        started_at,
        channel_id,
        campaign_name
    from touches
    union all
    select
        order_id,
        session_id,
        started_at,
        channel_id,
        campaign_name
    from untouched
)

select
    order_id,
    cast(row_number() over (
        partition by order_id
        order by started_at asc nulls last, session_id asc nulls last
    ) as bigint) as touch_number,
    cast(count(*) over (partition by order_id) as bigint) as touches,
    session_id,
    started_at as touched_at,
    channel_id,
    campaign_name
from all_touches
