select
    grain,
    period_start,
    dimension,
    member,
    cast(customer_sales as double) as numerator,
    cast(purchasing_customers as double) as denominator,
    cast(customer_sales as double) / nullif(purchasing_customers, 0) as value
from {{ ref('rollup_customers') }}
