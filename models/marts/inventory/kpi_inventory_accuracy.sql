select
    grain,
    period_start,
    dimension,
    member,
    cast(accurate_products as double) as numerator,
    cast(counted_products as double) as denominator,
    cast(accurate_products as double) / nullif(counted_products, 0) as value
from {{ ref('rollup_stock') }}
