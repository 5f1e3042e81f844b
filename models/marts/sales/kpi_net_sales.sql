select
    grain,
    period_start,
    dimension,
    member,
    cast(net_sales as double) as numerator,
    cast(1 as double) as denominator,
    cast(net_sales as double) as value
from {{ ref('rollup_orders') }}
where grain <> 'hour'
