-- Each step of the bridge leads from one basis to the other, to the last digit.
select
    grain,
    period_start,
    shop_id,
    net_sales,
    returns_of_other_periods,
    returns_in_other_periods,
    net_sales_order_date
from {{ ref('sales_basis_bridge') }}
where
    net_sales + returns_of_other_periods - returns_in_other_periods
    <> net_sales_order_date
