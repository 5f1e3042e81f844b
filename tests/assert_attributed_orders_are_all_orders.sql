-- Each placed order's credit adds up to one, so each period's credit is its orders: an
-- order that no touch explains is unattributed, not lost.
with placed as (
    select
        dim_period_days.grain,
        dim_period_days.period_start,
        count(*) as orders,
        sum(fct_orders.sales) as sales
    from {{ ref('fct_orders') }} as fct_orders
    inner join {{ ref('dim_period_days') }} as dim_period_days
        on fct_orders.order_date = dim_period_days.date_day
    where fct_orders.is_placed
    group by 1, 2
)

select
    rollup_marketing.grain,
    rollup_marketing.period_start,
    rollup_marketing.attributed_orders,
    rollup_marketing.attributed_sales,
    rollup_marketing.paid_attributed_orders,
    placed.orders,
    placed.sales
from {{ ref('rollup_marketing') }} as rollup_marketing
left join placed
    on
        rollup_marketing.grain = placed.grain
        and rollup_marketing.period_start = placed.period_start
where
    rollup_marketing.dimension = 'all'
    and (
        abs(rollup_marketing.attributed_orders - coalesce(placed.orders, 0)) > 0.000001
        -- Shares of an order's sales are rounded to four digits each.
        or abs(rollup_marketing.attributed_sales - coalesce(placed.sales, 0))
        > 0.0001 * (1 + coalesce(placed.orders, 0))
        or rollup_marketing.sales <> coalesce(placed.sales, 0)
        or rollup_marketing.paid_attributed_orders
        > rollup_marketing.attributed_orders + 0.000001
    )
