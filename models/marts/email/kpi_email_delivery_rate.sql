select
    grain,
    period_start,
    dimension,
    member,
    cast(delivered as double) as numerator,
    cast(sent as double) as denominator,
    cast(delivered as double) / nullif(sent, 0) as value
from {{ ref('rollup_emails') }}
