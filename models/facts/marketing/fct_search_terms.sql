with reported as (
    select
        shop_id,
        platform,
        lower(trim(search_term)) as search_term,
        coalesce(campaign_name, '') as campaign_name,
        currency,
        starts_on,
        coalesce(ends_on, starts_on) as ends_on,
        {{ datediff('starts_on', 'coalesce(ends_on, starts_on)', 'day') }} + 1 as days,
        sum(coalesce(clicks, 0)) as clicks,
        sum(coalesce(impressions, 0)) as impressions,
        cast(sum(coalesce(spend, 0)) as decimal(18, 4)) as spend
    from {{ ref('stg_google_ads__search_terms') }}
    where search_term is not null
    group by
        shop_id,
        platform,
        lower(trim(search_term)),
        coalesce(campaign_name, ''),
        currency,
        starts_on,
        ends_on
),

days as (
    select
        reported.*,
        numbers.i as day_number,
        cast(reported.starts_on + numbers.i * interval '1' day as date) as search_date
    from reported
    inner join range(0, 4000) as numbers (i)
        on numbers.i < reported.days
),

-- Where reports overlap, the finer one stands, as for the campaigns' spend.
ranked as (
    select
        days.*,
        row_number() over (
            partition by
                days.shop_id,
                days.platform,
                days.search_term,
                days.campaign_name,
                days.search_date
            order by days asc, days.starts_on desc, days.currency asc nulls last
        ) as preference
    from days
),

spread as (
    select
        shop_id,
        platform,
        search_term,
        currency,
        search_date,
        {{ spread_count('clicks', 'day_number', 'days') }} as clicks,
        {{ spread_count('impressions', 'day_number', 'days') }} as impressions,
        {{ spread_amount('spend', 'day_number', 'days') }} as spend
    from ranked
    where preference = 1
),

terms as (
    select distinct search_term
    from reported
),

brand_searches as (
    select distinct terms.search_term
    from terms
    inner join {{ ref('brand_terms') }} as brand_terms
        on
            {{ as_words('terms.search_term') }}
            like '%' || {{ as_words('brand_terms.brand_term') }} || '%'
)

select
    {{ hash_key(['spread.shop_id', 'spread.search_date', 'spread.platform',
                 'spread.search_term']) }} as search_term_id,
    spread.shop_id,
    spread.search_date,
    spread.platform,
    spread.search_term,
    brand_searches.search_term is not null as is_brand,
    cast(sum(spread.clicks) as bigint) as clicks,
    cast(sum(spread.impressions) as bigint) as impressions,
    cast(sum(round(spread.spend * int_fx_rates.rate, 4)) as decimal(18, 4)) as spend
from spread
left join {{ ref('int_fx_rates') }} as int_fx_rates
    on
        spread.currency = int_fx_rates.currency
        and spread.search_date between int_fx_rates.valid_from
        and int_fx_rates.valid_to
left join brand_searches
    on spread.search_term = brand_searches.search_term
group by
    spread.shop_id,
    spread.search_date,
    spread.platform,
    spread.search_term,
    brand_searches.search_term
