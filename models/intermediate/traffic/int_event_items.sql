with items as (
    select
        event_id,
        shop_id,
        product_id,
        category,
        quantity,
        price
    from {{ ref('stg_ga4__event_items') }}
    union all
    select
        event_id,
        shop_id,
        product_id,
        category,
        quantity,
        price
    from {{ ref('stg_flat__event_items') }}
),

-- Tag set-ups send the SKU where the shop's own id is expected as often as not.
products_by_sku as (
    select
        shop_id || ':' || sku as item_id,
        min(product_id) as product_id
    from {{ ref('int_products') }}
    where sku is not null
    group by shop_id || ':' || sku
)

select
    items.event_id,
    items.shop_id,
    int_events.session_id,
    int_events.visitor_id,
    int_events.event_at,
    int_events.event_name,
    coalesce(
        int_products.product_id, products_by_sku.product_id, items.product_id
    ) as product_id,
    items.category,
    items.quantity,
    items.price
from items
inner join {{ ref('int_events') }} as int_events
    on items.event_id = int_events.event_id
left join {{ ref('int_products') }} as int_products
    on items.product_id = int_products.product_id
left join products_by_sku
    on items.product_id = products_by_sku.item_id
where items.product_id is not null
