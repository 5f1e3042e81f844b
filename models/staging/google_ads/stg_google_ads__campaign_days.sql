with dated as (
    -- Without a Day column a row spans the range above the header.
    select
        *,
        {{ shop_of_file() }} as shop,
        coalesce(account_id, account_name) as account,
        split_part(replace(date_range, ' – ', ' - '), ' - ', 1) as first_day,
        coalesce(
            nullif(split_part(replace(date_range, ' – ', ' - '), ' - ', 2), ''),
            split_part(replace(date_range, ' – ', ' - '), ' - ', 1)
        ) as last_day
    from {{ source('google_ads', 'campaigns') }}
),

numbered as (
    select
        *,
        coalesce(cast(day as date), {{ written_date('first_day') }}) as starts_on,
        coalesce(cast(day as date), {{ written_date('last_day') }}) as ends_on,
        {{ newest_file([
            'shop', 'account', 'coalesce(campaign_id, campaign_name)',
            'coalesce(day, date_range)',
        ]) }} as version
    from dated
)

select
    'google_ads' as source_system,
    shop as shop_id,
    starts_on,
    ends_on,
    'google_ads' as platform,
    'google_ads:' || coalesce(
        campaign_id, {{ hash_key(['shop', 'account', 'campaign_name']) }}
    ) as campaign_id,
    campaign_name,
    campaign_type,
    upper(trim(currency)) as currency,
    cast(cost as decimal(18, 4)) as spend,
    cast(impressions as bigint) as impressions,
    cast(clicks as bigint) as clicks,
    cast(null as bigint) as reach,
    cast(conversions as double) as conversions,
    cast(conversions_value as decimal(18, 4)) as conversions_value
from numbered
where version = 1
