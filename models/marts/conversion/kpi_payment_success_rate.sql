select
    grain,
    period_start,
    dimension,
    member,
    cast(orders_paid as double) as numerator,
    cast(orders_tried as double) as denominator,
    cast(orders_paid as double) / nullif(orders_tried, 0) as value
from {{ ref('rollup_payments') }}
