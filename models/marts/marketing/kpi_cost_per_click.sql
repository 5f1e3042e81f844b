select
    grain,
    period_start,
    dimension,
    member,
    cast(ad_spend as double) as numerator,
    cast(clicks as double) as denominator,
    cast(ad_spend as double) / nullif(clicks, 0) as value
from {{ ref('rollup_marketing') }}
