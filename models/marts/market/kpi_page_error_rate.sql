select
    grain,
    period_start,
    dimension,
    member,
    cast(error_loads as double) as numerator,
    cast(page_loads as double) as denominator,
    cast(error_loads as double) / nullif(page_loads, 0) as value
from {{ ref('rollup_site') }}
where page_loads is not null
