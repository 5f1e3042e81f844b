{{ config(
    materialized='incremental',
    meta={
        'unit': 'event_id',
        'touched': "
            select event_id from int_told_items__changes
            union all
            select event_id from int_events__changes
            union all
            select event_id from int_told_items
            where item_id in (
                select product_id from int_products__changes
                group by shop_id, product_id, sku
                having count(*) = 1
                union all
                select shop_id || ':' || sku from int_products__changes
                group by shop_id, product_id, sku
                having count(*) = 1
            )
        ",
    },
) }}

-- Tag set-ups send the SKU where the shop's own id is expected as often as not.
with products_by_sku as (
    select
        shop_id || ':' || sku as item_id,
        min(product_id) as product_id
    from {{ ref('int_products') }}
    where sku is not null
    group by shop_id || ':' || sku
)

select
    int_told_items.event_id,
    int_told_items.shop_id,
    int_events.session_id,
    int_events.visitor_id,
    int_events.event_at,
    int_events.event_name,
    coalesce(
        int_products.product_id, products_by_sku.product_id, int_told_items.item_id
    ) as product_id,
    int_told_items.category,
    int_told_items.quantity,
    int_told_items.price
from {{ ref('int_told_items') }} as int_told_items
inner join {{ ref('int_events') }} as int_events
    on int_told_items.event_id = int_events.event_id
left join {{ ref('int_products') }} as int_products
    on int_told_items.item_id = int_products.product_id
left join products_by_sku
    on int_told_items.item_id = products_by_sku.item_id
where {{ touched('int_told_items.event_id') }}
