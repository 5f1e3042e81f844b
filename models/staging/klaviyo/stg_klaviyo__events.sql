with {{ replaced_rows(ref('base_klaviyo__events'), 'event_id') }}

select
    'klaviyo' as source_system,
    events.shop_id,
    events.event_id,
    cast(null as string) as message_id,
    events.send_key,
    events.campaign_id,
    events.campaign_name,
    events.kind,
    events.channel,
    events.email_hash,
    cast(null as string) as account_id,
    events.recipient_key,
    events.metric,
    events.profile_id,
    events.event_name,
    events.event_at,
    events.event_at_local,
    events.is_machine_open
from {{ ref('base_klaviyo__events') }} as events
left join replaced
    on
        events.landed_file = replaced.landed_file
        and events.landed_row = replaced.landed_row
where replaced.landed_file is null
