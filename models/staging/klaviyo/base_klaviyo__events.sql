-- Apart from the view that picks the newest, so that only new files are read, hashed.
{{ config(
    materialized='incremental',
    meta={'unit': 'landed_file', 'touched': 'files of klaviyo/events'},
) }}

with keyed as (
    select
        *,
        {{ shop_of_file() }} as shop,
        {{ hash_email('email') }} as email_hash,
        coalesce(
            event_id,
            {{ hash_key([
                'event_name', 'event_at', 'message',
                'coalesce(' ~ hash_email('email') ~ ', profile_id)',
            ]) }}
        ) as event_key,
        trim(event_name) as metric
    from {{ source('klaviyo', 'events') }}
    where {{ touched('_file') }}
)

select
    _file as landed_file,
    _row as landed_row,
    _landed_at as landed_at,
    shop as shop_id,
    shop || ':' || event_key as event_id,
    -- A campaign reaches a person once, a flow whenever something sets it off.
    case when flow is not null then send_cohort end as send_key,
    shop || ':' || message as campaign_id,
    trim(campaign_name) as campaign_name,
    case
        when flow is not null then 'flow'
        when message is not null or campaign_name is not null then 'campaign'
        else 'other'
    end as kind,
    {{ klaviyo_channel('metric') }} as channel,
    email_hash,
    coalesce(
        email_hash,
        case when profile_id is not null then {{ hash_key(['shop', 'profile_id']) }} end
    ) as recipient_key,
    metric,
    profile_id,
    {{ klaviyo_event('metric') }} as event_name,
    case when event_at like '%Z' then cast(event_at as timestamp) end as event_at,
    case when event_at not like '%Z' then cast(event_at as timestamp) end
        as event_at_local,
    cast(machine_open as boolean) as is_machine_open
from keyed
