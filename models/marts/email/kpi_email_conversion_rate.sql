select
    grain,
    period_start,
    dimension,
    member,
    cast(attributed_orders as double) as numerator,
    cast(clicked as double) as denominator,
    cast(attributed_orders as double) / nullif(clicked, 0) as value
from {{ ref('rollup_emails') }}
