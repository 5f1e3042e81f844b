-- Written by `warehouse docs` from rollup_actions; change that.
select
    cast(period_start as date) as date_day,
    member as action,
    ad_spend,
    actions
from {{ ref('rollup_actions') }}
where grain = 'day' and dimension = 'action'
