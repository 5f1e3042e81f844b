select
    grain,
    period_start,
    dimension,
    member,
    cast(impressions as double) as numerator,
    cast(1 as double) as denominator,
    cast(impressions as double) as value
from {{ ref('rollup_marketing') }}
