-- When has a customer paid back? The month in which the gross profit of a cohort first
-- exceeds what it cost to win; empty while it has not.
select
    cohort_month,
    max(cohort_customers) as customers,
    max(acquisition_cost_per_customer) as acquisition_cost_per_customer,
    max(case when month_number = 0 then cumulative_gross_profit_per_customer end)
        as profit_of_first_month,
    max(case when is_complete then cumulative_gross_profit_per_customer end)
        as profit_so_far,
    min(
        case
            when cumulative_gross_profit_per_customer >= acquisition_cost_per_customer
                then month_number
        end
    ) as months_to_pay_back
from {{ ref('customer_cohorts') }}
where dimension = 'all'
group by cohort_month
order by cohort_month desc nulls last
