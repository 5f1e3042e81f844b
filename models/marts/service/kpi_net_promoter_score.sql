select
    grain,
    period_start,
    dimension,
    member,
    cast(100 * (promoters - detractors) as double) as numerator,
    cast(nps_answers as double) as denominator,
    cast(100 * (promoters - detractors) as double) / nullif(nps_answers, 0) as value
from {{ ref('rollup_surveys') }}
where dimension in ('all', 'shop')
