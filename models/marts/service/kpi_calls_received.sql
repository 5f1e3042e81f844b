select
    grain,
    period_start,
    dimension,
    member,
    cast(calls_received as double) as numerator,
    cast(1 as double) as denominator,
    cast(calls_received as double) as value
from {{ ref('rollup_contacts') }}
where calls_received > 0 and dimension in ('all', 'shop', 'queue')
