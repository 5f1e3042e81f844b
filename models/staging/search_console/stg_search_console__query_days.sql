select
    'search_console' as source_system,
    shop as shop_id,
    cast(search_date as date) as search_date,
    lower(trim(query)) as query,
    cast(clicks as bigint) as clicks,
    cast(impressions as bigint) as impressions,
    cast(position as double) as position
from (
    select
        *,
        {{ newest_file(['shop', 'search_date']) }} as version
    from (
        select
            *,
            {{ shop_of_file() }} as shop
        from {{ source('search_console', 'query_days') }}
        where query is not null
    ) as named
) as query_days
where version = 1
