with reported as (
    select
        source_system,
        shop_id,
        starts_on,
        ends_on,
        platform,
        campaign_id,
        campaign_name,
        campaign_type,
        currency,
        spend,
        impressions,
        clicks,
        reach,
        conversions,
        conversions_value
    from {{ ref('stg_google_ads__campaign_days') }}
    union all
    select
        source_system,
        shop_id,
        starts_on,
        ends_on,
        platform,
        campaign_id,
        campaign_name,
        campaign_type,
        currency,
        spend,
        impressions,
        clicks,
        reach,
        conversions,
        conversions_value
    from {{ ref('stg_meta_ads__campaign_days') }}
    union all
    select
        source_system,
        shop_id,
        starts_on,
        ends_on,
        platform,
        campaign_id,
        campaign_name,
        campaign_type,
        currency,
        spend,
        impressions,
        clicks,
        reach,
        conversions,
        conversions_value
    from {{ ref('stg_flat__ad_spend') }}
),

-- A report without campaign ids gets one made from the name (32 digits): where one
-- campaign with an own id bears that name, it is the same campaign.
named as (
    select
        shop_id,
        platform,
        lower(trim(campaign_name)) as campaign_key,
        min(campaign_id) as campaign_id
    from reported
    where length(split_part(campaign_id, ':', 2)) <> 32
    group by shop_id, platform, lower(trim(campaign_name))
    having count(distinct campaign_id) = 1
),

keyed as (
    select
        reported.source_system,
        reported.shop_id,
        reported.starts_on,
        coalesce(reported.ends_on, reported.starts_on) as ends_on,
        reported.platform,
        reported.shop_id || ':' || case
            when length(split_part(reported.campaign_id, ':', 2)) = 32
                then coalesce(named.campaign_id, reported.campaign_id)
            else reported.campaign_id
        end as campaign_id,
        reported.campaign_name,
        reported.campaign_type,
        reported.currency,
        reported.spend,
        reported.impressions,
        reported.clicks,
        reported.reach,
        reported.conversions,
        reported.conversions_value
    from reported
    left join named
        on
            reported.shop_id = named.shop_id
            and reported.platform = named.platform
            and lower(trim(reported.campaign_name)) = named.campaign_key
),

summed as (
    select
        source_system,
        shop_id,
        starts_on,
        ends_on,
        platform,
        campaign_id,
        currency,
        {{ datediff('starts_on', 'ends_on', 'day') }} + 1 as days,
        max(campaign_name) as campaign_name,
        max(campaign_type) as campaign_type,
        cast(coalesce(sum(spend), 0) as decimal(18, 4)) as spend,
        coalesce(sum(impressions), 0) as impressions,
        coalesce(sum(clicks), 0) as clicks,
        sum(reach) as reach,
        coalesce(sum(conversions), 0) as conversions,
        coalesce(sum(conversions_value), 0) as conversions_value
    from keyed
    group by
        source_system, shop_id, starts_on, ends_on, platform, campaign_id, currency
),

days as (
    select
        summed.*,
        summed.starts_on as ad_date,
        0 as day_number
    from summed
    where summed.starts_on = summed.ends_on
    union all
    select
        summed.*,
        cast(summed.starts_on + numbers.i * interval '1' day as date) as ad_date,
        numbers.i as day_number
    from summed
    inner join range(0, 4000) as numbers (i)
        on numbers.i < summed.days
    where summed.starts_on < summed.ends_on
),

ranked as (
    select
        *,
        -- The finer report of a campaign's day wins; of two alike the platform's own.
        row_number() over (
            partition by shop_id, campaign_id, ad_date
            order by
                days asc nulls last,
                case when source_system = 'flat' then 1 else 0 end asc nulls last,
                starts_on desc nulls last,
                source_system asc nulls last,
                currency asc nulls last
        ) as preference
    from days
)

select
    source_system,
    shop_id,
    ad_date,
    starts_on,
    ends_on,
    platform,
    campaign_id,
    campaign_name,
    campaign_type,
    currency,
    {{ spread_amount('spend', 'day_number', 'days') }} as spend,
    {{ spread_count('impressions', 'day_number', 'days') }} as impressions,
    {{ spread_count('clicks', 'day_number', 'days') }} as clicks,
    {{ spread_count('reach', 'day_number', 'days') }} as reach,
    cast(conversions / nullif(days, 0) as double) as conversions,
    {{ spread_amount('conversions_value', 'day_number', 'days') }}
        as conversions_value,
    days > 1 as is_spread,
    preference > 1 as is_superseded
from ranked
