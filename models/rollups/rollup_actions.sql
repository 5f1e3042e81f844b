with actions as (
    select
        fct_actions.action_date as date_day,
        fct_actions.shop_id,
        fct_actions.channel_id,
        fct_actions.action,
        sum(fct_actions.actions) as actions
    from {{ ref('fct_actions') }} as fct_actions
    inner join {{ ref('dim_channels') }} as dim_channels
        on fct_actions.channel_id = dim_channels.channel_id
    where dim_channels.is_paid
    group by 1, 2, 3, 4
),

ad_days as (
    select
        ad_date as date_day,
        shop_id,
        channel_id,
        sum(spend) as ad_spend
    from {{ ref('fct_ad_days') }}
    group by 1, 2, 3
),

cube as (
    select
        date_day,
        shop_id,
        channel_id,
        ad_spend,
        0 as actions
    from ad_days
    union all
    select
        date_day,
        shop_id,
        channel_id,
        0 as ad_spend,
        actions
    from actions
),

cube_slices as (
    {{ slices('cube', {'shop': 'shop_id', 'channel': 'channel_id'}) }}
),

kinds as (
    select distinct action
    from actions
),

-- Money is not spent on one action or the other: the whole spend stands beside each.
sliced as (
    select
        date_day,
        dimension,
        member,
        ad_spend,
        actions
    from cube_slices
    union all
    select
        date_day,
        'action' as dimension,
        action as member,
        0 as ad_spend,
        actions
    from actions
    union all
    select
        ad_days.date_day,
        'action' as dimension,
        kinds.action as member,
        ad_days.ad_spend,
        0 as actions
    from ad_days
    cross join kinds
)

select
    dim_period_days.grain,
    dim_period_days.period_start,
    sliced.dimension,
    sliced.member,
    cast(coalesce(sum(sliced.ad_spend), 0) as decimal(18, 4)) as ad_spend,
    cast(coalesce(sum(sliced.actions), 0) as bigint) as actions
from sliced
inner join {{ ref('dim_period_days') }} as dim_period_days
    on sliced.date_day = dim_period_days.date_day
group by 1, 2, 3, 4
