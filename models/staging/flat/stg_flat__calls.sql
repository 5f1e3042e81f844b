select
    'flat' as source_system,
    shop as shop_id,
    shop || ':' || call_id as call_id,
    cast(started_at as timestamp) as started_at,
    coalesce(lower(trim(direction)), 'inbound') as direction,
    queue,
    shop || ':' || customer_id as account_id,
    {{ hash_email('email') }} as email_hash,
    {{ hash_phone('phone') }} as phone_hash,
    {{ bare_number('order_id') }} as order_reference,
    {{ hash_name('agent') }} as agent_key,
    cast(answered as boolean) as is_answered,
    coalesce(
        cast(abandoned as boolean),
        not cast(answered as boolean)
        and coalesce(lower(trim(direction)), 'inbound') = 'inbound'
    ) as is_abandoned,
    cast(wait_seconds as double) as wait_seconds,
    cast(talk_seconds as double) as talk_seconds,
    false as is_local_time
from (
    select
        *,
        {{ flat_shop() }} as shop,
        {{ newest_row([flat_shop(), 'call_id']) }} as version
    from {{ source('flat', 'calls') }}
) as calls
where version = 1
