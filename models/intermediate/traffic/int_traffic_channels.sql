{{ config(meta={'tracked': true}) }}

with told as (
    select
        traffic_id,
        source,
        medium,
        campaign_name,
        click_id
    from {{ ref('int_visits') }}
    union all
    select
        {{ traffic_key('utm_source', 'utm_medium', 'utm_campaign',
                       'cast(null as string)') }} as traffic_id,
        utm_source as source,
        utm_medium as medium,
        utm_campaign as campaign_name,
        cast(null as string) as click_id
    from {{ ref('int_orders') }}
    where
        utm_source is not null
        or utm_medium is not null
        or utm_campaign is not null
),

combinations as (
    select
        traffic_id,
        coalesce(min(lower(trim(source))), '') as source,
        coalesce(min(lower(trim(medium))), '') as medium,
        coalesce(min(lower(trim(campaign_name))), '') as campaign_name,
        min({{ click_id_kind('click_id') }}) as click_id_kind
    from told
    group by traffic_id
),

sources as (
    select distinct source from combinations
),

-- `google` stands for google.de and www.google.co.uk; the longest name that fits wins,
-- so mail.google.com is no search.
source_names as (
    select
        sources.source,
        traffic_sources.source_category,
        row_number() over (
            partition by sources.source
            order by
                length(traffic_sources.source_name) desc nulls last,
                traffic_sources.source_name asc nulls last
        ) as preference
    from sources
    inner join {{ ref('traffic_sources') }} as traffic_sources
        on
            '.' || sources.source || '.'
            like '%.' || traffic_sources.source_name || '.%'
),

ruled as (
    select
        combinations.traffic_id,
        channel_rules.channel_id,
        channel_rules.priority,
        source_names.source_category,
        row_number() over (
            partition by combinations.traffic_id
            order by channel_rules.priority asc nulls last
        ) as preference
    from combinations
    left join source_names
        on
            combinations.source = source_names.source
            and source_names.preference = 1
    left join {{ ref('channel_rules') }} as channel_rules
        on
            (
                coalesce(channel_rules.source_pattern, '') = ''
                or {{ matches('combinations.source', 'channel_rules.source_pattern') }}
            )
            and (
                coalesce(channel_rules.source_category, '') = ''
                or channel_rules.source_category = source_names.source_category
            )
            and (
                coalesce(channel_rules.medium_pattern, '') = ''
                or {{ matches('combinations.medium', 'channel_rules.medium_pattern') }}
            )
            and (
                coalesce(channel_rules.campaign_pattern, '') = ''
                or {{ matches('combinations.campaign_name',
                              'channel_rules.campaign_pattern') }}
            )
            and (
                coalesce(channel_rules.click_id_pattern, '') = ''
                or {{ matches('combinations.click_id_kind',
                              'channel_rules.click_id_pattern') }}
            )
),

-- A paid visit whose campaign runs on an ad platform belongs where its spend is booked:
-- google / cpc alone cannot tell Performance Max from Search.
ad_campaigns as (
    select
        ad_names.campaign_name,
        min(ad_names.channel_id) as channel_id
    from (
        select
            lower(trim(int_ad_campaigns.campaign_name)) as campaign_name,
            int_ad_campaigns.channel_id
        from {{ ref('int_ad_campaigns') }} as int_ad_campaigns
        union all
        select
            lower(trim(int_ad_campaigns.platform_campaign_id)) as campaign_name,
            int_ad_campaigns.channel_id
        from {{ ref('int_ad_campaigns') }} as int_ad_campaigns
        where int_ad_campaigns.platform_campaign_id is not null
    ) as ad_names
    group by ad_names.campaign_name
    having count(distinct ad_names.channel_id) = 1
)

select
    combinations.traffic_id,
    combinations.source,
    combinations.medium,
    combinations.campaign_name,
    combinations.click_id_kind,
    ruled.source_category,
    cast(ruled.priority as bigint) as rule_priority,
    case
        when channels.is_paid and ad_campaigns.channel_id is not null
            then ad_campaigns.channel_id
        else coalesce(ruled.channel_id, 'unassigned')
    end as channel_id
from combinations
inner join ruled
    on combinations.traffic_id = ruled.traffic_id and ruled.preference = 1
left join {{ ref('channels') }} as channels
    on ruled.channel_id = channels.channel_id
left join ad_campaigns
    on combinations.campaign_name = ad_campaigns.campaign_name
