select
    grain,
    period_start,
    dimension,
    member,
    cast(ad_spend as double) as numerator,
    cast(actions as double) as denominator,
    cast(ad_spend as double) / nullif(actions, 0) as value
from {{ ref('rollup_actions') }}
