select
    'flat' as source_system,
    shop as shop_id,
    shop || ':' || payment_id as payment_id,
    shop || ':' || order_id as order_id,
    {{ bare_number('order_id') }} as order_number,
    cast(attempted_at as timestamp) as attempted_at,
    lower(trim(kind)) as kind,
    lower(trim(status)) as status,
    gateway,
    method,
    cast(amount as decimal(18, 4)) as amount,
    upper(trim(currency)) as currency
from (
    select
        *,
        {{ flat_shop() }} as shop,
        {{ newest_row([flat_shop(), 'payment_id']) }} as version
    from {{ source('flat', 'payments') }}
) as payments
where version = 1
