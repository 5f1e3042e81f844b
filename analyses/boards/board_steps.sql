-- The steps of the month's orders, each in the unit that suits it.
select
    fulfilment_times.step,
    fulfilment_times.measured,
    cast(cast(fulfilment_times.p50 as decimal(18, 1)) as string)
    || ' '
    || fulfilment_times.unit as p50,
    cast(cast(fulfilment_times.p90 as decimal(18, 1)) as string)
    || ' '
    || fulfilment_times.unit as p90
from {{ ref('fulfilment_times') }} as fulfilment_times
inner join {{ ref('dim_periods') }} as dim_periods
    on
        fulfilment_times.grain = dim_periods.grain
        and fulfilment_times.period_start = dim_periods.period_start
where
    dim_periods.grain = '{{ var("grain", "month") }}'
    and dim_periods.is_current
    and fulfilment_times.dimension = 'all'
order by fulfilment_times.step_number asc nulls last
