select
    grain,
    period_start,
    dimension,
    member,
    cast(hours_to_convert_p50 as double) as numerator,
    cast(1 as double) as denominator,
    cast(hours_to_convert_p50 as double) as value
from {{ ref('rollup_customers') }}
