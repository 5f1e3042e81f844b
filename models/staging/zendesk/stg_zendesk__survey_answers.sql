select
    'zendesk' as source_system,
    shop as shop_id,
    shop || ':ticket:' || id as answer_id,
    'csat' as survey,
    cast(coalesce(solved_at, updated_at, created_at) as timestamp) as answered_at,
    shop || ':' || requester_external_id as account_id,
    {{ hash_email('coalesce(requester_email, from_address)') }} as email_hash,
    {{ hash_phone('coalesce(requester_phone, from_phone)') }} as phone_hash,
    {{ bare_number(zendesk_order_number()) }} as order_reference,
    shop || ':ticket:' || id as contact_id,
    cast(case
        when lower(trim(satisfaction_score)) like 'good%' then 5 else 1
    end as double) as score,
    cast(5 as double) as scale,
    coalesce(coalesce(solved_at, updated_at, created_at) not like '%Z', false)
        as is_local_time
from (
    select
        *,
        {{ shop_of_file() }} as shop,
        {{ newest_row([shop_of_file(), 'id']) }} as version
    from {{ source('zendesk', 'tickets') }}
) as tickets
where
    version = 1
    and (
        lower(trim(satisfaction_score)) like 'good%'
        or lower(trim(satisfaction_score)) like 'bad%'
    )
