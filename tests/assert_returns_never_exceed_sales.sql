-- More goods came back than were sold: a refund of something else than merchandise, a
-- gift card or an edited order. A warning that names the orders.
{{ config(severity='warn') }}

select
    order_id,
    sales,
    returns
from {{ ref('fct_orders') }}
where is_placed and returns > greatest(sales, 0) + 0.01 * fx_rate
