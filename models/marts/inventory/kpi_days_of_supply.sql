select
    grain,
    period_start,
    dimension,
    member,
    cast(units_at_end as double) as numerator,
    cast(units_sold_28_days_at_end as double) / 28 as denominator,
    cast(units_at_end as double) / nullif(units_sold_28_days_at_end / 28e0, 0) as value
from {{ ref('rollup_stock') }}
