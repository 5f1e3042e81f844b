with keyed as (
    select
        *,
        {{ shop_of_file() }} as shop,
        coalesce(
            send_time,
            send_date || ' '
            || lpad(
                coalesce(regexp_extract(send_hour, '^([0-9]{1,2})', 1), '0'), 2, '0'
            )
            || ':00:00'
        ) as sent_text
    from {{ source('klaviyo', 'campaigns') }}
),

named as (
    select
        *,
        shop || ':' || coalesce(
            campaign_id, {{ hash_key(['campaign_name', 'sent_text']) }}
        ) as campaign_key
    from keyed
),

numbered as (
    select
        *,
        {{ newest_row(['campaign_key']) }} as version
    from named
)

select
    'klaviyo' as source_system,
    shop as shop_id,
    campaign_key as campaign_send_id,
    campaign_key as campaign_id,
    trim(campaign_name) as campaign_name,
    subject,
    coalesce(lower(trim(channel)), 'email') as channel,
    'campaign' as kind,
    case when sent_text like '%Z' then cast(sent_text as timestamp) end as sent_at,
    case when sent_text not like '%Z' then cast(sent_text as timestamp) end
        as sent_at_local,
    cast(null as string) as currency,
    cast(recipients as bigint) as sent,
    coalesce(
        cast(deliveries as bigint),
        cast(recipients as bigint) - cast(bounces as bigint)
    ) as delivered,
    cast(unique_opens as bigint) as opened,
    cast(unique_clicks as bigint) as clicked,
    coalesce(
        cast(bounces as bigint),
        cast(recipients as bigint) - cast(deliveries as bigint)
    ) as bounced,
    cast(unsubscribes as bigint) as unsubscribed,
    cast(spam_complaints as bigint) as complaints,
    cast(orders as bigint) as platform_orders,
    cast(revenue as decimal(18, 4)) as platform_revenue
from numbered
where version = 1 and sent_text is not null
