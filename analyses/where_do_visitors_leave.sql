-- Where do visitors leave? The funnel of the last complete month, by device: of those
-- who came to a step, how many went on.
with last_month as (
    select max(period_start) as period_start
    from {{ ref('dim_periods') }}
    where grain = 'month' and is_complete
)

select
    funnel.member as device,
    funnel.step_number,
    funnel.step,
    funnel.sessions,
    funnel.step_rate,
    funnel.overall_rate,
    funnel.drop_off
from {{ ref('funnel') }} as funnel
inner join last_month
    on funnel.period_start = last_month.period_start
where funnel.grain = 'month' and funnel.dimension = 'device'
order by funnel.member asc nulls last, funnel.step_number asc nulls last
