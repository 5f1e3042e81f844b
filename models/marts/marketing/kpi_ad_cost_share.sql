select
    grain,
    period_start,
    dimension,
    member,
    cast(ad_spend as double) as numerator,
    cast(paid_attributed_sales as double) as denominator,
    cast(ad_spend as double) / nullif(paid_attributed_sales, 0) as value
from {{ ref('rollup_marketing') }}
