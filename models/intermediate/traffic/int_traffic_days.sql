select
    source_system,
    shop_id,
    traffic_date,
    channel,
    device,
    sessions,
    visitors,
    engaged_sessions,
    engaged_seconds,
    page_views,
    product_view_sessions,
    add_to_cart_sessions,
    checkout_sessions,
    purchase_sessions
from {{ ref('stg_ga4__traffic_days') }}
union all
select
    source_system,
    shop_id,
    traffic_date,
    channel,
    device,
    sessions,
    visitors,
    engaged_sessions,
    engaged_seconds,
    page_views,
    product_view_sessions,
    add_to_cart_sessions,
    checkout_sessions,
    purchase_sessions
from {{ ref('stg_flat__traffic_days') }}
