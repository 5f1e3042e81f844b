-- On which date do returns count? Net sales with every refund on its own day, and with
-- every refund on the day of its order: the last months, and what lies between.
select
    period_start,
    sum(net_sales) as net_sales,
    sum(returns_of_other_periods) as returns_of_other_periods,
    sum(returns_in_other_periods) as returns_in_other_periods,
    sum(net_sales_order_date) as net_sales_order_date
from {{ ref('sales_basis_bridge') }}
where grain = 'month'
group by period_start
order by period_start desc nulls last
limit 6
