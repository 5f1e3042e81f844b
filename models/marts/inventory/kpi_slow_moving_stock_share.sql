select
    grain,
    period_start,
    dimension,
    member,
    cast(slow_stock_value_at_end as double) as numerator,
    cast(stock_value_at_end as double) as denominator,
    cast(slow_stock_value_at_end as double) / nullif(stock_value_at_end, 0) as value
from {{ ref('rollup_stock') }}
