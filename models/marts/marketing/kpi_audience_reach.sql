select
    grain,
    period_start,
    dimension,
    member,
    cast(reach as double) as numerator,
    cast(1 as double) as denominator,
    cast(reach as double) as value
from {{ ref('rollup_marketing') }}
