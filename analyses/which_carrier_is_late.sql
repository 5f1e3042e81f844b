-- Which carrier is late? Parcels of the last complete quarter.
with last_quarter as (
    select max(period_start) as period_start
    from {{ ref('dim_periods') }}
    where grain = 'quarter' and is_complete
)

select
    on_time.member as carrier,
    on_time.denominator as parcels_due,
    on_time.value as on_time_delivery_rate,
    days.value as median_delivery_days
from {{ ref('kpi_on_time_delivery_rate') }} as on_time
inner join last_quarter
    on on_time.period_start = last_quarter.period_start
left join {{ ref('kpi_delivery_days') }} as days
    on
        on_time.grain = days.grain
        and on_time.period_start = days.period_start
        and on_time.dimension = days.dimension
        and on_time.member = days.member
where on_time.grain = 'quarter' and on_time.dimension = 'carrier'
order by on_time_delivery_rate asc nulls last
