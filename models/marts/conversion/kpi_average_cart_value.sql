select
    grain,
    period_start,
    dimension,
    member,
    cast(cart_value as double) as numerator,
    cast(carts as double) as denominator,
    cast(cart_value as double) / nullif(carts, 0) as value
from {{ ref('rollup_carts') }}
