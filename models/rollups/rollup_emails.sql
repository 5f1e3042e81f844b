-- Orders of a time from which no send is known would stand against nothing.
with first_sends as (
    select
        shop_id,
        min(sent_date) as first_date
    from {{ ref('fct_email_campaigns') }}
    where channel = 'email'
    group by 1
),

-- Links carry the campaign's name, some platforms' with its id in brackets behind it.
campaign_names as (
    select
        shop_id,
        link_name,
        min(campaign_name) as campaign_name,
        case when count(distinct kind) = 1 then min(kind) end as kind
    from (
        select
            shop_id,
            kind,
            campaign_name,
            lower(campaign_name) as link_name
        from {{ ref('fct_email_campaigns') }}
        where channel = 'email' and campaign_name is not null
        union all
        select
            shop_id,
            kind,
            campaign_name,
            lower(campaign_name) || ' ('
            || lower(substr(campaign_id, length(shop_id) + 2)) || ')' as link_name
        from {{ ref('fct_email_campaigns') }}
        where channel = 'email' and campaign_name is not null
    ) as names
    group by 1, 2
),

credits as (
    select
        fct_attribution.order_date as date_day,
        fct_attribution.shop_id,
        campaign_names.campaign_name,
        campaign_names.kind,
        sum(fct_attribution.credit) as orders,
        sum(fct_attribution.attributed_sales) as sales
    from {{ ref('fct_attribution') }} as fct_attribution
    inner join first_sends
        on
            fct_attribution.shop_id = first_sends.shop_id
            and fct_attribution.order_date >= first_sends.first_date
    left join campaign_names
        on
            fct_attribution.shop_id = campaign_names.shop_id
            and lower(fct_attribution.campaign_name) = campaign_names.link_name
    where
        fct_attribution.is_default_model
        and fct_attribution.channel_id = 'email'
    group by 1, 2, 3, 4
),

cube as (
    select
        sent_date as date_day,
        shop_id,
        campaign_name,
        kind,
        sent,
        delivered,
        opened,
        clicked,
        bounced,
        unsubscribed,
        complaints,
        rate_base,
        0 as attributed_orders,
        0 as attributed_sales
    from {{ ref('fct_email_campaigns') }}
    where channel = 'email'
    union all
    select
        date_day,
        shop_id,
        campaign_name,
        kind,
        0 as sent,
        0 as delivered,
        0 as opened,
        0 as clicked,
        0 as bounced,
        0 as unsubscribed,
        0 as complaints,
        0 as rate_base,
        orders as attributed_orders,
        sales as attributed_sales
    from credits
),

sliced as (
    {{ slices('cube', {
        'shop': 'shop_id',
        'kind': 'kind',
        'campaign': 'campaign_name',
    }) }}
)

select
    dim_period_days.grain,
    dim_period_days.period_start,
    sliced.dimension,
    sliced.member,
    cast({{ known_sum('sliced.sent') }} as bigint) as sent,
    cast({{ known_sum('sliced.delivered') }} as bigint) as delivered,
    cast({{ known_sum('sliced.opened') }} as bigint) as opened,
    cast({{ known_sum('sliced.clicked') }} as bigint) as clicked,
    cast({{ known_sum('sliced.bounced') }} as bigint) as bounced,
    cast({{ known_sum('sliced.unsubscribed') }} as bigint) as unsubscribed,
    cast({{ known_sum('sliced.complaints') }} as bigint) as complaints,
    cast({{ known_sum('sliced.rate_base') }} as bigint) as rate_base,
    cast(sum(sliced.attributed_orders) as double) as attributed_orders,
    cast(coalesce(sum(sliced.attributed_sales), 0) as decimal(18, 4))
        as attributed_sales
from sliced
inner join {{ ref('dim_period_days') }} as dim_period_days
    on sliced.date_day = dim_period_days.date_day
group by 1, 2, 3, 4
