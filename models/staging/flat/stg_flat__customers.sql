select
    'flat' as source_system,
    shop as shop_id,
    shop || ':' || customer_id as account_id,
    {{ hash_email('email') }} as email_hash,
    {{ hash_phone('phone') }} as phone_hash,
    cast(created_at as timestamp) as created_at,
    country,
    cast(accepts_marketing as boolean) as accepts_marketing
from (
    select
        *,
        {{ flat_shop() }} as shop,
        {{ newest_row([flat_shop(), 'customer_id']) }} as version
    from {{ source('flat', 'customers') }}
) as customers
where version = 1
