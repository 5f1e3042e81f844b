{{ config(meta={'tracked': true}) }}

with all_lines as (
    select
        source_system,
        shop_id,
        order_id,
        order_line_id,
        line_number,
        product_id,
        sku,
        product_name,
        category,
        quantity,
        unit_price,
        discount_amount,
        is_gift_card,
        1 as source_rank
    from {{ ref('stg_flat__order_lines') }}
    union all
    select
        source_system,
        shop_id,
        order_id,
        order_line_id,
        line_number,
        product_id,
        sku,
        product_name,
        category,
        quantity,
        unit_price,
        discount_amount,
        is_gift_card,
        2 as source_rank
    from {{ ref('stg_shopify__order_lines') }}
    union all
    select
        source_system,
        shop_id,
        order_id,
        order_line_id,
        line_number,
        product_id,
        sku,
        product_name,
        category,
        quantity,
        unit_price,
        discount_amount,
        is_gift_card,
        3 as source_rank
    from {{ ref('stg_woocommerce__order_lines') }}
    union all
    select
        'woocommerce' as source_system,
        lines.shop_id,
        orders.order_id,
        lines.order_line_id,
        lines.line_number,
        lines.shop_id || ':' || lines.product_name as product_id,
        cast(null as string) as sku,
        lines.product_name,
        cast(null as string) as category,
        lines.quantity,
        lines.unit_price,
        cast(null as decimal(18, 4)) as discount_amount,
        coalesce(lower(lines.product_name) like '%gift card%', false) as is_gift_card,
        4 as source_rank
    from {{ ref('stg_woocommerce__order_report_lines') }} as lines
    inner join {{ ref('int_woocommerce_orders') }} as orders
        on lines.report_row_id = orders.report_row_id
),

-- An order that two sources itemise would be sold twice: one source has its lines.
ranked as (
    select
        source_system,
        shop_id,
        order_id,
        order_line_id,
        line_number,
        product_id,
        sku,
        product_name,
        category,
        quantity,
        unit_price,
        discount_amount,
        is_gift_card,
        dense_rank() over (
            partition by order_id order by source_rank nulls last
        ) as preference
    from all_lines
),

products_by_sku as (
    {{ products_by_sku() }}
),

identified as (
    select
        ranked.source_system,
        ranked.shop_id,
        ranked.order_id,
        ranked.order_line_id,
        ranked.line_number,
        ranked.sku,
        ranked.product_name,
        ranked.category,
        ranked.quantity,
        ranked.unit_price,
        ranked.discount_amount,
        ranked.is_gift_card,
        coalesce(
            known_products.product_id,
            products_by_sku.product_id,
            named_products.product_id,
            ranked.product_id
        ) as product_id
    from ranked
    left join {{ ref('int_products') }} as known_products
        on ranked.product_id = known_products.product_id
    left join products_by_sku
        on
            ranked.shop_id = products_by_sku.shop_id
            and ranked.sku = products_by_sku.sku
    left join {{ ref('int_products') }} as named_products
        on ranked.product_id = named_products.named_id
    where ranked.preference = 1
)

select
    identified.source_system,
    identified.shop_id,
    identified.order_line_id,
    identified.order_id,
    cast(identified.line_number as bigint) as line_number,
    identified.product_id,
    coalesce(int_products.sku, identified.sku) as sku,
    coalesce(int_products.product_name, identified.product_name) as product_name,
    coalesce(int_products.category, identified.category) as category,
    cast(identified.quantity as bigint) as quantity,
    identified.unit_price,
    identified.discount_amount,
    coalesce(identified.is_gift_card, int_products.is_gift_card, false)
        as is_gift_card
from identified
left join {{ ref('int_products') }} as int_products
    on identified.product_id = int_products.product_id
