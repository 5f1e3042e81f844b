select
    grain,
    period_start,
    dimension,
    member,
    cast(payments_successful as double) as numerator,
    cast(payments_tried as double) as denominator,
    cast(payments_successful as double) / nullif(payments_tried, 0) as value
from {{ ref('rollup_payments') }}
