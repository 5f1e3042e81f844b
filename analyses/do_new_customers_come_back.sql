-- Do new customers come back? Of the customers of each month, the share that bought
-- again one, three, six and twelve months later. A month that is not over is empty.
select
    cohort_month,
    max(cohort_customers) as customers,
    max(case when month_number = 1 and is_complete then retention_share end)
        as after_1_month,
    max(case when month_number = 3 and is_complete then retention_share end)
        as after_3_months,
    max(case when month_number = 6 and is_complete then retention_share end)
        as after_6_months,
    max(case when month_number = 12 and is_complete then retention_share end)
        as after_12_months
from {{ ref('customer_cohorts') }}
where dimension = 'all'
group by cohort_month
order by cohort_month desc nulls last
