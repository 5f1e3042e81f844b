select
    grain,
    period_start,
    dimension,
    member,
    cast(purchasing_customers as double) as numerator,
    cast(1 as double) as denominator,
    cast(purchasing_customers as double) as value
from {{ ref('rollup_customers') }}
