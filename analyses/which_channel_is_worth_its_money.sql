-- Which channel is worth its money? The last complete month, dearest order first.
select
    channel_performance.channel_id,
    channel_performance.ad_spend,
    channel_performance.orders,
    channel_performance.cost_per_order,
    channel_performance.customer_acquisition_cost,
    channel_performance.return_on_ad_spend,
    channel_performance.ad_cost_share
from {{ ref('channel_performance') }} as channel_performance
inner join {{ ref('dim_periods') }} as dim_periods
    on
        channel_performance.grain = dim_periods.grain
        and channel_performance.period_start = dim_periods.previous_period_start
where
    channel_performance.grain = 'month'
    and dim_periods.is_current
    and channel_performance.attribution_model = '{{ var("attribution_model") }}'
order by
    channel_performance.cost_per_order desc nulls last,
    channel_performance.orders desc nulls last
