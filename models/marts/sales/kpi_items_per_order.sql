select
    grain,
    period_start,
    dimension,
    member,
    cast(units_sold as double) as numerator,
    cast(orders as double) as denominator,
    cast(units_sold as double) / nullif(orders, 0) as value
from {{ ref('rollup_orders') }}
where grain <> 'hour'
