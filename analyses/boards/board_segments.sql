-- The segments, the most valuable customers first.
select
    segment,
    customers,
    customer_share,
    net_sales_share,
    net_sales_per_customer,
    predicted_value_per_customer
from {{ ref('customer_segment_sizes') }}
order by net_sales_per_customer desc nulls last, segment asc nulls last
