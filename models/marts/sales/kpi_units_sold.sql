select
    grain,
    period_start,
    dimension,
    member,
    cast(units_sold as double) as numerator,
    cast(1 as double) as denominator,
    cast(units_sold as double) as value
from {{ ref('rollup_orders') }}
where grain <> 'hour'
