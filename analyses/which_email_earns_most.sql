-- Which e-mail earns most? Campaigns of the last complete quarter by sales per e-mail,
-- beside how many opened, clicked and left.
with last_quarter as (
    select max(period_start) as period_start
    from {{ ref('dim_periods') }}
    where grain = 'quarter' and is_complete
)

select
    earned.member as campaign,
    earned.denominator as emails,
    earned.value as revenue_per_email,
    opened.value as open_rate,
    clicked.value as click_rate,
    unsubscribed.value as unsubscribe_rate
from {{ ref('kpi_revenue_per_email') }} as earned
inner join last_quarter
    on earned.period_start = last_quarter.period_start
left join {{ ref('kpi_email_open_rate') }} as opened
    on
        earned.grain = opened.grain
        and earned.period_start = opened.period_start
        and earned.dimension = opened.dimension
        and earned.member = opened.member
left join {{ ref('kpi_email_click_rate') }} as clicked
    on
        earned.grain = clicked.grain
        and earned.period_start = clicked.period_start
        and earned.dimension = clicked.dimension
        and earned.member = clicked.member
left join {{ ref('kpi_email_unsubscribe_rate') }} as unsubscribed
    on
        earned.grain = unsubscribed.grain
        and earned.period_start = unsubscribed.period_start
        and earned.dimension = unsubscribed.dimension
        and earned.member = unsubscribed.member
where earned.grain = 'quarter' and earned.dimension = 'campaign'
order by revenue_per_email desc nulls last, campaign asc nulls last
limit 15
