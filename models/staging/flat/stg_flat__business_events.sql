select
    'flat' as source_system,
    event_key as event_id,
    shop as shop_id,
    lower(trim(kind)) as kind,
    event_name,
    cast(starts_at as timestamp) as starts_at,
    cast(ends_at as timestamp) as ends_at,
    channel
from (
    select
        *,
        {{ newest_row(['event_key']) }} as version
    from (
        select
            *,
            -- An event without a shop is everybody's: the default shop would hide it.
            coalesce(shop_id, _shop_id) as shop,
            coalesce(shop_id, _shop_id, '') || ':' || coalesce(
                event_id, {{ hash_key(['kind', 'event_name', 'starts_at']) }}
            ) as event_key
        from {{ source('flat', 'business_events') }}
    ) as keyed
) as business_events
where version = 1
