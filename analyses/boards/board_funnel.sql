-- The month's funnel, of all and of each device.
select
    funnel.member,
    funnel.step,
    funnel.sessions
from {{ ref('funnel') }} as funnel
inner join {{ ref('dim_periods') }} as dim_periods
    on
        funnel.grain = dim_periods.grain
        and funnel.period_start = dim_periods.period_start
where
    dim_periods.grain = '{{ var("grain", "month") }}'
    and dim_periods.is_current
    and funnel.dimension in ('all', 'device')
    and funnel.member <> 'unknown'
order by
    case when funnel.dimension = 'all' then 0 else 1 end asc nulls last,
    max(funnel.sessions) over (partition by funnel.member) desc nulls last,
    funnel.member asc nulls last,
    funnel.step_number asc nulls last
