with sized as (
    select
        customer_segments.segment,
        count(*) as customers,
        sum(customer_segments.orders) as orders,
        sum(customer_segments.net_sales) as net_sales,
        sum(fct_customer_predictions.predicted_value) as predicted_value,
        count(fct_customer_predictions.predicted_value) as predicted_customers
    from {{ ref('customer_segments') }} as customer_segments
    left join {{ ref('fct_customer_predictions') }} as fct_customer_predictions
        on customer_segments.customer_id = fct_customer_predictions.customer_id
    group by customer_segments.segment
)

select
    segment,
    cast(customers as bigint) as customers,
    cast(customers as double) / nullif(sum(customers) over (), 0) as customer_share,
    cast(orders as bigint) as orders,
    cast(net_sales as decimal(18, 4)) as net_sales,
    cast(net_sales as double) / nullif(sum(net_sales) over (), 0) as net_sales_share,
    cast(net_sales as double) / nullif(customers, 0) as net_sales_per_customer,
    cast(predicted_value as decimal(18, 4)) as predicted_value,
    cast(predicted_value as double) / nullif(predicted_customers, 0)
        as predicted_value_per_customer
from sized
