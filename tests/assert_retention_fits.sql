-- Nobody is retained who was not there, what one period ends with the next begins with,
-- and the customers who were there before are the buyers of the period before.
select
    rollup_retention.grain,
    rollup_retention.period_start,
    rollup_retention.dimension,
    rollup_retention.member,
    rollup_retention.previous_customers,
    rollup_retention.retained_customers,
    rollup_retention.active_customers_start,
    rollup_retention.active_customers_end,
    rollup_retention.active_new_customers
from {{ ref('rollup_retention') }} as rollup_retention
left join {{ ref('dim_periods') }} as dim_periods
    on
        rollup_retention.grain = dim_periods.grain
        and rollup_retention.period_start = dim_periods.period_start
left join {{ ref('rollup_customers') }} as earlier_customers
    on
        replace(rollup_retention.grain, '_to_date', '') = earlier_customers.grain
        and dim_periods.previous_period_start = earlier_customers.period_start
        and rollup_retention.dimension = earlier_customers.dimension
        and rollup_retention.member = earlier_customers.member
left join {{ ref('rollup_retention') }} as earlier_retention
    on
        replace(rollup_retention.grain, '_to_date', '') = earlier_retention.grain
        and dim_periods.previous_period_start = earlier_retention.period_start
        and rollup_retention.dimension = earlier_retention.dimension
        and rollup_retention.member = earlier_retention.member
where
    dim_periods.period_start is null
    or rollup_retention.retained_customers > rollup_retention.previous_customers
    or rollup_retention.active_new_customers > rollup_retention.active_customers_end
    or rollup_retention.active_customers_start < 0
    or rollup_retention.previous_customers
    <> coalesce(earlier_customers.purchasing_customers, 0)
    or rollup_retention.active_customers_start
    <> coalesce(earlier_retention.active_customers_end, 0)
