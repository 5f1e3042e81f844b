-- A refund in the period of its order moves nothing: it is in both bases alike.
with moved as (
    select
        refund_days.grain,
        refund_days.period_start,
        fct_returns.shop_id,
        fct_returns.returns as returns_of_other_periods,
        0 as returns_in_other_periods
    from {{ ref('fct_returns') }} as fct_returns
    inner join {{ ref('dim_period_days') }} as refund_days
        on fct_returns.return_date = refund_days.date_day
    left join {{ ref('dim_period_days') }} as order_days
        on
            fct_returns.order_date = order_days.date_day
            and refund_days.grain = order_days.grain
            and refund_days.period_start = order_days.period_start
    where fct_returns.is_placed and order_days.date_day is null
    union all
    select
        order_days.grain,
        order_days.period_start,
        fct_returns.shop_id,
        0 as returns_of_other_periods,
        fct_returns.returns as returns_in_other_periods
    from {{ ref('fct_returns') }} as fct_returns
    inner join {{ ref('dim_period_days') }} as order_days
        on fct_returns.order_date = order_days.date_day
    left join {{ ref('dim_period_days') }} as refund_days
        on
            fct_returns.return_date = refund_days.date_day
            and order_days.grain = refund_days.grain
            and order_days.period_start = refund_days.period_start
    where fct_returns.is_placed and refund_days.date_day is null
),

summed as (
    select
        grain,
        period_start,
        shop_id,
        sum(returns_of_other_periods) as returns_of_other_periods,
        sum(returns_in_other_periods) as returns_in_other_periods
    from moved
    where grain in ('week', 'month', 'quarter', 'year')
    group by grain, period_start, shop_id
)

select
    rollup_orders.grain,
    rollup_orders.period_start,
    rollup_orders.member as shop_id,
    rollup_orders.net_sales,
    coalesce(summed.returns_of_other_periods, 0) as returns_of_other_periods,
    coalesce(summed.returns_in_other_periods, 0) as returns_in_other_periods,
    rollup_orders.net_sales_order_date
from {{ ref('rollup_orders') }} as rollup_orders
left join summed
    on
        rollup_orders.grain = summed.grain
        and rollup_orders.period_start = summed.period_start
        and rollup_orders.member = summed.shop_id
where
    rollup_orders.dimension = 'shop'
    and rollup_orders.grain in ('week', 'month', 'quarter', 'year')
