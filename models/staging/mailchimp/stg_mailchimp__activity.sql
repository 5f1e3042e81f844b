with {{ replaced_rows(ref('base_mailchimp__activity'), 'event_id') }}

select
    'mailchimp' as source_system,
    actions.shop_id,
    actions.event_id,
    cast(null as string) as message_id,
    cast(null as string) as send_key,
    actions.campaign_id,
    actions.campaign_name,
    'campaign' as kind,
    'email' as channel,
    actions.email_hash,
    cast(null as string) as account_id,
    actions.email_hash as recipient_key,
    actions.event_name,
    actions.event_at,
    actions.event_at_local,
    cast(null as boolean) as is_machine_open
from {{ ref('base_mailchimp__activity') }} as actions
left join replaced
    on
        actions.landed_file = replaced.landed_file
        and actions.landed_row = replaced.landed_row
where replaced.landed_file is null
