-- The current month's categories, each with its sales of the last thirteen months.
with months as (
    select
        product_performance.member,
        array_agg(product_performance.sales order by product_performance.period_start)
            as monthly_sales
    from {{ ref('product_performance') }} as product_performance
    inner join {{ ref('dim_periods') }} as dim_periods
        on
            dim_periods.grain = 'month'
            and dim_periods.is_current
            and product_performance.period_start
            > dim_periods.period_start - interval '13' month
    where
        product_performance.grain = 'month'
        and product_performance.dimension = 'category'
    group by product_performance.member
)

select
    product_performance.member,
    product_performance.sales,
    product_performance.sales_share,
    product_performance.units_sold,
    product_performance.gross_margin,
    product_performance.return_rate,
    product_performance.conversion_rate,
    months.monthly_sales
from {{ ref('product_performance') }} as product_performance
inner join {{ ref('dim_periods') }} as dim_periods
    on
        product_performance.grain = dim_periods.grain
        and product_performance.period_start = dim_periods.period_start
inner join months
    on product_performance.member = months.member
where
    product_performance.grain = 'month'
    and product_performance.dimension = 'category'
    and dim_periods.is_current
order by product_performance.sales_rank nulls last
