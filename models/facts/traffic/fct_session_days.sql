{{ config(
    materialized='incremental',
    meta={
        'unit': 'session_date',
        'touched': 'select session_date from fct_sessions__changes',
    },
) }}

with counted_sessions as (
    select
        session_date,
        shop_id,
        coalesce(channel_id, 'unknown') as channel_id,
        coalesce(device, 'unknown') as device,
        visitor_type,
        coalesce(country, 'unknown') as country,
        cast(has_purchase as bigint) as purchase_session,
        cast(has_product_view as bigint) as product_view_session,
        cast(has_add_to_cart as bigint) as add_to_cart_session,
        cast(has_checkout as bigint) as checkout_session,
        cast(is_engaged as bigint) as engaged_session,
        cast(
            has_product_view or has_add_to_cart
            or has_checkout or has_payment_info or has_purchase as bigint
        ) as funnel_product_view_session,
        cast(
            has_add_to_cart
            or has_checkout or has_payment_info or has_purchase as bigint
        ) as funnel_cart_session,
        cast(has_checkout or has_payment_info or has_purchase as bigint)
            as funnel_checkout_session,
        cast(has_payment_info or has_purchase as bigint) as funnel_payment_session,
        engaged_seconds,
        page_views
    from {{ ref('fct_sessions') }}
    where is_counted and {{ touched('session_date') }}
)

select
    session_date,
    shop_id,
    channel_id,
    device,
    visitor_type,
    country,
    count(*) as sessions,
    cast({{ known_sum('purchase_session') }} as bigint) as purchase_sessions,
    cast({{ known_sum('product_view_session') }} as bigint) as product_view_sessions,
    cast({{ known_sum('add_to_cart_session') }} as bigint) as add_to_cart_sessions,
    cast({{ known_sum('checkout_session') }} as bigint) as checkout_sessions,
    cast({{ known_sum('engaged_session') }} as bigint) as engaged_sessions,
    cast({{ known_sum('funnel_product_view_session') }} as bigint)
        as funnel_product_view_sessions,
    cast({{ known_sum('funnel_cart_session') }} as bigint) as funnel_cart_sessions,
    cast({{ known_sum('funnel_checkout_session') }} as bigint)
        as funnel_checkout_sessions,
    cast({{ known_sum('funnel_payment_session') }} as bigint)
        as funnel_payment_sessions,
    cast({{ known_sum('engaged_seconds') }} as double) as engaged_seconds,
    cast({{ known_sum('page_views') }} as bigint) as page_views
from counted_sessions
group by session_date, shop_id, channel_id, device, visitor_type, country
