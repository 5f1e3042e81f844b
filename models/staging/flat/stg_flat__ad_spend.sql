select
    'flat' as source_system,
    shop as shop_id,
    cast(ad_date as date) as starts_on,
    cast(ad_date as date) as ends_on,
    lower(replace(trim(platform), ' ', '_')) as platform,
    lower(replace(trim(platform), ' ', '_'))
    || ':'
    || coalesce(campaign_id, {{ hash_key(['shop', 'campaign_name']) }}) as campaign_id,
    campaign_name,
    campaign_type,
    upper(trim(currency)) as currency,
    cast(spend as decimal(18, 4)) as spend,
    cast(impressions as bigint) as impressions,
    cast(clicks as bigint) as clicks,
    cast(reach as bigint) as reach,
    cast(conversions as double) as conversions,
    cast(conversions_value as decimal(18, 4)) as conversions_value
from (
    select
        *,
        {{ flat_shop() }} as shop,
        {{ newest_file([
            flat_shop(), 'ad_date', 'platform', 'campaign_id', 'campaign_name',
        ]) }} as version
    from {{ source('flat', 'ad_spend') }}
) as ad_spend
where version = 1
