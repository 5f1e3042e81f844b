select
    'flat' as source_system,
    shop as shop_id,
    cast(traffic_date as date) as traffic_date,
    replace(replace(lower(trim(channel)), ' ', '_'), '-', '_') as channel,
    coalesce(lower(trim(device)), 'unknown') as device,
    cast(sessions as bigint) as sessions,
    cast(visitors as bigint) as visitors,
    cast(engaged_sessions as bigint) as engaged_sessions,
    cast(engaged_seconds as double) as engaged_seconds,
    cast(page_views as bigint) as page_views,
    cast(product_view_sessions as bigint) as product_view_sessions,
    cast(add_to_cart_sessions as bigint) as add_to_cart_sessions,
    cast(checkout_sessions as bigint) as checkout_sessions,
    cast(purchase_sessions as bigint) as purchase_sessions
from (
    select
        *,
        {{ flat_shop() }} as shop,
        {{ newest_file([flat_shop(), 'traffic_date', 'channel', 'device']) }} as version
    from {{ source('flat', 'traffic_days') }}
) as traffic_days
where version = 1
