with variants as (
    -- Only the first row of a product names it; rows without price and stock number
    -- hold a further image.
    select
        *,
        {{ shop_of_file() }} as shop,
        max(title) over (partition by _file, handle) as product_title,
        max(coalesce(type, product_category)) over (partition by _file, handle)
            as product_type,
        max(vendor) over (partition by _file, handle) as product_vendor,
        max(gift_card) over (partition by _file, handle) as product_gift_card,
        nullif(
            concat_ws(
                ' / ', nullif(option1_value, 'Default Title'), option2_value,
                option3_value
            ), ''
        ) as variant_title
    from {{ source('shopify', 'products') }}
),

named as (
    -- Named as order lines are: it stands in for an empty stock number in both.
    select
        *,
        product_title || coalesce(' - ' || variant_title, '') as variant_name
    from variants
    where variant_price is not null or variant_sku is not null
),

numbered as (
    select
        *,
        {{ newest_row(['shop', 'coalesce(variant_sku, variant_name)']) }} as version
    from named
)

select
    'shopify' as source_system,
    shop as shop_id,
    shop || ':' || coalesce(variant_sku, variant_name) as product_id,
    variant_sku as sku,
    variant_name as product_name,
    handle as product_handle,
    product_type as category,
    product_vendor as brand,
    cast(variant_price as decimal(18, 4)) as list_price,
    cast(cost_per_item as decimal(18, 4)) as unit_cost,
    cast(null as string) as currency,
    cast(null as date) as cost_valid_from,
    coalesce(cast(product_gift_card as boolean), false) as is_gift_card
from numbered
where version = 1
