select
    grain,
    period_start,
    dimension,
    member,
    cast(up_minutes as double) as numerator,
    cast(monitored_minutes as double) as denominator,
    cast(up_minutes as double) / nullif(monitored_minutes, 0) as value
from {{ ref('rollup_site') }}
where monitored_minutes is not null
