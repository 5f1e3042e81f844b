-- More goods came back than were sold: a refund of something else than merchandise, a
-- gift card or an edited order. They count as returned. Look at
-- the orders; where a refund was a mistake, mend it in the shop.
{{ config(severity='warn') }}

select
    order_id,
    sales,
    returns
from {{ ref('fct_orders') }}
where is_placed and returns > greatest(sales, 0) + 0.01 * fx_rate
