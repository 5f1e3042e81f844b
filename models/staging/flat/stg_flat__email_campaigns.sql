with named as (
    select
        *,
        {{ flat_shop() }} as shop,
        case when lower(trim(kind)) = 'flow' then 'flow' else 'campaign' end
            as send_kind,
        coalesce(
            campaign_id,
            case
                when lower(trim(kind)) = 'flow' then {{ hash_key(['campaign_name']) }}
                else {{ hash_key(['campaign_name', 'sent_at']) }}
            end
        ) as campaign_key
    from {{ source('flat', 'email_campaigns') }}
),

-- A flow goes on and on: each of its periods is a row of its own.
keyed as (
    select
        *,
        shop || ':' || campaign_key
        || case when send_kind = 'flow' then ':' || sent_at else '' end as send_key
    from named
),

numbered as (
    select
        *,
        {{ newest_row(['send_key']) }} as version
    from keyed
)

select
    'flat' as source_system,
    shop as shop_id,
    send_key as campaign_send_id,
    shop || ':' || campaign_key as campaign_id,
    trim(campaign_name) as campaign_name,
    subject,
    coalesce(lower(trim(channel)), 'email') as channel,
    send_kind as kind,
    cast(sent_at as timestamp) as sent_at,
    cast(null as timestamp) as sent_at_local,
    upper(trim(currency)) as currency,
    cast(sent as bigint) as sent,
    coalesce(cast(delivered as bigint), cast(sent as bigint) - cast(bounced as bigint))
        as delivered,
    cast(opened as bigint) as opened,
    cast(clicked as bigint) as clicked,
    coalesce(cast(bounced as bigint), cast(sent as bigint) - cast(delivered as bigint))
        as bounced,
    cast(unsubscribed as bigint) as unsubscribed,
    cast(complaints as bigint) as complaints,
    cast(orders as bigint) as platform_orders,
    cast(revenue as decimal(18, 4)) as platform_revenue
from numbered
where version = 1
