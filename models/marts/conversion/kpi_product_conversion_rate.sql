select
    grain,
    period_start,
    dimension,
    member,
    cast(product_purchase_sessions as double) as numerator,
    cast(product_view_sessions as double) as denominator,
    cast(product_purchase_sessions as double)
    / nullif(product_view_sessions, 0) as value
from {{ ref('rollup_products') }}
