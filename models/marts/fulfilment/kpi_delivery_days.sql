select
    grain,
    period_start,
    dimension,
    member,
    cast(delivery_days_p50 as double) as numerator,
    cast(1 as double) as denominator,
    cast(delivery_days_p50 as double) as value
from {{ ref('rollup_parcels') }}
