select
    grain,
    period_start,
    dimension,
    member,
    cast(add_to_cart_sessions as double) as numerator,
    cast(sessions as double) as denominator,
    cast(add_to_cart_sessions as double) / nullif(sessions, 0) as value
from {{ ref('rollup_sessions') }}
