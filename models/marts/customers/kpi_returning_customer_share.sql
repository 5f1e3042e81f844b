select
    grain,
    period_start,
    dimension,
    member,
    cast(returning_customers as double) as numerator,
    cast(purchasing_customers as double) as denominator,
    cast(returning_customers as double) / nullif(purchasing_customers, 0) as value
from {{ ref('rollup_customers') }}
