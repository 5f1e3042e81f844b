with all_contacts as (
    select
        source_system,
        shop_id,
        shop_id || ':call:' || substr(call_id, length(shop_id) + 2) as contact_id,
        'call' as kind,
        direction,
        queue,
        'phone' as channel,
        started_at as opened_at,
        account_id,
        email_hash,
        phone_hash,
        order_reference,
        agent_key,
        is_answered,
        is_abandoned,
        wait_seconds,
        talk_seconds,
        cast(null as timestamp) as first_response_at,
        cast(null as double) as first_response_minutes,
        false as is_automatic_response,
        cast(null as timestamp) as solved_at,
        false as is_dropped,
        is_local_time,
        1 as source_rank
    from {{ ref('stg_flat__calls') }}
    union all
    select
        source_system,
        shop_id,
        shop_id || ':call:' || substr(call_id, length(shop_id) + 2) as contact_id,
        'call' as kind,
        direction,
        queue,
        'phone' as channel,
        started_at as opened_at,
        account_id,
        email_hash,
        phone_hash,
        order_reference,
        agent_key,
        is_answered,
        is_abandoned,
        wait_seconds,
        talk_seconds,
        cast(null as timestamp) as first_response_at,
        cast(null as double) as first_response_minutes,
        false as is_automatic_response,
        cast(null as timestamp) as solved_at,
        false as is_dropped,
        is_local_time,
        2 as source_rank
    from {{ ref('stg_pbx__calls') }}
    union all
    select
        source_system,
        shop_id,
        shop_id || ':ticket:' || substr(ticket_id, length(shop_id) + 2) as contact_id,
        'ticket' as kind,
        direction,
        queue,
        channel,
        opened_at,
        account_id,
        email_hash,
        phone_hash,
        order_reference,
        agent_key,
        cast(null as boolean) as is_answered,
        false as is_abandoned,
        cast(null as double) as wait_seconds,
        cast(null as double) as talk_seconds,
        first_response_at,
        first_response_minutes,
        is_automatic_response,
        solved_at,
        is_merged or coalesce(status = 'deleted', false) as is_dropped,
        is_local_time,
        1 as source_rank
    from {{ ref('stg_flat__tickets') }}
    union all
    select
        source_system,
        shop_id,
        shop_id || ':ticket:' || substr(ticket_id, length(shop_id) + 2) as contact_id,
        'ticket' as kind,
        direction,
        queue,
        channel,
        opened_at,
        account_id,
        email_hash,
        phone_hash,
        order_reference,
        agent_key,
        cast(null as boolean) as is_answered,
        false as is_abandoned,
        cast(null as double) as wait_seconds,
        cast(null as double) as talk_seconds,
        first_response_at,
        first_response_minutes,
        is_automatic_response,
        solved_at,
        is_merged or coalesce(status = 'deleted', false) as is_dropped,
        is_local_time,
        2 as source_rank
    from {{ ref('stg_zendesk__tickets') }}
),

-- Where a template and a system hold the same contact, the template wins.
ranked as (
    select
        all_contacts.*,
        coalesce(int_shops.time_zone, 'UTC') as time_zone,
        row_number() over (
            partition by all_contacts.contact_id
            order by all_contacts.source_rank asc nulls last
        ) as preference
    from all_contacts
    left join {{ ref('int_shops') }} as int_shops
        on all_contacts.shop_id = int_shops.shop_id
),

in_utc as (
    select
        *,
        case
            when is_local_time then {{ to_utc('opened_at', 'time_zone') }}
            else opened_at
        end as opened_at_utc,
        case
            when is_local_time then {{ to_utc('solved_at', 'time_zone') }}
            else solved_at
        end as solved_at_utc
    from ranked
    where preference = 1
)

select
    source_system,
    shop_id,
    contact_id,
    kind,
    direction,
    queue,
    channel,
    opened_at_utc as opened_at,
    time_zone,
    account_id,
    email_hash,
    phone_hash,
    order_reference,
    agent_key,
    is_answered,
    is_abandoned,
    wait_seconds,
    talk_seconds,
    coalesce(
        first_response_at,
        cast(
            opened_at_utc + first_response_minutes * interval '1' minute as timestamp
        )
    ) as first_response_at,
    is_automatic_response,
    solved_at_utc as solved_at,
    is_dropped
from in_utc
