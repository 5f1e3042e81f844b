-- Which stock lies dead? What has not been sold for long, and the money in it.
select
    product_name,
    shop_id,
    on_hand,
    stock_value,
    last_sold_date,
    unsold_days,
    reason
from {{ ref('stock_alerts') }}
where alert = 'dead'
order by stock_value desc nulls last, product_name asc nulls last
