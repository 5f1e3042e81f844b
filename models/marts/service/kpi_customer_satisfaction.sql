select
    grain,
    period_start,
    dimension,
    member,
    cast(satisfied_answers as double) as numerator,
    cast(csat_answers as double) as denominator,
    cast(satisfied_answers as double) / nullif(csat_answers, 0) as value
from {{ ref('rollup_surveys') }}
