with calls as (
    select
        *,
        {{ shop_of_file() }} as shop,
        coalesce(started_at, call_date || ' ' || coalesce(call_time, '00:00:00'))
            as started,
        coalesce(
            cast(answered as boolean),
            {{ matches('lower(disposition)', "'^(answer|complet|connect)'") }},
            {{ duration_seconds('talk') }} > 0,
            false
        ) as was_answered,
        {{ newest_row([shop_of_file(), 'call_id']) }} as version
    from {{ source('pbx', 'calls') }}
)

select
    'pbx' as source_system,
    shop as shop_id,
    shop || ':' || call_id as call_id,
    cast(started as timestamp) as started_at,
    case when lower(trim(direction)) like 'out%' then 'outbound' else 'inbound' end
        as direction,
    queue,
    cast(null as string) as account_id,
    cast(null as string) as email_hash,
    {{ hash_phone('caller') }} as phone_hash,
    cast(null as string) as order_reference,
    case when was_answered then {{ hash_name('agent') }} end as agent_key,
    was_answered as is_answered,
    not was_answered and coalesce(lower(trim(direction)) not like 'out%', true)
        as is_abandoned,
    {{ duration_seconds('wait') }} as wait_seconds,
    {{ duration_seconds('talk') }} as talk_seconds,
    started not like '%Z' as is_local_time
from calls
where version = 1
