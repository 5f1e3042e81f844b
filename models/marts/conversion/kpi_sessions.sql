select
    grain,
    period_start,
    dimension,
    member,
    cast(sessions as double) as numerator,
    cast(1 as double) as denominator,
    cast(sessions as double) as value
from {{ ref('rollup_sessions') }}
