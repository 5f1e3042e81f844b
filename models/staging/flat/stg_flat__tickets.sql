select
    'flat' as source_system,
    shop as shop_id,
    shop || ':' || ticket_id as ticket_id,
    cast(opened_at as timestamp) as opened_at,
    coalesce(lower(trim(direction)), 'inbound') as direction,
    {{ contact_channel('channel') }} as channel,
    queue,
    lower(trim(status)) as status,
    shop || ':' || customer_id as account_id,
    {{ hash_email('email') }} as email_hash,
    {{ hash_phone('phone') }} as phone_hash,
    {{ bare_number('order_id') }} as order_reference,
    {{ hash_name('agent') }} as agent_key,
    cast(first_response_at as timestamp) as first_response_at,
    cast(null as double) as first_response_minutes,
    coalesce(cast(is_automatic_response as boolean), false) as is_automatic_response,
    cast(solved_at as timestamp) as solved_at,
    coalesce(lower(trim(status)) = 'merged', false) as is_merged,
    false as is_local_time
from (
    select
        *,
        {{ flat_shop() }} as shop,
        {{ newest_row([flat_shop(), 'ticket_id']) }} as version
    from {{ source('flat', 'tickets') }}
) as tickets
where version = 1
