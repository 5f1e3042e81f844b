select
    grain,
    period_start,
    dimension,
    member,
    cast(visitors as double) as numerator,
    cast(1 as double) as denominator,
    cast(visitors as double) as value
from {{ ref('rollup_sessions') }}
