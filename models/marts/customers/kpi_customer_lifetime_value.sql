with factors as (
    select
        grain,
        period_start,
        dimension,
        member,
        cast(customer_sales as double) / nullif(customer_orders, 0)
            as average_order_value,
        cast(customer_orders as double)
        / nullif(purchasing_customers, 0)
        / nullif(period_months, 0) as orders_per_month,
        lifetime_months / nullif(purchasing_customers, 0) as mean_lifetime_months,
        cast(customer_gross_profit as double)
        / nullif(customer_costed_net_sales, 0) as gross_margin
    from {{ ref('rollup_customers') }}
    where grain not in ('day', 'week', 'week_to_date')
)

select
    grain,
    period_start,
    dimension,
    member,
    average_order_value * orders_per_month * mean_lifetime_months * gross_margin
        as numerator,
    cast(1 as double) as denominator,
    average_order_value * orders_per_month * mean_lifetime_months * gross_margin
        as value
from factors
