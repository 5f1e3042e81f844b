select
    grain,
    period_start,
    dimension,
    member,
    cast(processing_hours_p50 as double) as numerator,
    cast(1 as double) as denominator,
    cast(processing_hours_p50 as double) as value
from {{ ref('rollup_parcels') }}
