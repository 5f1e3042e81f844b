-- Why is our number not theirs? Every walk of the last whole month, step by step.
select
    reconciliation.shop_id,
    reconciliation.platform,
    reconciliation.figure,
    reconciliation.label,
    reconciliation.amount,
    reconciliation.running_total,
    reconciliation.is_reported
from {{ ref('reconciliation') }} as reconciliation
inner join {{ ref('dim_periods') }} as dim_periods
    on
        reconciliation.grain = dim_periods.grain
        and reconciliation.period_start = dim_periods.previous_period_start
where reconciliation.grain = 'month' and dim_periods.is_current
order by
    reconciliation.shop_id asc nulls last,
    reconciliation.platform asc nulls last,
    reconciliation.figure asc nulls last,
    reconciliation.step_number asc nulls last
