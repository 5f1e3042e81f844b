select
    'flat' as source_system,
    shop as shop_id,
    shop || ':' || session_id as session_id,
    shop || ':' || visitor_id as visitor_id,
    shop || ':' || customer_id as user_key,
    cast(started_at as timestamp) as started_at,
    cast(coalesce(ended_at, started_at) as timestamp) as ended_at,
    source,
    medium,
    campaign as campaign_name,
    click_id,
    landing_page,
    lower(trim(device)) as device,
    country,
    cast(page_views as bigint) as page_views,
    cast(engaged_seconds as double) as engaged_seconds,
    cast(product_views as bigint) as product_views,
    cast(add_to_carts as bigint) as add_to_carts,
    cast(checkouts as bigint) as checkouts,
    cast(payment_infos as bigint) as payment_infos,
    cast(purchases as bigint) as purchases
from (
    select
        *,
        {{ flat_shop() }} as shop,
        {{ newest_row([flat_shop(), 'session_id']) }} as version
    from {{ source('flat', 'sessions') }}
) as sessions
where version = 1
