with newest as (
    select
        campaign_id,
        shop_id,
        platform,
        campaign_name,
        campaign_type,
        row_number() over (
            partition by campaign_id
            order by ad_date desc nulls last, campaign_name asc nulls last
        ) as preference,
        min(ad_date) over (partition by campaign_id) as first_ad_date,
        max(ad_date) over (partition by campaign_id) as last_ad_date
    from {{ ref('int_ad_days') }}
),

names as (
    select distinct campaign_name
    from newest
    where preference = 1 and campaign_name is not null
),

purposes as (
    select
        names.campaign_name,
        campaign_purposes.purpose,
        row_number() over (
            partition by names.campaign_name
            order by campaign_purposes.priority asc nulls last
        ) as preference
    from names
    inner join {{ ref('campaign_purposes') }} as campaign_purposes
        on {{ matches('lower(names.campaign_name)', 'campaign_purposes.name_pattern') }}
)

select
    newest.campaign_id,
    newest.shop_id,
    newest.platform,
    split_part(newest.campaign_id, ':', 3) as platform_campaign_id,
    newest.campaign_name,
    newest.campaign_type,
    coalesce(
        typed_channels.channel_id, platform_channels.channel_id, 'paid_other'
    ) as channel_id,
    coalesce(purposes.purpose, 'acquisition') as purpose,
    newest.first_ad_date,
    newest.last_ad_date
from newest
left join {{ ref('ad_channels') }} as typed_channels
    on
        newest.platform = typed_channels.platform
        and lower(trim(newest.campaign_type)) = typed_channels.campaign_type
left join {{ ref('ad_channels') }} as platform_channels
    on
        newest.platform = platform_channels.platform
        and coalesce(platform_channels.campaign_type, '') = ''
left join purposes
    on
        newest.campaign_name = purposes.campaign_name
        and purposes.preference = 1
where newest.preference = 1
