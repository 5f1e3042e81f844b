with named as (
    select
        *,
        {{ shop_of_file() }} as shop,
        {{ shop_of_file() }} || ':' || coalesce(
            campaign_id, {{ hash_key(['campaign_name', 'send_date']) }}
        ) as campaign_key,
        coalesce(
            cast(bounces as bigint),
            cast(soft_bounces as bigint) + cast(hard_bounces as bigint),
            cast(recipients as bigint) - cast(deliveries as bigint)
        ) as all_bounces
    from {{ source('mailchimp', 'campaigns') }}
),

numbered as (
    select
        *,
        {{ newest_row(['campaign_key']) }} as version
    from named
)

select
    'mailchimp' as source_system,
    shop as shop_id,
    campaign_key as campaign_send_id,
    campaign_key as campaign_id,
    trim(campaign_name) as campaign_name,
    subject,
    'email' as channel,
    'campaign' as kind,
    case when send_date like '%Z' then cast(send_date as timestamp) end as sent_at,
    case when send_date not like '%Z' then cast(send_date as timestamp) end
        as sent_at_local,
    cast(null as string) as currency,
    cast(recipients as bigint) as sent,
    coalesce(cast(deliveries as bigint), cast(recipients as bigint) - all_bounces)
        as delivered,
    cast(unique_opens as bigint) as opened,
    cast(unique_clicks as bigint) as clicked,
    all_bounces as bounced,
    cast(unsubscribes as bigint) as unsubscribed,
    cast(abuse_complaints as bigint) as complaints,
    cast(orders as bigint) as platform_orders,
    cast(revenue as decimal(18, 4)) as platform_revenue
from numbered
where version = 1 and send_date is not null
