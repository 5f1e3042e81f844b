select
    'flat' as source_system,
    shop as shop_id,
    coalesce(shop_name, shop) as shop_name,
    time_zone,
    upper(trim(currency)) as currency,
    cast(prices_include_tax as boolean) as prices_include_tax,
    country
from (
    select
        *,
        {{ flat_shop() }} as shop,
        {{ newest_row([flat_shop()]) }} as version
    from {{ source('flat', 'shops') }}
) as shops
where version = 1
