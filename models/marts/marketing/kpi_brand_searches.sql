select
    grain,
    period_start,
    dimension,
    member,
    cast(brand_impressions as double) as numerator,
    cast(1 as double) as denominator,
    cast(brand_impressions as double) as value
from {{ ref('rollup_search_terms') }}
