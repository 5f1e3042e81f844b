{{ config(materialized='table') }}

with models as (
    select distinct model as attribution_model
    from {{ ref('fct_attribution') }}
),

credits as (
    select
        dim_period_days.grain,
        dim_period_days.period_start,
        fct_attribution.model as attribution_model,
        fct_attribution.channel_id,
        sum(fct_attribution.credit) as orders,
        sum(case when fct_attribution.is_first_order then fct_attribution.credit end)
            as new_customers,
        sum(fct_attribution.attributed_sales) as sales,
        sum(fct_attribution.attributed_gross_profit) as gross_profit
    from {{ ref('fct_attribution') }} as fct_attribution
    inner join {{ ref('dim_period_days') }} as dim_period_days
        on
            fct_attribution.order_date = dim_period_days.date_day
            and dim_period_days.grain in ('week', 'month')
    group by 1, 2, 3, 4
),

-- Traffic and spend are the same under every model: they stand beside each.
parts as (
    select
        grain,
        period_start,
        attribution_model,
        channel_id,
        0 as sessions,
        0 as visitors,
        0 as purchase_sessions,
        0 as impressions,
        0 as clicks,
        0 as ad_spend,
        0 as acquisition_spend,
        orders,
        new_customers,
        sales,
        gross_profit
    from credits
    union all
    select
        rollup_marketing.grain,
        rollup_marketing.period_start,
        models.attribution_model,
        rollup_marketing.member as channel_id,
        0 as sessions,
        0 as visitors,
        0 as purchase_sessions,
        rollup_marketing.impressions,
        rollup_marketing.clicks,
        rollup_marketing.ad_spend,
        rollup_marketing.acquisition_spend,
        0 as orders,
        0 as new_customers,
        0 as sales,
        0 as gross_profit
    from {{ ref('rollup_marketing') }} as rollup_marketing
    cross join models
    where
        rollup_marketing.dimension = 'channel'
        and rollup_marketing.grain in ('week', 'month')
    union all
    select
        rollup_sessions.grain,
        rollup_sessions.period_start,
        models.attribution_model,
        rollup_sessions.member as channel_id,
        rollup_sessions.sessions,
        rollup_sessions.visitors,
        rollup_sessions.purchase_sessions,
        0 as impressions,
        0 as clicks,
        0 as ad_spend,
        0 as acquisition_spend,
        0 as orders,
        0 as new_customers,
        0 as sales,
        0 as gross_profit
    from {{ ref('rollup_sessions') }} as rollup_sessions
    cross join models
    where
        rollup_sessions.dimension = 'channel'
        and rollup_sessions.grain in ('week', 'month')
),

totals as (
    select
        grain,
        period_start,
        attribution_model,
        channel_id,
        cast(sum(sessions) as bigint) as sessions,
        cast(sum(visitors) as bigint) as visitors,
        cast(sum(purchase_sessions) as bigint) as purchase_sessions,
        cast(sum(impressions) as bigint) as impressions,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(ad_spend) as decimal(18, 4)) as ad_spend,
        cast(sum(acquisition_spend) as decimal(18, 4)) as acquisition_spend,
        cast(sum(orders) as double) as orders,
        cast(coalesce(sum(new_customers), 0) as double) as new_customers,
        cast(coalesce(sum(sales), 0) as decimal(18, 4)) as sales,
        cast(coalesce(sum(gross_profit), 0) as decimal(18, 4)) as gross_profit
    from parts
    group by 1, 2, 3, 4
)

select
    totals.grain,
    totals.period_start,
    totals.attribution_model,
    totals.channel_id,
    coalesce(dim_channels.channel_name, totals.channel_id) as channel_name,
    coalesce(dim_channels.is_paid, false) as is_paid,
    totals.sessions,
    totals.visitors,
    totals.purchase_sessions,
    totals.impressions,
    totals.clicks,
    totals.ad_spend,
    totals.acquisition_spend,
    totals.orders,
    totals.new_customers,
    totals.sales,
    totals.gross_profit,
    cast(totals.purchase_sessions as double) / nullif(totals.sessions, 0)
        as conversion_rate,
    -- Without spend there is no cost to speak of: 0 would rank as the cheapest channel.
    cast(nullif(totals.ad_spend, 0) as double) / nullif(totals.orders, 0)
        as cost_per_order,
    cast(nullif(totals.acquisition_spend, 0) as double)
    / nullif(totals.new_customers, 0) as customer_acquisition_cost,
    cast(totals.sales as double) / nullif(totals.ad_spend, 0) as return_on_ad_spend,
    cast(nullif(totals.ad_spend, 0) as double) / nullif(totals.sales, 0)
        as ad_cost_share,
    cast(totals.gross_profit - totals.ad_spend as double)
    / nullif(totals.ad_spend, 0) as marketing_roi
from totals
left join {{ ref('dim_channels') }} as dim_channels
    on totals.channel_id = dim_channels.channel_id
where
    totals.sessions > 0
    or totals.impressions > 0
    or totals.ad_spend <> 0
    or totals.acquisition_spend <> 0
    or totals.orders > 0
