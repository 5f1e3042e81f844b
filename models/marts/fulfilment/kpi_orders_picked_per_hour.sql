select
    grain,
    period_start,
    dimension,
    member,
    cast(picked_orders as double) as numerator,
    cast(picking_hours as double) as denominator,
    cast(picked_orders as double) / nullif(picking_hours, 0) as value
from {{ ref('rollup_staff') }}
-- Teams and persons have no orders or contacts of their own.
where picking_hours is not null
