select
    grain,
    period_start,
    dimension,
    member,
    cast(sales as double) as numerator,
    cast(units_sold as double) as denominator,
    cast(sales as double) / nullif(units_sold, 0) as value
from {{ ref('rollup_orders') }}
where grain <> 'hour'
