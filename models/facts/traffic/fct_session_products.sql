{{ config(
    materialized='incremental',
    meta={
        'unit': 'session_id',
        'touched': '
            select session_id from fct_sessions__changes
            union all
            select session_id from int_event_items__changes
            union all
            select session_id from int_purchases__changes
            union all
            select session_id from int_purchases
            where order_id in (select order_id from int_order_lines__changes)
            union all
            select session_id from fct_session_products
            where product_id in (select product_id from int_products__changes)
        ',
    },
) }}

with counted_sessions as (
    select
        session_id,
        shop_id,
        session_date,
        channel_id,
        device
    from {{ ref('fct_sessions') }}
    where is_counted and {{ touched('session_id') }}
),

counted_purchase_events as (
    select event_id
    from {{ ref('int_purchases') }}
    where is_counted and event_id is not null
),

steps as (
    select
        int_event_items.session_id,
        int_event_items.product_id,
        int_event_items.category,
        int_event_items.event_name = 'view_item' as is_view,
        int_event_items.event_name = 'add_to_cart' as is_add,
        counted_purchase_events.event_id is not null as is_purchase
    from {{ ref('int_event_items') }} as int_event_items
    left join counted_purchase_events
        on int_event_items.event_id = counted_purchase_events.event_id
    where
        (
            int_event_items.event_name in ('view_item', 'add_to_cart')
            or counted_purchase_events.event_id is not null
        )
        and {{ touched('int_event_items.session_id') }}
    union all
    -- What an order holds that no event told.
    select
        int_purchases.session_id,
        int_order_lines.product_id,
        int_order_lines.category,
        false as is_view,
        false as is_add,
        true as is_purchase
    from {{ ref('int_purchases') }} as int_purchases
    inner join {{ ref('int_order_lines') }} as int_order_lines
        on int_purchases.order_id = int_order_lines.order_id
    where
        int_purchases.is_counted
        and int_purchases.event_id is null
        and int_order_lines.product_id is not null
        and {{ touched('int_purchases.session_id') }}
),

session_products as (
    select
        session_id,
        product_id,
        max(category) as category,
        bool_or(is_view) as has_view,
        bool_or(is_add) as has_add_to_cart,
        bool_or(is_purchase) as has_purchase
    from steps
    where session_id is not null
    group by session_id, product_id
)

select
    session_products.session_id,
    session_products.product_id,
    counted_sessions.shop_id,
    counted_sessions.session_date,
    coalesce(int_products.category, session_products.category) as category,
    counted_sessions.channel_id,
    counted_sessions.device,
    true as is_counted,
    session_products.has_view,
    session_products.has_add_to_cart,
    session_products.has_purchase
from session_products
inner join counted_sessions
    on session_products.session_id = counted_sessions.session_id
left join {{ ref('int_products') }} as int_products
    on session_products.product_id = int_products.product_id
