select
    grain,
    period_start,
    dimension,
    member,
    cast(gross_profit as double) as numerator,
    cast(1 as double) as denominator,
    cast(gross_profit as double) as value
from {{ ref('rollup_orders') }}
where grain <> 'hour'
