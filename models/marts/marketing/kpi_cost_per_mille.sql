select
    grain,
    period_start,
    dimension,
    member,
    cast(1000 * ad_spend as double) as numerator,
    cast(impressions as double) as denominator,
    cast(1000 * ad_spend as double) / nullif(impressions, 0) as value
from {{ ref('rollup_marketing') }}
