-- Retention and gross profit per customer of the last eighteen cohorts, in months that
-- are over for all of a cohort.
select
    customer_cohorts.cohort_month,
    customer_cohorts.month_number,
    customer_cohorts.cohort_customers,
    customer_cohorts.retention_share,
    customer_cohorts.cumulative_gross_profit_per_customer as profit
from {{ ref('customer_cohorts') }} as customer_cohorts
inner join {{ ref('dim_periods') }} as dim_periods
    on dim_periods.grain = 'month' and dim_periods.is_current
where
    customer_cohorts.dimension = 'all'
    and customer_cohorts.is_complete
    and customer_cohorts.month_number between 1 and 12
    and customer_cohorts.cohort_month
    >= cast(dim_periods.period_start as date) - interval '18' month
order by
    customer_cohorts.cohort_month desc nulls last,
    customer_cohorts.month_number asc nulls last
