select
    grain,
    period_start,
    dimension,
    member,
    cast(clicks as double) as numerator,
    cast(1 as double) as denominator,
    cast(clicks as double) as value
from {{ ref('rollup_marketing') }}
