select
    grain,
    period_start,
    dimension,
    member,
    cast(visitor_sales as double) as numerator,
    cast(visitors as double) as denominator,
    cast(visitor_sales as double) / nullif(visitors, 0) as value
from {{ ref('rollup_sessions') }}
where dimension in ('all', 'shop', 'channel', 'device')
