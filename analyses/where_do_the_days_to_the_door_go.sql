-- Where do the days from order to door go? Each step of the way in the last complete
-- month: half of the parcels take at most p50, nine of ten at most p90.
with last_month as (
    select max(period_start) as period_start
    from {{ ref('dim_periods') }}
    where grain = 'month' and is_complete
)

select
    fulfilment_times.step_number,
    fulfilment_times.step,
    fulfilment_times.unit,
    fulfilment_times.measured,
    fulfilment_times.p50,
    fulfilment_times.p90
from {{ ref('fulfilment_times') }} as fulfilment_times
inner join last_month
    on fulfilment_times.period_start = last_month.period_start
where fulfilment_times.grain = 'month' and fulfilment_times.dimension = 'all'
order by fulfilment_times.step_number nulls last
