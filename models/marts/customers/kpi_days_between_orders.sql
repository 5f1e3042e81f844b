select
    grain,
    period_start,
    dimension,
    member,
    cast(days_between_orders_p50 as double) as numerator,
    cast(1 as double) as denominator,
    cast(days_between_orders_p50 as double) as value
from {{ ref('rollup_customers') }}
