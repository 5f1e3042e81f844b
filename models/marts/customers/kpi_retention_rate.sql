select
    grain,
    period_start,
    dimension,
    member,
    cast(retained_customers as double) as numerator,
    cast(previous_customers as double) as denominator,
    cast(retained_customers as double) / nullif(previous_customers, 0) as value
from {{ ref('rollup_retention') }}
