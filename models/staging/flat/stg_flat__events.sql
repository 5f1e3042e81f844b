select
    'flat' as source_system,
    shop as shop_id,
    shop || ':' || event_key as event_id,
    shop || ':' || visitor_id as visitor_id,
    shop || ':' || session_id as session_id,
    shop || ':' || customer_id as user_key,
    cast(event_at as timestamp) as event_at,
    lower(trim(event_name)) as event_name,
    page,
    {{ bare_number('order_number') }} as order_number,
    cast(value as decimal(18, 4)) as value,
    source,
    medium,
    campaign as campaign_name,
    click_id,
    lower(trim(device)) as device,
    country,
    cast(null as bigint) as session_number,
    cast(null as double) as engagement_seconds,
    cast(null as boolean) as is_engaged,
    false as is_internal
from (
    -- An event about several products has a row for each: its first row speaks for it.
    select
        *,
        row_number() over (
            partition by shop, event_key
            order by
                _landed_at desc nulls last,
                _file desc nulls last,
                _row asc nulls last
        ) as version
    from (
        select
            *,
            {{ flat_shop() }} as shop,
            {{ flat_event_key() }} as event_key
        from {{ source('flat', 'events') }}
    ) as keyed
) as events
where version = 1
