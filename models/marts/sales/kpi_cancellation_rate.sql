select
    grain,
    period_start,
    dimension,
    member,
    cast(cancelled_orders as double) as numerator,
    cast(orders as double) as denominator,
    cast(cancelled_orders as double) / nullif(orders, 0) as value
from {{ ref('rollup_orders') }}
where grain <> 'hour'
