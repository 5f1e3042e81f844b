-- Coupons and campaigns of the last months, the most used first.
select
    promotion_performance.period_start as period,
    promotion_performance.promotion,
    promotion_performance.shop_id,
    promotion_performance.orders,
    promotion_performance.sales,
    promotion_performance.discounts,
    promotion_performance.discount_rate,
    promotion_performance.average_order_value,
    promotion_performance.average_order_value_without,
    promotion_performance.gross_margin
from {{ ref('promotion_performance') }} as promotion_performance
inner join {{ ref('dim_periods') }} as dim_periods
    on dim_periods.grain = 'month' and dim_periods.is_current
where
    promotion_performance.grain = 'month'
    and promotion_performance.period_start
    > dim_periods.period_start - interval '4' month
    and promotion_performance.shop_id <> 'all'
order by
    promotion_performance.period_start desc nulls last,
    promotion_performance.orders desc nulls last,
    promotion_performance.promotion asc nulls last,
    promotion_performance.shop_id asc nulls last
