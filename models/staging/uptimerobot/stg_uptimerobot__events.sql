select
    'uptimerobot' as source_system,
    shop as shop_id,
    site,
    cast(event_at as timestamp) as checked_at,
    event_kind = 'up' as is_up,
    cast(duration_minutes as double) as told_minutes
from (
    select
        *,
        -- A later log tells how long the stretch was that still went on in this one.
        {{ newest_row(['shop', 'site', 'event_at']) }} as version
    from (
        select
            *,
            {{ shop_of_file() }} as shop,
            coalesce(monitor, monitor_url, 'main') as site,
            lower(trim(event)) as event_kind
        from {{ source('uptimerobot', 'events') }}
    ) as named
    where event_kind in ('up', 'down')
) as events
where version = 1
