select
    'flat' as source_system,
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
            {{ flat_shop() }} as shop
        from {{ source('flat', 'search_queries') }}
    ) as named
) as search_queries
where version = 1
