with keyed as (
    select
        *,
        {{ flat_shop() }} as shop,
        {{ hash_email('email') }} as email_hash,
        coalesce(
            event_id,
            {{ hash_key([
                'message_id', 'campaign_id', 'campaign_name',
                'event_name', 'event_at',
                'coalesce(' ~ hash_email('email') ~ ', customer_id)',
            ]) }}
        ) as event_key
    from {{ source('flat', 'message_events') }}
),

numbered as (
    select
        *,
        {{ newest_row(['shop', 'event_key']) }} as version
    from keyed
)

select
    'flat' as source_system,
    shop as shop_id,
    shop || ':' || event_key as event_id,
    shop || ':' || message_id as message_id,
    cast(null as string) as send_key,
    shop || ':' || campaign_id as campaign_id,
    trim(campaign_name) as campaign_name,
    case
        when lower(trim(kind)) in ('campaign', 'flow') then lower(trim(kind))
        when kind is null and (campaign_id is not null or campaign_name is not null)
            then 'campaign'
        else 'other'
    end as kind,
    coalesce(lower(trim(channel)), 'email') as channel,
    email_hash,
    shop || ':' || customer_id as account_id,
    coalesce(
        email_hash,
        case
            when customer_id is not null then {{ hash_key(['shop', 'customer_id']) }}
        end
    ) as recipient_key,
    case
        when lower(trim(event_name)) in (
            'sent', 'delivered', 'opened', 'clicked', 'bounced', 'unsubscribed',
            'complained'
        ) then lower(trim(event_name))
    end as event_name,
    cast(event_at as timestamp) as event_at,
    cast(null as timestamp) as event_at_local,
    cast(is_machine_open as boolean) as is_machine_open
from numbered
where version = 1
