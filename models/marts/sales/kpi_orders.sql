select
    grain,
    period_start,
    dimension,
    member,
    cast(orders as double) as numerator,
    cast(1 as double) as denominator,
    cast(orders as double) as value
from {{ ref('rollup_orders') }}
