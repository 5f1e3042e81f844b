select
    int_orders.order_id,
    int_purchases.session_id,
    coalesce(int_purchases.visitor_id, int_orders.visitor_id) as visitor_id,
    int_order_touches.channel_id,
    int_order_touches.campaign_name,
    coalesce(int_sessions.device, lower(int_orders.device), 'unknown') as device
from {{ ref('int_orders') }} as int_orders
inner join {{ ref('int_order_credits') }} as int_order_credits
    on
        int_orders.order_id = int_order_credits.order_id
        and int_order_credits.model = 'last_non_direct'
inner join {{ ref('int_order_touches') }} as int_order_touches
    on
        int_order_credits.order_id = int_order_touches.order_id
        and int_order_credits.touch_number = int_order_touches.touch_number
left join {{ ref('int_purchases') }} as int_purchases
    on int_orders.order_id = int_purchases.order_id
left join {{ ref('int_sessions') }} as int_sessions
    on int_purchases.session_id = int_sessions.session_id
