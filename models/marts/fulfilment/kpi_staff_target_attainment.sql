select
    grain,
    period_start,
    dimension,
    member,
    cast(output as double) as numerator,
    cast(target_output as double) as denominator,
    cast(output as double) / nullif(target_output, 0) as value
from {{ ref('rollup_staff') }}
