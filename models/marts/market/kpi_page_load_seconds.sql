select
    grain,
    period_start,
    dimension,
    member,
    cast(lcp_seconds_p75 as double) as numerator,
    cast(1 as double) as denominator,
    cast(lcp_seconds_p75 as double) as value
from {{ ref('rollup_site') }}
where page_loads is not null
