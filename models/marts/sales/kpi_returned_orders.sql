select
    grain,
    period_start,
    dimension,
    member,
    cast(returned_orders as double) as numerator,
    cast(1 as double) as denominator,
    cast(returned_orders as double) as value
from {{ ref('rollup_orders') }}
where grain <> 'hour'
