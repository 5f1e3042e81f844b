with tickets as (
    select
        *,
        {{ shop_of_file() }} as shop,
        -- A column of a name may hold the whole object: then its field is meant.
        coalesce(assignee_name, assignee, assignee_id) as agent,
        coalesce(group_name, group_label, group_id) as queue,
        coalesce(via_channel, via) as channel,
        ' ' || translate(lower(tags), ',[]"', '    ') || ' ' as tag_words,
        {{ newest_row([shop_of_file(), 'id']) }} as version
    from {{ source('zendesk', 'tickets') }}
)

select
    'zendesk' as source_system,
    shop as shop_id,
    shop || ':' || id as ticket_id,
    cast(created_at as timestamp) as opened_at,
    'inbound' as direction,
    {{ contact_channel('channel') }} as channel,
    queue,
    lower(trim(status)) as status,
    shop || ':' || requester_external_id as account_id,
    {{ hash_email('coalesce(requester_email, from_address)') }} as email_hash,
    {{ hash_phone('coalesce(requester_phone, from_phone)') }} as phone_hash,
    {{ bare_number(zendesk_order_number()) }} as order_reference,
    {{ hash_name('agent') }} as agent_key,
    cast(null as timestamp) as first_response_at,
    case
        when coalesce(cast(replies as bigint), 1) > 0
            then cast(first_reply_minutes as double)
    end as first_response_minutes,
    coalesce(
        {{ matches('lower(agent)', "'(^|[^a-z])(bot|autoresponder)([^a-z]|$)'") }},
        false
    ) as is_automatic_response,
    cast(solved_at as timestamp) as solved_at,
    coalesce(tag_words like '% closed_by_merge %', false) as is_merged,
    coalesce(created_at not like '%Z', false) as is_local_time
from tickets
where version = 1
