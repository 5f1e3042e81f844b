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
),

counted_sessions as (
    select
        int_sessions.session_id,
        int_sessions.shop_id,
        int_sessions.visitor_id,
        int_visitors.customer_id,
        int_sessions.started_at,
        int_sessions.channel_id,
        int_sessions.campaign_name
    from {{ ref('int_sessions') }} as int_sessions
    left join {{ ref('int_visitors') }} as int_visitors
        on int_sessions.visitor_id = int_visitors.visitor_id
    where not int_sessions.is_bot and not int_sessions.is_internal
),

by_customer as (
    select
        buyers.order_id,
        counted_sessions.session_id,
        counted_sessions.started_at,
        counted_sessions.channel_id,
        counted_sessions.campaign_name
    from buyers
    inner join counted_sessions
        on
            buyers.customer_id = counted_sessions.customer_id
            and buyers.shop_id = counted_sessions.shop_id
    where
        counted_sessions.started_at <= buyers.ordered_at
        and counted_sessions.started_at >= buyers.ordered_at
        - interval '{{ var("attribution_window_days") }}' day
),

by_visitor as (
    select
        buyers.order_id,
        counted_sessions.session_id,
        counted_sessions.started_at,
        counted_sessions.channel_id,
        counted_sessions.campaign_name
    from buyers
    inner join counted_sessions
        on
            buyers.visitor_id = counted_sessions.visitor_id
            and buyers.shop_id = counted_sessions.shop_id
    where
        (
            counted_sessions.started_at <= buyers.ordered_at
            -- The browser's clock may be ahead of the shop's.
            or counted_sessions.session_id = buyers.order_session_id
        )
        and counted_sessions.started_at >= buyers.ordered_at
        - interval '{{ var("attribution_window_days") }}' day
),

touches as (
    select
        order_id,
        session_id,
        started_at,
        channel_id,
        campaign_name
    from by_customer
    union
    select
        order_id,
        session_id,
        started_at,
        channel_id,
        campaign_name
    from by_visitor
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
    where int_orders.order_id not in (select touches.order_id from touches)
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
