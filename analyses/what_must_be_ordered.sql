-- What must be ordered from suppliers, and how much? The most urgent first: what lasts
-- the shortest against its lead time.
select
    product_name,
    shop_id,
    on_hand,
    demand_per_day,
    days_of_cover,
    lead_time_days,
    reorder_point,
    suggested_quantity,
    reason
from {{ ref('stock_alerts') }}
where alert in ('reorder', 'oversold')
order by days_of_cover - lead_time_days asc nulls last, product_name asc nulls last
limit 20
