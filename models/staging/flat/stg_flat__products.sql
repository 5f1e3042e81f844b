select
    'flat' as source_system,
    shop as shop_id,
    shop || ':' || product_id as product_id,
    sku,
    product_name,
    category,
    brand,
    cast(list_price as decimal(18, 4)) as list_price,
    cast(unit_cost as decimal(18, 4)) as unit_cost,
    upper(trim(currency)) as currency,
    cast(cost_valid_from as date) as cost_valid_from,
    coalesce(cast(is_gift_card as boolean), false) as is_gift_card
from (
    select
        *,
        {{ flat_shop() }} as shop,
        {{ newest_row([flat_shop(), 'product_id', 'cost_valid_from']) }} as version
    from {{ source('flat', 'products') }}
) as products
where version = 1
