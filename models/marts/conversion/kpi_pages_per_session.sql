select
    grain,
    period_start,
    dimension,
    member,
    cast(page_views as double) as numerator,
    cast(sessions as double) as denominator,
    cast(page_views as double) / nullif(sessions, 0) as value
from {{ ref('rollup_sessions') }}
where dimension <> 'category'
