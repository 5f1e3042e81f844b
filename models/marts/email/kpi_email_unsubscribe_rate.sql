select
    grain,
    period_start,
    dimension,
    member,
    cast(unsubscribed as double) as numerator,
    cast(delivered as double) as denominator,
    cast(unsubscribed as double) / nullif(delivered, 0) as value
from {{ ref('rollup_emails') }}
