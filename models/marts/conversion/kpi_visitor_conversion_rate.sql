select
    grain,
    period_start,
    dimension,
    member,
    cast(purchase_visitors as double) as numerator,
    cast(visitors as double) as denominator,
    cast(purchase_visitors as double) / nullif(visitors, 0) as value
from {{ ref('rollup_sessions') }}
