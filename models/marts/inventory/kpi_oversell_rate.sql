select
    grain,
    period_start,
    dimension,
    member,
    cast(oversold_lines as double) as numerator,
    cast(order_lines as double) as denominator,
    cast(oversold_lines as double) / nullif(order_lines, 0) as value
from {{ ref('rollup_stock') }}
