-- Every channel of the last weeks, by the project's attribution model.
with weeks as (
    select
        grain,
        period_start,
        row_number() over (order by period_start desc nulls last) as newest_first
    from {{ ref('dim_periods') }}
    where
        grain = '{{ var("grain", "week") }}'
        and period_start <= (
            select max(period_start)
            from {{ ref('dim_periods') }}
            where grain = '{{ var("grain", "week") }}' and is_current
        )
)

select
    cast(channel_performance.period_start as date) as period,
    channel_performance.channel_name,
    channel_performance.sessions,
    channel_performance.ad_spend,
    channel_performance.orders,
    channel_performance.new_customers,
    channel_performance.sales,
    channel_performance.cost_per_order,
    channel_performance.customer_acquisition_cost,
    channel_performance.ad_cost_share,
    channel_performance.return_on_ad_spend
from {{ ref('channel_performance') }} as channel_performance
inner join weeks
    on
        channel_performance.grain = weeks.grain
        and channel_performance.period_start = weeks.period_start
where
    channel_performance.attribution_model = '{{ var("attribution_model") }}'
    and weeks.newest_first <= 8
order by
    channel_performance.period_start desc nulls last,
    channel_performance.ad_spend desc nulls last,
    channel_performance.sales desc nulls last,
    channel_performance.channel_id asc nulls last
