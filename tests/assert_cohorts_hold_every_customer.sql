-- Every customer belongs to one cohort, all of a cohort order in their first month, and
-- the cohorts' orders and sales are those of all known customers.
with cohorts as (
    select
        grain,
        dimension,
        sum(case when months_since_first = 0 then cohort_customers else 0 end)
            as customers,
        sum(case when months_since_first = 0 then active_customers else 0 end)
            as first_month_customers,
        sum(orders) as orders,
        sum(sales) as sales,
        max(active_customers - cohort_customers) as surplus
    from {{ ref('rollup_cohorts') }}
    group by 1, 2
),

customers as (
    select
        count(*) as customers,
        sum(orders) as orders,
        sum(sales) as sales
    from {{ ref('dim_customers') }}
    where first_order_date is not null
)

select
    cohorts.grain,
    cohorts.dimension,
    cohorts.customers as cohort_customers,
    customers.customers,
    cohorts.orders as cohort_orders,
    customers.orders,
    cohorts.sales as cohort_sales,
    customers.sales
from cohorts
cross join customers
where
    cohorts.customers <> customers.customers
    or cohorts.first_month_customers <> customers.customers
    or cohorts.orders <> customers.orders
    or cohorts.sales <> customers.sales
    or cohorts.surplus > 0
