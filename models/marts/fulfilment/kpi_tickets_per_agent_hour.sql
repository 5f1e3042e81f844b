select
    grain,
    period_start,
    dimension,
    member,
    cast(handled_contacts as double) as numerator,
    cast(support_hours as double) as denominator,
    cast(handled_contacts as double) / nullif(support_hours, 0) as value
from {{ ref('rollup_staff') }}
-- Teams and persons have no orders or contacts of their own.
where support_hours is not null
