select
    grain,
    period_start,
    dimension,
    member,
    cast(answered_wait_seconds as double) as numerator,
    cast(calls_with_wait as double) as denominator,
    cast(answered_wait_seconds as double) / nullif(calls_with_wait, 0) as value
from {{ ref('rollup_contacts') }}
where dimension in ('all', 'shop', 'queue')
