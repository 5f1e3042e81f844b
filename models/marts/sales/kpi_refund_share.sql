select
    grain,
    period_start,
    dimension,
    member,
    cast(returns as double) as numerator,
    cast(sales as double) as denominator,
    cast(returns as double) / nullif(sales, 0) as value
from {{ ref('rollup_orders') }}
where grain <> 'hour'
