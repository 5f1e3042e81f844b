with products_by_sku as (
    {{ products_by_sku() }}
),

offers as (
    select
        stg_flat__competitor_offers.source_system,
        stg_flat__competitor_offers.shop_id,
        stg_flat__competitor_offers.offer_id,
        stg_flat__competitor_offers.seen_at,
        cast({{ to_local('stg_flat__competitor_offers.seen_at',
                         "coalesce(int_shops.time_zone, 'UTC')") }} as date)
            as seen_date,
        coalesce(
            int_products.product_id,
            products_by_sku.product_id,
            stg_flat__competitor_offers.product_id,
            stg_flat__competitor_offers.shop_id
            || ':' || stg_flat__competitor_offers.sku
        ) as product_id,
        coalesce(int_products.product_id, products_by_sku.product_id) is not null
            as is_matched,
        stg_flat__competitor_offers.competitor,
        stg_flat__competitor_offers.is_available,
        stg_flat__competitor_offers.price,
        coalesce(stg_flat__competitor_offers.currency, int_shops.currency) as currency,
        stg_flat__competitor_offers.own_price,
        int_shops.currency as own_currency
    from {{ ref('stg_flat__competitor_offers') }} as stg_flat__competitor_offers
    left join {{ ref('int_shops') }} as int_shops
        on stg_flat__competitor_offers.shop_id = int_shops.shop_id
    left join {{ ref('int_products') }} as int_products
        on stg_flat__competitor_offers.product_id = int_products.product_id
    left join products_by_sku
        on
            stg_flat__competitor_offers.shop_id = products_by_sku.shop_id
            and stg_flat__competitor_offers.sku = products_by_sku.sku
),

-- A product file knows today's price only; what was charged tells the earlier ones.
charged_days as (
    select
        int_order_lines.product_id,
        cast({{ to_local('int_orders.ordered_at', 'int_shops.time_zone') }} as date)
            as ordered_date,
        max(int_order_lines.unit_price) as list_price
    from {{ ref('int_order_lines') }} as int_order_lines
    inner join {{ ref('int_orders') }} as int_orders
        on int_order_lines.order_id = int_orders.order_id
    inner join {{ ref('int_shops') }} as int_shops
        on
            int_orders.shop_id = int_shops.shop_id
            and int_orders.currency = int_shops.currency
    where
        int_order_lines.unit_price > 0
        and not coalesce(int_orders.is_test, false)
        and not coalesce(int_orders.is_draft, false)
        and int_order_lines.product_id in (select offers.product_id from offers)
    group by
        int_order_lines.product_id,
        cast({{ to_local('int_orders.ordered_at', 'int_shops.time_zone') }} as date)
),

charged as (
    select
        product_id,
        ordered_date,
        list_price,
        coalesce(
            lead(ordered_date) over (
                partition by product_id order by ordered_date asc nulls last
            ),
            date '9999-12-31'
        ) as next_ordered_date
    from charged_days
)

select
    offers.source_system,
    offers.shop_id,
    offers.offer_id,
    offers.seen_at,
    offers.seen_date,
    offers.product_id,
    offers.is_matched,
    offers.competitor,
    offers.is_available,
    offers.price,
    offers.currency,
    coalesce(offers.own_price, charged.list_price, int_products.list_price)
        as own_price,
    offers.own_currency
from offers
left join charged
    on
        offers.product_id = charged.product_id
        and offers.seen_date >= charged.ordered_date
        and offers.seen_date < charged.next_ordered_date
left join {{ ref('int_products') }} as int_products
    on offers.product_id = int_products.product_id
