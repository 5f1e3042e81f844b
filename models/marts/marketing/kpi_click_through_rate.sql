select
    grain,
    period_start,
    dimension,
    member,
    cast(clicks as double) as numerator,
    cast(impressions as double) as denominator,
    cast(clicks as double) / nullif(impressions, 0) as value
from {{ ref('rollup_marketing') }}
