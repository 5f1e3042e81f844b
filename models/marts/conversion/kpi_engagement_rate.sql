select
    grain,
    period_start,
    dimension,
    member,
    cast(engaged_sessions as double) as numerator,
    cast(sessions as double) as denominator,
    cast(engaged_sessions as double) / nullif(sessions, 0) as value
from {{ ref('rollup_sessions') }}
where dimension <> 'category'
