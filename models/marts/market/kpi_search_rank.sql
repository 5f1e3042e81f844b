select
    grain,
    period_start,
    dimension,
    member,
    cast(position_p50 as double) as numerator,
    cast(1 as double) as denominator,
    cast(position_p50 as double) as value
from {{ ref('rollup_market') }}
where ranks_looked_up is not null
