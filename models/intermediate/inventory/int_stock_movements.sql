with products_by_sku as (
    {{ products_by_sku() }}
),

booked as (
    select
        stg_flat__stock_movements.movement_id,
        stg_flat__stock_movements.shop_id,
        coalesce(
            int_products.product_id,
            products_by_id.product_id,
            products_by_sku.product_id,
            stg_flat__stock_movements.product_id,
            stg_flat__stock_movements.shop_id || ':' || stg_flat__stock_movements.sku
        ) as product_id,
        stg_flat__stock_movements.moved_at,
        cast(
            {{ to_local('stg_flat__stock_movements.moved_at',
                        "coalesce(int_shops.time_zone, 'UTC')") }} as date
        ) as movement_date,
        stg_flat__stock_movements.kind,
        stg_flat__stock_movements.quantity
    from {{ ref('stg_flat__stock_movements') }} as stg_flat__stock_movements
    left join {{ ref('int_shops') }} as int_shops
        on stg_flat__stock_movements.shop_id = int_shops.shop_id
    left join {{ ref('int_products') }} as int_products
        on stg_flat__stock_movements.product_id = int_products.product_id
    left join products_by_sku as products_by_id
        on stg_flat__stock_movements.product_id = products_by_id.sku_id
    left join products_by_sku
        on
            stg_flat__stock_movements.shop_id || ':' || stg_flat__stock_movements.sku
            = products_by_sku.sku_id
),

-- Where the books hold sales, orders would sell the same pieces again.
shops_with_sales as (
    select distinct shop_id
    from booked
    where kind = 'sale'
),

ordered as (
    select
        'line ' || int_order_lines.order_line_id as movement_id,
        int_order_lines.shop_id,
        int_order_lines.product_id,
        int_orders.ordered_at as moved_at,
        int_order_terms.order_date as movement_date,
        'sale' as kind,
        -int_order_lines.quantity as quantity
    from {{ ref('int_order_lines') }} as int_order_lines
    inner join {{ ref('int_orders') }} as int_orders
        on int_order_lines.order_id = int_orders.order_id
    inner join {{ ref('int_order_terms') }} as int_order_terms
        on int_order_lines.order_id = int_order_terms.order_id
    inner join {{ ref('int_order_policy') }} as int_order_policy
        on int_order_lines.order_id = int_order_policy.order_id
    left join shops_with_sales
        on int_order_lines.shop_id = shops_with_sales.shop_id
    where
        int_order_policy.is_placed
        and not int_order_lines.is_gift_card
        and int_order_lines.quantity > 0
        and shops_with_sales.shop_id is null
    union all
    select
        'return ' || int_return_amounts.return_id as movement_id,
        int_return_amounts.shop_id,
        int_return_amounts.product_id,
        int_return_amounts.refunded_at as moved_at,
        cast(int_return_amounts.refunded_at_local as date) as movement_date,
        'return' as kind,
        int_return_amounts.restocked_units as quantity
    from {{ ref('int_return_amounts') }} as int_return_amounts
    inner join {{ ref('int_order_policy') }} as int_order_policy
        on int_return_amounts.order_id = int_order_policy.order_id
    left join shops_with_sales
        on int_return_amounts.shop_id = shops_with_sales.shop_id
    where
        int_order_policy.is_placed
        and int_return_amounts.restocked_units > 0
        and shops_with_sales.shop_id is null
)

select
    movement_id,
    shop_id,
    product_id,
    moved_at,
    movement_date,
    kind,
    quantity,
    true as is_booked
from booked
where product_id is not null
union all
select
    movement_id,
    shop_id,
    product_id,
    moved_at,
    movement_date,
    kind,
    quantity,
    false as is_booked
from ordered
where product_id is not null
