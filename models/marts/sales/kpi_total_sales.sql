select
    grain,
    period_start,
    dimension,
    member,
    cast(total_sales as double) as numerator,
    cast(1 as double) as denominator,
    cast(total_sales as double) as value
from {{ ref('rollup_orders') }}
where dimension <> 'category'
