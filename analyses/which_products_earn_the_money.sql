-- Which products earn the money? Products of the last complete quarter by class: A
-- makes the first 80 % of sales.
with last_quarter as (
    select max(period_start) as period_start
    from {{ ref('dim_periods') }}
    where grain = 'quarter' and is_complete
)

select
    product_performance.abc_class,
    count(*) as products,
    sum(product_performance.sales) as sales,
    sum(product_performance.sales_share) as sales_share,
    sum(product_performance.gross_profit) as gross_profit,
    sum(product_performance.stock_value) as stock_value
from {{ ref('product_performance') }} as product_performance
inner join last_quarter
    on product_performance.period_start = last_quarter.period_start
where
    product_performance.grain = 'quarter' and product_performance.dimension = 'product'
group by product_performance.abc_class
order by product_performance.abc_class nulls last
