select
    grain,
    period_start,
    dimension,
    member,
    cast(brand_clicks as double) as numerator,
    cast(clicks as double) as denominator,
    cast(brand_clicks as double) / nullif(clicks, 0) as value
from {{ ref('rollup_search_terms') }}
