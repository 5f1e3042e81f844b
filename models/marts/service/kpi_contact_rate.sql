select
    grain,
    period_start,
    dimension,
    member,
    cast(contacts as double) as numerator,
    cast(placed_orders as double) as denominator,
    cast(contacts as double) / nullif(placed_orders, 0) as value
from {{ ref('rollup_contacts') }}
where grain <> 'hour' and dimension in ('all', 'shop')
