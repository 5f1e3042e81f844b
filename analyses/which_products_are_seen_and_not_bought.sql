-- Which products are seen and not bought? Of those that many visits look at, the ones
-- that the fewest of them buy: a wrong price, a bad picture, the size that is gone.
with last_quarter as (
    select max(period_start) as period_start
    from {{ ref('dim_periods') }}
    where grain = 'quarter' and is_complete
)

select
    product_performance.product_name,
    product_performance.shop_id,
    product_performance.product_view_sessions,
    product_performance.product_purchase_sessions,
    product_performance.conversion_rate,
    product_performance.stockout_rate
from {{ ref('product_performance') }} as product_performance
inner join last_quarter
    on product_performance.period_start = last_quarter.period_start
where
    product_performance.grain = 'quarter'
    and product_performance.dimension = 'product'
    and product_performance.product_view_sessions >= 100
order by
    product_performance.conversion_rate asc nulls last,
    product_performance.product_name asc nulls last
limit 15
