-- Does the service desk keep up? The last eight weeks: calls, how many were answered,
-- how long people waited, and the first reply to tickets.
select
    calls.period_start as week,
    calls.value as calls_received,
    answered.value as call_answer_rate,
    waits.value as call_wait_seconds,
    replies.value as first_response_minutes,
    contacts.value as contacts_per_order
from {{ ref('kpi_calls_received') }} as calls
inner join {{ ref('dim_periods') }} as dim_periods
    on
        calls.grain = dim_periods.grain
        and calls.period_start = dim_periods.period_start
left join {{ ref('kpi_call_answer_rate') }} as answered
    on
        calls.grain = answered.grain
        and calls.period_start = answered.period_start
        and calls.dimension = answered.dimension
left join {{ ref('kpi_call_wait_seconds') }} as waits
    on
        calls.grain = waits.grain
        and calls.period_start = waits.period_start
        and calls.dimension = waits.dimension
left join {{ ref('kpi_first_response_minutes') }} as replies
    on
        calls.grain = replies.grain
        and calls.period_start = replies.period_start
        and calls.dimension = replies.dimension
left join {{ ref('kpi_contact_rate') }} as contacts
    on
        calls.grain = contacts.grain
        and calls.period_start = contacts.period_start
        and calls.dimension = contacts.dimension
where
    calls.grain = 'week' and calls.dimension = 'all' and dim_periods.is_complete
order by calls.period_start desc nulls last
limit 8
