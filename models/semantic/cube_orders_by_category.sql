-- Written by `warehouse docs` from rollup_orders; change that.
select
    cast(period_start as date) as date_day,
    member as category,
    orders,
    units_sold,
    gross_sales,
    discounts,
    sales,
    returns,
    net_sales,
    costed_net_sales,
    gross_profit,
    repeat_sales,
    cancelled_orders,
    dispatched_orders,
    refused_orders,
    units_returned_order_date
from {{ ref('rollup_orders') }}
where grain = 'day' and dimension = 'category'
