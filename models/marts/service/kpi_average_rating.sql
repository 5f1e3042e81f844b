select
    grain,
    period_start,
    dimension,
    member,
    cast(stars as double) as numerator,
    cast(reviews as double) as denominator,
    cast(stars as double) / nullif(reviews, 0) as value
from {{ ref('rollup_reviews') }}
