select
    grain,
    period_start,
    dimension,
    member,
    cast(calls_answered as double) as numerator,
    cast(calls_received as double) as denominator,
    cast(calls_answered as double) / nullif(calls_received, 0) as value
from {{ ref('rollup_contacts') }}
where dimension in ('all', 'shop', 'queue')
