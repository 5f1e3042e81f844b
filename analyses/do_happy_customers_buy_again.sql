-- Do happy customers buy again? What people answered to "would you recommend us", and
-- who of them has bought since; only answers old enough to tell.
select
    extract(year from period_start) as year_of_answer,
    answer_group,
    answers,
    settled_customers,
    settled_buyers_again,
    settled_buyers_again_share
from {{ ref('advocates') }}
where grain = 'year' and dimension = 'all'
order by year_of_answer desc nulls last, settled_buyers_again_share desc nulls last
