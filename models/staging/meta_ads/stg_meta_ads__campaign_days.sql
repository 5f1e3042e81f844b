with numbered as (
    -- A row without results is blank, not 0: whether a file gives link clicks at all is
    -- told by its other rows.
    select
        *,
        {{ shop_of_file() }} as shop,
        coalesce(account_id, account_name) as account,
        cast(coalesce(day, reporting_starts) as date) as starts_on,
        cast(coalesce(day, reporting_ends) as date) as ends_on,
        count(link_clicks) over (partition by _file) > 0 as has_link_clicks,
        {{ newest_file([
            shop_of_file(), 'coalesce(account_id, account_name)',
            'coalesce(campaign_id, campaign_name)', 'coalesce(day, reporting_starts)',
            'coalesce(day, reporting_ends)',
        ]) }} as version
    from {{ source('meta_ads', 'campaigns') }}
)

select
    'meta_ads' as source_system,
    shop as shop_id,
    starts_on,
    ends_on,
    'meta_ads' as platform,
    'meta_ads:' || coalesce(
        campaign_id, {{ hash_key(['shop', 'account', 'campaign_name']) }}
    ) as campaign_id,
    campaign_name,
    objective as campaign_type,
    upper(coalesce(trim(currency), amount_spent_currency)) as currency,
    cast(amount_spent as decimal(18, 4)) as spend,
    cast(impressions as bigint) as impressions,
    case
        when has_link_clicks then coalesce(cast(link_clicks as bigint), 0)
        else cast(clicks_all as bigint)
    end as clicks,
    cast(reach as bigint) as reach,
    cast(
        coalesce(
            purchases,
            case when lower(result_indicator) like '%purchase%' then results end
        ) as double
    ) as conversions,
    cast(purchases_value as decimal(18, 4)) as conversions_value
from numbered
where version = 1
