select
    grain,
    period_start,
    dimension,
    member,
    nullif(cast(acquisition_cost_full as double), 0) as numerator,
    cast(new_customers as double) as denominator,
    nullif(cast(acquisition_cost_full as double), 0) / nullif(new_customers, 0) as value
from {{ ref('rollup_marketing') }}
where dimension in ('all', 'shop', 'channel')
