select
    grain,
    period_start,
    dimension,
    member,
    cast(repeat_sales as double) as numerator,
    cast(sales as double) as denominator,
    cast(repeat_sales as double) / nullif(sales, 0) as value
from {{ ref('rollup_orders') }}
