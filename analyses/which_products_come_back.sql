-- Which products come back? Those with at least 20 units sold in the last complete
-- quarter, by the share of units returned.
with last_quarter as (
    select max(period_start) as period_start
    from {{ ref('dim_periods') }}
    where grain = 'quarter' and is_complete
)

select
    product_performance.product_name,
    product_performance.shop_id,
    product_performance.units_sold,
    product_performance.returned_units,
    product_performance.return_rate,
    product_performance.returns
from {{ ref('product_performance') }} as product_performance
inner join last_quarter
    on product_performance.period_start = last_quarter.period_start
where
    product_performance.grain = 'quarter'
    and product_performance.dimension = 'product'
    and product_performance.units_sold >= 20
order by
    product_performance.return_rate desc nulls last,
    product_performance.product_name asc nulls last
limit 15
