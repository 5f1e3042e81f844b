-- Refunds by refund date and by order date differ by period and are the same over all
-- time, in every slice.
select
    dimension,
    member,
    sum(net_sales) as net_sales,
    sum(net_sales_order_date) as net_sales_order_date,
    sum(total_sales) as total_sales,
    sum(total_sales_order_date) as total_sales_order_date,
    sum(gross_profit) as gross_profit,
    sum(gross_profit_order_date) as gross_profit_order_date
from {{ ref('rollup_orders') }}
where grain = 'day'
group by dimension, member
having
    abs(sum(net_sales) - sum(net_sales_order_date)) > 0.0001
    or abs(sum(total_sales) - sum(total_sales_order_date)) > 0.0001
    or abs(sum(gross_profit) - sum(gross_profit_order_date)) > 0.0001
