select
    grain,
    period_start,
    dimension,
    member,
    cast(active_customers_end - active_new_customers as double) as numerator,
    cast(active_customers_start as double) as denominator,
    cast(active_customers_end - active_new_customers as double)
    / nullif(active_customers_start, 0) as value
from {{ ref('rollup_retention') }}
