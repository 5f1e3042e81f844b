select
    grain,
    period_start,
    dimension,
    member,
    cast(sales as double) as numerator,
    cast(total_spend as double) as denominator,
    cast(sales as double) / nullif(total_spend, 0) as value
from {{ ref('rollup_marketing') }}
where dimension in ('all', 'shop', 'channel')
