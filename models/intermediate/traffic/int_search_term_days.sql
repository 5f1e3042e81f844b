with reported as (
    select
        shop_id,
        platform,
        lower(trim(search_term)) as search_term,
        coalesce(campaign_name, 'unknown') as campaign_name,
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
        coalesce(campaign_name, 'unknown'),
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
            order by
                days asc nulls last,
                days.starts_on desc nulls last,
                days.currency asc nulls last
        ) as preference
    from days
)

select
    shop_id,
    platform,
    search_term,
    campaign_name,
    currency,
    search_date,
    {{ spread_count('clicks', 'day_number', 'days') }} as clicks,
    {{ spread_count('impressions', 'day_number', 'days') }} as impressions,
    {{ spread_amount('spend', 'day_number', 'days') }} as spend
from ranked
where preference = 1
