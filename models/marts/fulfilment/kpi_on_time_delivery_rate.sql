select
    grain,
    period_start,
    dimension,
    member,
    cast(on_time_parcels as double) as numerator,
    cast(due_parcels as double) as denominator,
    cast(on_time_parcels as double) / nullif(due_parcels, 0) as value
from {{ ref('rollup_parcels') }}
