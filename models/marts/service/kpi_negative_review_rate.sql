select
    grain,
    period_start,
    dimension,
    member,
    cast(negative_reviews as double) as numerator,
    cast(reviews as double) as denominator,
    cast(negative_reviews as double) / nullif(reviews, 0) as value
from {{ ref('rollup_reviews') }}
