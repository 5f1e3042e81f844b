-- Net sales with returns on their refund date and on their order date.
select
    cast(period_start as date) as period_start,
    sum(net_sales) as net_sales,
    sum(net_sales_order_date) as net_sales_order_date
from {{ ref('sales_basis_bridge') }}
where grain = '{{ var("grain", "month") }}'
group by cast(period_start as date)
order by cast(period_start as date) nulls last
