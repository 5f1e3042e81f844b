-- Searches that showed an ad and searches that showed a result: one search may be both,
-- and is then an impression of each.
with searches as (
    select
        search_date,
        shop_id,
        platform,
        'paid' as search_type,
        is_brand,
        clicks,
        impressions
    from {{ ref('fct_search_terms') }}
    union all
    select
        search_date,
        shop_id,
        source_system as platform,
        'organic' as search_type,
        is_brand,
        clicks,
        impressions
    from {{ ref('fct_search_days') }}
),

cube as (
    select
        search_date as date_day,
        shop_id,
        platform,
        search_type,
        sum(clicks) as clicks,
        sum(impressions) as impressions,
        sum(case when is_brand then clicks end) as brand_clicks,
        sum(case when is_brand then impressions end) as brand_impressions
    from searches
    group by 1, 2, 3, 4
),

sliced as (
    {{ slices('cube', {
        'shop': 'shop_id', 'platform': 'platform', 'search_type': 'search_type',
    }) }}
)

select
    dim_period_days.grain,
    dim_period_days.period_start,
    sliced.dimension,
    sliced.member,
    cast(coalesce(sum(sliced.clicks), 0) as bigint) as clicks,
    cast(coalesce(sum(sliced.impressions), 0) as bigint) as impressions,
    cast(coalesce(sum(sliced.brand_clicks), 0) as bigint) as brand_clicks,
    cast(coalesce(sum(sliced.brand_impressions), 0) as bigint) as brand_impressions
from sliced
inner join {{ ref('dim_period_days') }} as dim_period_days
    on sliced.date_day = dim_period_days.date_day
group by 1, 2, 3, 4
