with numbered as (
    select
        *,
        {{ flat_shop() }} as shop,
        {{ hash_email('email') }} as email_hash,
        {{ newest_row([flat_shop(), 'message_id']) }} as version
    from {{ source('flat', 'messages') }}
)

select
    'flat' as source_system,
    shop as shop_id,
    shop || ':' || message_id as message_id,
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
    cast(sent_at as timestamp) as sent_at,
    cast(delivered_at as timestamp) as delivered_at,
    cast(bounced_at as timestamp) as bounced_at,
    cast(opened_at as timestamp) as opened_at,
    cast(clicked_at as timestamp) as clicked_at,
    cast(unsubscribed_at as timestamp) as unsubscribed_at,
    cast(complained_at as timestamp) as complained_at,
    cast(is_machine_open as boolean) as is_machine_open
from numbered
where version = 1
