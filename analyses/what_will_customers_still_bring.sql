-- What will our customers still bring? Segments by the predicted value of the next
-- year.
select
    segment,
    customers,
    customer_share,
    net_sales_share,
    net_sales_per_customer,
    predicted_value,
    predicted_value_per_customer
from {{ ref('customer_segment_sizes') }}
order by predicted_value desc nulls last
