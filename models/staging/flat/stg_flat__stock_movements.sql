with told as (
    select
        *,
        {{ flat_shop() }} as shop,
        -- Without an id, equal rows of one file are told apart by their number.
        coalesce(
            movement_id,
            {{ hash_key([
                'product_id', 'sku', 'moved_at', 'kind', 'quantity', 'unit_cost',
                occurrence([
                    flat_shop(), 'product_id', 'sku', 'moved_at', 'kind', 'quantity',
                    'unit_cost',
                ]),
            ]) }}
        ) as movement
    from {{ source('flat', 'stock_movements') }}
),

numbered as (
    select
        *,
        {{ newest_row(['shop', 'movement']) }} as version
    from told
)

select
    'flat' as source_system,
    shop as shop_id,
    shop || ':' || movement as movement_id,
    shop || ':' || product_id as product_id,
    sku,
    cast(moved_at as timestamp) as moved_at,
    lower(trim(kind)) as kind,
    cast(quantity as bigint) as quantity,
    cast(unit_cost as decimal(18, 4)) as unit_cost
from numbered
where version = 1
