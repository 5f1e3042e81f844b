select
    'flat' as source_system,
    shop as shop_id,
    shop || ':' || product_id as product_id,
    sku,
    location,
    stock_system as system,
    cast(counted_at as timestamp) as counted_at,
    case when counted_at is null then cast(stock_date as date) end as stock_date,
    cast(on_hand as bigint) as on_hand,
    cast(incoming as bigint) as incoming
from (
    select
        *,
        {{ flat_shop() }} as shop,
        coalesce(lower(trim(system)), 'shop') as stock_system,
        {{ newest_row([
            flat_shop(), 'product_id', 'sku', 'location',
            "coalesce(lower(trim(system)), 'shop')",
            'coalesce(cast(counted_at as timestamp), cast(stock_date as timestamp))',
        ]) }} as version
    from {{ source('flat', 'stock_levels') }}
    where counted_at is not null or stock_date is not null
) as stock_levels
where version = 1 and on_hand is not null
