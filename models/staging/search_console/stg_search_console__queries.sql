select
    'search_console' as source_system,
    shop as shop_id,
    export_id,
    query,
    cast(clicks as bigint) as clicks,
    cast(impressions as bigint) as impressions,
    cast(position as double) as position,
    _landed_at as landed_at
from (
    select
        shop,
        export_id,
        search_query as query,
        clicks,
        impressions,
        position,
        _landed_at,
        {{ newest_row(['export_id', 'search_query']) }} as version
    from (
        select
            *,
            {{ shop_of_file() }} as shop,
            {{ archive_of_file() }} as export_id,
            lower(trim(query)) as search_query
        from {{ source('search_console', 'queries') }}
    ) as named
    where search_query is not null
) as queries
where version = 1
