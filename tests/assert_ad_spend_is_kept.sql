-- What the ad reports say = what is spread over days, in each currency, to the cent;
-- and the fact converts each of the days that no finer report replaces.
with sides as (
    select
        platform,
        currency,
        spend as reported,
        0 as spread,
        0 as converted,
        0 as counted
    from {{ ref('stg_google_ads__campaign_days') }}
    union all
    select
        platform,
        currency,
        spend as reported,
        0 as spread,
        0 as converted,
        0 as counted
    from {{ ref('stg_meta_ads__campaign_days') }}
    union all
    select
        platform,
        currency,
        spend as reported,
        0 as spread,
        0 as converted,
        0 as counted
    from {{ ref('stg_flat__ad_spend') }}
    union all
    select
        platform,
        currency,
        0 as reported,
        spend as spread,
        0 as converted,
        case when is_superseded then 0 else 1 end as counted
    from {{ ref('int_ad_day_rows') }}
    union all
    select
        platform,
        currency,
        0 as reported,
        0 as spread,
        1 as converted,
        0 as counted
    from {{ ref('fct_ad_days') }}
)

select
    platform,
    currency,
    sum(reported) as reported,
    sum(spread) as spread,
    sum(counted) as counted_days,
    sum(converted) as fact_days
from sides
group by platform, currency
having
    coalesce(sum(reported), 0) <> coalesce(sum(spread), 0)
    or sum(counted) <> sum(converted)
