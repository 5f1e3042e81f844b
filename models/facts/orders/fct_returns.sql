select
    int_return_amounts.return_id,
    fct_orders.order_id,
    int_return_amounts.shop_id,
    fct_orders.customer_id,
    fct_orders.order_date,
    int_return_amounts.refunded_at,
    int_return_amounts.refunded_at_local,
    cast(int_return_amounts.refunded_at_local as date) as return_date,
    fct_orders.channel_id,
    fct_orders.device,
    fct_orders.country,
    fct_orders.customer_type,
    coalesce(fct_orders.is_placed, false) as is_placed,
    int_return_amounts.product_id,
    int_return_amounts.category,
    int_return_amounts.kind,
    int_return_amounts.reason,
    int_return_amounts.is_date_estimated,
    int_return_amounts.units,
    int_return_amounts.restocked_units,
    int_return_amounts.returns,
    int_return_amounts.returned_shipping,
    int_return_amounts.returned_tax,
    int_return_amounts.costed_returns,
    int_return_amounts.restocked_cogs
from {{ ref('int_return_amounts') }} as int_return_amounts
left join {{ ref('fct_orders') }} as fct_orders
    on int_return_amounts.order_id = fct_orders.order_id
