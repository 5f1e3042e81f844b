-- Whether those who answered the survey bought again, by quarter.
select
    'Q'
    || cast(cast(extract(quarter from period_start) as bigint) as string)
    || ' '
    || cast(cast(extract(year from period_start) as bigint) as string) as period,
    answer_group,
    settled_customers,
    settled_buyers_again,
    settled_buyers_again_share
from {{ ref('advocates') }}
where dimension = 'all' and grain = 'quarter' and settled_customers > 0
order by
    period_start desc nulls last,
    case answer_group when 'promoter' then 1 when 'passive' then 2 else 3 end
    asc nulls last
