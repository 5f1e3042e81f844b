select
    'flat' as source_system,
    shop as shop_id,
    checked_site as site,
    cast(checked_at as timestamp) as checked_at,
    cast(is_up as boolean) as is_up,
    cast(response_ms as double) as response_ms,
    cast(interval_seconds as double) as interval_seconds
from (
    select
        *,
        {{ newest_row(['shop', 'checked_site', 'checked_at']) }} as version
    from (
        select
            *,
            {{ flat_shop() }} as shop,
            coalesce(site, 'main') as checked_site
        from {{ source('flat', 'uptime_checks') }}
    ) as named
) as checks
where version = 1
