select
    grain,
    period_start,
    dimension,
    member,
    cast(successful_checkouts as double) as numerator,
    cast(checkout_sessions as double) as denominator,
    cast(successful_checkouts as double) / nullif(checkout_sessions, 0) as value
from {{ ref('rollup_checkouts') }}
