select
    grain,
    period_start,
    dimension,
    member,
    cast(ad_spend as double) as numerator,
    cast(1 as double) as denominator,
    cast(ad_spend as double) as value
from {{ ref('rollup_marketing') }}
