select
    grain,
    period_start,
    dimension,
    member,
    cast(acquisition_spend as double) as numerator,
    cast(new_customers as double) as denominator,
    cast(acquisition_spend as double) / nullif(new_customers, 0) as value
from {{ ref('rollup_marketing') }}
where dimension in ('all', 'shop', 'channel')
