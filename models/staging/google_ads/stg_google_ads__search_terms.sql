with dated as (
    select
        *,
        {{ shop_of_file() }} as shop,
        split_part(replace(date_range, ' – ', ' - '), ' - ', 1) as first_day,
        coalesce(
            nullif(split_part(replace(date_range, ' – ', ' - '), ' - ', 2), ''),
            split_part(replace(date_range, ' – ', ' - '), ' - ', 1)
        ) as last_day
    from {{ source('google_ads', 'search_terms') }}
),

numbered as (
    select
        *,
        coalesce(cast(day as date), {{ written_date('first_day') }}) as starts_on,
        coalesce(cast(day as date), {{ written_date('last_day') }}) as ends_on,
        {{ newest_file([
            'shop', 'search_term', 'campaign_name', 'coalesce(day, date_range)',
        ]) }} as version
    from dated
)

select
    'google_ads' as source_system,
    shop as shop_id,
    starts_on,
    ends_on,
    'google_ads' as platform,
    search_term,
    campaign_name,
    upper(trim(currency)) as currency,
    cast(cost as decimal(18, 4)) as spend,
    cast(impressions as bigint) as impressions,
    cast(clicks as bigint) as clicks
from numbered
where version = 1
