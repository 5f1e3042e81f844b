select
    grain,
    period_start,
    dimension,
    member,
    cast(clicked as double) as numerator,
    cast(rate_base as double) as denominator,
    cast(clicked as double) / nullif(rate_base, 0) as value
from {{ ref('rollup_emails') }}
