select
    grain,
    period_start,
    dimension,
    member,
    cast(discounts as double) as numerator,
    cast(gross_sales as double) as denominator,
    cast(discounts as double) / nullif(gross_sales, 0) as value
from {{ ref('rollup_orders') }}
where grain <> 'hour'
