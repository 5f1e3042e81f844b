-- The products with the highest sales, of this month and of the last two.
with periods as (
    select
        grain,
        period_start,
        row_number() over (order by period_start desc nulls last) as newest_first
    from {{ ref('dim_periods') }}
    where
        grain = '{{ var("grain", "month") }}'
        and period_start <= (
            select max(period_start)
            from {{ ref('dim_periods') }}
            where grain = '{{ var("grain", "month") }}' and is_current
        )
)

select
    cast(product_performance.period_start as date) as period,
    product_performance.product_name,
    product_performance.category,
    product_performance.shop_id,
    product_performance.abc_class,
    product_performance.sales,
    product_performance.units_sold,
    product_performance.gross_margin,
    product_performance.return_rate,
    product_performance.days_of_cover
from {{ ref('product_performance') }} as product_performance
inner join periods
    on
        product_performance.grain = periods.grain
        and product_performance.period_start = periods.period_start
where
    product_performance.dimension = 'product'
    and product_performance.sales_rank <= 15
    and periods.newest_first <= 3
order by
    product_performance.period_start desc nulls last,
    product_performance.sales_rank asc nulls last,
    product_performance.member asc nulls last
