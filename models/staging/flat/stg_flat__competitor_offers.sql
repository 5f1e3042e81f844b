select
    'flat' as source_system,
    shop as shop_id,
    {{ hash_key(['shop', 'seen_at', "coalesce(product_id, '')", 'sku', 'competitor']) }}
        as offer_id,
    cast(seen_at as timestamp) as seen_at,
    shop || ':' || product_id as product_id,
    sku,
    trim(competitor) as competitor,
    cast(price as decimal(18, 4)) as price,
    upper(trim(currency)) as currency,
    coalesce(cast(is_available as boolean), price is not null) as is_available,
    cast(own_price as decimal(18, 4)) as own_price
from (
    select
        *,
        {{ newest_row(['shop', 'seen_at', 'product_id', 'sku', 'competitor']) }}
            as version
    from (
        select
            *,
            {{ flat_shop() }} as shop
        from {{ source('flat', 'competitor_offers') }}
    ) as named
) as offers
where version = 1
