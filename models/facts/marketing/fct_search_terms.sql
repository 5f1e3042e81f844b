with brand_searches as (
    {{ with_brand_term(ref('int_search_term_days'), 'search_term') }}
)

select
    {{ hash_key(['int_search_term_days.shop_id', 'int_search_term_days.search_date',
                 'int_search_term_days.platform',
                 'int_search_term_days.search_term']) }} as search_term_id,
    int_search_term_days.shop_id,
    int_search_term_days.search_date,
    int_search_term_days.platform,
    int_search_term_days.search_term,
    brand_searches.search_term is not null as is_brand,
    cast(sum(int_search_term_days.clicks) as bigint) as clicks,
    cast(sum(int_search_term_days.impressions) as bigint) as impressions,
    cast(
        sum(cast(
            round(int_search_term_days.spend * int_fx_rates.rate * 10000) / 10000
            as decimal(18, 4)
        )) as decimal(18, 4)
    ) as spend
from {{ ref('int_search_term_days') }} as int_search_term_days
left join {{ ref('int_fx_rates') }} as int_fx_rates
    on
        int_search_term_days.currency = int_fx_rates.currency
        and int_search_term_days.search_date between int_fx_rates.valid_from
        and int_fx_rates.valid_to
left join brand_searches
    on int_search_term_days.search_term = brand_searches.search_term
group by
    int_search_term_days.shop_id,
    int_search_term_days.search_date,
    int_search_term_days.platform,
    int_search_term_days.search_term,
    brand_searches.search_term
