select
    grain,
    period_start,
    dimension,
    member,
    cast(paid_attributed_gross_profit - ad_spend as double) as numerator,
    cast(ad_spend as double) as denominator,
    cast(paid_attributed_gross_profit - ad_spend as double)
    / nullif(ad_spend, 0) as value
from {{ ref('rollup_marketing') }}
