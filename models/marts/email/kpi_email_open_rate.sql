select
    grain,
    period_start,
    dimension,
    member,
    cast(opened as double) as numerator,
    cast(rate_base as double) as denominator,
    cast(opened as double) / nullif(rate_base, 0) as value
from {{ ref('rollup_emails') }}
