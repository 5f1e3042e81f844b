select
    grain,
    period_start,
    dimension,
    member,
    cast(abandoned_carts as double) as numerator,
    cast(settled_carts as double) as denominator,
    cast(abandoned_carts as double) / nullif(settled_carts, 0) as value
from {{ ref('rollup_carts') }}
