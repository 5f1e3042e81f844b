-- Thirty products of each alert, those that cost most first.
with ranked as (
    select
        alert,
        product_name,
        category,
        shop_id,
        on_hand,
        stock_value,
        demand_per_day,
        suggested_quantity,
        reason,
        row_number() over (
            partition by alert
            order by
                case when alert = 'dead' then stock_value else demand_per_day end
                desc nulls last,
                product_id asc nulls last
        ) as place
    from {{ ref('stock_alerts') }}
)

select
    alert,
    product_name,
    category,
    shop_id,
    on_hand,
    stock_value,
    demand_per_day,
    suggested_quantity,
    reason
from ranked
where place <= 30
order by
    case alert when 'oversold' then 1 when 'reorder' then 2 else 3 end asc nulls last,
    place asc nulls last
