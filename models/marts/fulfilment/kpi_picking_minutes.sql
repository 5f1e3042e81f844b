select
    grain,
    period_start,
    dimension,
    member,
    cast(picking_minutes_p50 as double) as numerator,
    cast(1 as double) as denominator,
    cast(picking_minutes_p50 as double) as value
from {{ ref('rollup_parcels') }}
