select
    grain,
    period_start,
    dimension,
    member,
    cast(first_response_minutes_p50 as double) as numerator,
    cast(1 as double) as denominator,
    cast(first_response_minutes_p50 as double) as value
from {{ ref('rollup_contacts') }}
where
    grain <> 'hour'
    and tickets_opened > 0
    and dimension in ('all', 'shop', 'queue', 'channel')
