with items as (
    select
        *,
        {{ shop_of_file() }} as shop,
        cast(quantity as bigint) as pieces,
        cast(coalesce(line_subtotal, line_total) as decimal(18, 4)) as list_amount,
        cast(coalesce(line_total, line_subtotal) as decimal(18, 4)) as paid_amount,
        {{ unguarded('coalesce(product_name, name)') }} as item_name,
        coalesce(
            nullif(variation_id, '0'),
            nullif(product_id, '0'),
            {{ unguarded('sku') }},
            {{ unguarded('coalesce(product_name, name)') }}
        ) as item_key
    from {{ source('woocommerce', 'orders') }}
    where
        cast(quantity as bigint) > 0
        and coalesce(line_subtotal, line_total) is not null
        and coalesce(order_type, 'shop_order') <> 'shop_order_refund'
),

-- Rounded up, so that a third of a price leaves a discount of a fraction of a cent and
-- not a surcharge; what the pieces cost in the end is exact.
priced as (
    select
        *,
        cast(
            ceil(cast(10000 * list_amount as double) / nullif(pieces, 0)) / 10000
            as decimal(18, 4)
        ) as piece_price
    from items
),

-- Joined exports hold an item twice; it is known by its id.
single as (
    select
        *,
        {{ newest_file(['shop', 'order_id']) }} as version,
        {{ occurrence([
            'shop', 'order_id', 'coalesce(order_item_id, cast(_row as string))'
        ]) }} as copy_number
    from priced
),

numbered as (
    select
        *,
        row_number() over (
            partition by shop, order_id order by _row nulls last
        ) as line_number
    from single
    where version = 1 and copy_number = 1
)

select
    'woocommerce' as source_system,
    shop as shop_id,
    shop || ':' || order_id || ':' || cast(line_number as string) as order_line_id,
    shop || ':' || order_id as order_id,
    cast(line_number as bigint) as line_number,
    shop || ':' || item_key as product_id,
    {{ unguarded('sku') }} as sku,
    item_name as product_name,
    trim(split_part(split_part(category, ',', 1), '>', 1)) as category,
    pieces as quantity,
    piece_price as unit_price,
    cast(pieces * piece_price - paid_amount as decimal(18, 4)) as discount_amount,
    coalesce(lower(item_name) like '%gift card%', false) as is_gift_card
from numbered
