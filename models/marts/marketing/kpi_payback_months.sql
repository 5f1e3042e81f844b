select
    grain,
    period_start,
    dimension,
    member,
    cast(min(case
        when cumulative_gross_profit >= nullif(acquisition_cost, 0)
            then months_since_first + 1
    end) as double) as numerator,
    cast(1 as double) as denominator,
    cast(min(case
        when cumulative_gross_profit >= nullif(acquisition_cost, 0)
            then months_since_first + 1
    end) as double) as value
from {{ ref('rollup_cohorts') }}
group by 1, 2, 3, 4
