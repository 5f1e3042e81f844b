select
    grain,
    period_start,
    dimension,
    member,
    cast(paid_attributed_sales as double) as numerator,
    cast(ad_spend as double) as denominator,
    cast(paid_attributed_sales as double) / nullif(ad_spend, 0) as value
from {{ ref('rollup_marketing') }}
