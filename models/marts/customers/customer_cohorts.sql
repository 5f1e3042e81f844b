select
    cast(period_start as date) as cohort_month,
    dimension,
    member,
    months_since_first as month_number,
    cohort_customers,
    active_customers,
    cast(active_customers as double) / nullif(cohort_customers, 0) as retention_share,
    orders,
    sales,
    returns,
    gross_profit,
    cumulative_sales,
    cumulative_gross_profit,
    cast(cumulative_sales as double) / nullif(cohort_customers, 0)
        as cumulative_sales_per_customer,
    cast(cumulative_gross_profit as double) / nullif(cohort_customers, 0)
        as cumulative_gross_profit_per_customer,
    cast(acquisition_cost as double) / nullif(cohort_customers, 0)
        as acquisition_cost_per_customer,
    cast(cumulative_gross_profit - acquisition_cost as double)
    / nullif(cohort_customers, 0) as lifetime_value_per_customer,
    is_complete
from {{ ref('rollup_cohorts') }}
where grain = 'month'
