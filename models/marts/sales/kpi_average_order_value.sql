select
    grain,
    period_start,
    dimension,
    member,
    cast(sales as double) as numerator,
    cast(orders as double) as denominator,
    cast(sales as double) / nullif(orders, 0) as value
from {{ ref('rollup_orders') }}
where grain <> 'hour'
