select
    shop || ':' || event_key as event_id,
    shop as shop_id,
    shop || ':' || visitor_id as visitor_id,
    shop || ':' || session_id as session_id,
    cast(event_at as timestamp) as event_at,
    lower(trim(event_name)) as event_name,
    shop || ':' || product_id as product_id,
    category,
    coalesce(cast(quantity as bigint), 1) as quantity,
    cast(price as decimal(18, 4)) as price
from (
    select
        *,
        {{ newest_file(['shop', 'event_key']) }} as version
    from (
        select
            *,
            {{ flat_shop() }} as shop,
            {{ flat_event_key() }} as event_key
        from {{ source('flat', 'events') }}
    ) as keyed
) as events
where version = 1 and product_id is not null
