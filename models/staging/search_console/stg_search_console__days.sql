select
    'search_console' as source_system,
    shop as shop_id,
    export_id,
    cast(search_date as date) as search_date,
    cast(clicks as bigint) as clicks,
    cast(impressions as bigint) as impressions
from (
    select
        *,
        {{ newest_row(['export_id', 'search_date']) }} as version
    from (
        select
            *,
            {{ shop_of_file() }} as shop,
            {{ archive_of_file() }} as export_id
        from {{ source('search_console', 'days') }}
    ) as named
) as days
where version = 1
