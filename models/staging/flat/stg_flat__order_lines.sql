select
    'flat' as source_system,
    shop as shop_id,
    shop || ':' || order_id || ':' || line_id as order_line_id,
    shop || ':' || order_id as order_id,
    cast(
        row_number() over (partition by shop, order_id order by _row nulls last)
        as bigint
    ) as line_number,
    shop || ':' || coalesce(product_id, sku, product_name) as product_id,
    sku,
    product_name,
    category,
    cast(quantity as bigint) as quantity,
    cast(unit_price as decimal(18, 4)) as unit_price,
    abs(cast(discount_amount as decimal(18, 4))) as discount_amount,
    coalesce(cast(is_gift_card as boolean), false) as is_gift_card
from (
    select
        *,
        {{ flat_shop() }} as shop,
        {{ newest_file([flat_shop(), 'order_id']) }} as order_version,
        {{ newest_row([flat_shop(), 'order_id', 'line_id']) }} as version
    from {{ source('flat', 'order_lines') }}
) as order_lines
where order_version = 1 and version = 1
