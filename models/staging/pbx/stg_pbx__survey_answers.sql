select
    'pbx' as source_system,
    shop as shop_id,
    shop || ':call:' || call_id as answer_id,
    'csat' as survey,
    cast(started as timestamp) as answered_at,
    cast(null as string) as account_id,
    cast(null as string) as email_hash,
    {{ hash_phone('caller') }} as phone_hash,
    cast(null as string) as order_reference,
    shop || ':call:' || call_id as contact_id,
    cast(satisfaction_rating as double) as score,
    cast(5 as double) as scale,
    started not like '%Z' as is_local_time
from (
    select
        *,
        {{ shop_of_file() }} as shop,
        coalesce(started_at, call_date || ' ' || coalesce(call_time, '00:00:00'))
            as started,
        {{ newest_row([shop_of_file(), 'call_id']) }} as version
    from {{ source('pbx', 'calls') }}
) as calls
where version = 1 and satisfaction_rating is not null
