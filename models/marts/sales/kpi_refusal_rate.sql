select
    grain,
    period_start,
    dimension,
    member,
    cast(refused_orders as double) as numerator,
    cast(dispatched_orders as double) as denominator,
    cast(refused_orders as double) / nullif(dispatched_orders, 0) as value
from {{ ref('rollup_orders') }}
where grain <> 'hour'
