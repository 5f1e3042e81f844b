select
    grain,
    period_start,
    dimension,
    member,
    cast(out_of_stock_product_days as double) as numerator,
    cast(active_product_days as double) as denominator,
    cast(out_of_stock_product_days as double) / nullif(active_product_days, 0) as value
from {{ ref('rollup_stock') }}
