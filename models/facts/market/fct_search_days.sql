with brand_searches as (
    {{ with_brand_term(ref('int_search_days'), 'query') }}
)

select
    {{ hash_key(['int_search_days.shop_id', 'int_search_days.search_date',
                 'int_search_days.query']) }} as search_day_id,
    int_search_days.shop_id,
    int_search_days.source_system,
    int_search_days.search_date,
    int_search_days.query,
    brand_searches.query is not null as is_brand,
    int_search_days.clicks,
    int_search_days.impressions,
    cast(int_search_days.position_impressions as double)
    / nullif(int_search_days.impressions, 0) as position,
    int_search_days.is_spread
from {{ ref('int_search_days') }} as int_search_days
left join brand_searches
    on int_search_days.query = brand_searches.query
