select
    grain,
    period_start,
    dimension,
    member,
    cast(gross_profit as double) as numerator,
    cast(greatest(costed_net_sales, 0) as double) as denominator,
    cast(gross_profit as double) / nullif(greatest(costed_net_sales, 0), 0) as value
from {{ ref('rollup_orders') }}
where grain <> 'hour'
