select
    grain,
    period_start,
    dimension,
    member,
    cast(units_returned_order_date as double) as numerator,
    cast(units_sold as double) as denominator,
    cast(units_returned_order_date as double) / nullif(units_sold, 0) as value
from {{ ref('rollup_orders') }}
where grain <> 'hour'
