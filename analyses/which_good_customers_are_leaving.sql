-- Which good customers are leaving? The best spenders who have probably bought for the
-- last time, by what they used to bring: people to write to.
select
    customer_id,
    shop_id,
    orders,
    net_sales,
    last_order_date,
    days_since_last_order,
    probability_alive,
    segment
from {{ ref('customer_360') }}
where monetary_score = 5 and orders >= 2 and probability_alive < 0.5
order by net_sales desc nulls last, customer_id asc nulls last
limit 20
