-- A campaign goes out once; a flow, and what belongs to no campaign, every day anew.
with messages as (
    select
        case
            when kind = 'campaign' and campaign_id is not null then campaign_id
            else
                {{ hash_key([
                    'shop_id', 'source_system', 'campaign_id', 'sent_date',
                ]) }}
        end || '|' || channel as send_key,
        source_system,
        shop_id,
        campaign_id,
        campaign_name,
        channel,
        kind,
        sent_at,
        sent_date,
        has_send_event,
        is_delivered,
        is_bounced,
        opened_at,
        is_machine_open,
        clicked_at,
        unsubscribed_at,
        is_complaint
    from {{ ref('fct_messages') }}
),

counted as (
    select
        send_key,
        min(source_system) as source_system,
        min(shop_id) as shop_id,
        min(campaign_id) as campaign_id,
        min(campaign_name) as campaign_name,
        min(channel) as channel,
        min(kind) as kind,
        min(sent_at) as sent_at,
        min(sent_date) as sent_date,
        count(*) as messages,
        -- Opens alone do not tell how many were sent.
        case when bool_or(has_send_event) then count(*) end as sent,
        case when bool_or(has_send_event) then sum(cast(is_delivered as int)) end
            as delivered,
        count(opened_at) as opened,
        sum(cast(is_machine_open as int)) as machine_opened,
        count(clicked_at) as clicked,
        case when bool_or(has_send_event) then sum(cast(is_bounced as int)) end
            as bounced,
        count(unsubscribed_at) as unsubscribed,
        sum(cast(is_complaint as int)) as complaints
    from messages
    group by send_key
),

flow_starts as (
    select
        shop_id,
        channel,
        lower(campaign_name) as flow_key,
        min(sent_date) as first_date
    from messages
    where kind = 'flow'
    group by shop_id, channel, lower(campaign_name)
),

printed as (
    select
        int_email_campaigns.campaign_send_id || '|' || int_email_campaigns.channel
            as send_key,
        int_email_campaigns.source_system,
        int_email_campaigns.shop_id,
        int_email_campaigns.campaign_id,
        int_email_campaigns.campaign_name,
        int_email_campaigns.subject,
        int_email_campaigns.channel,
        int_email_campaigns.kind,
        int_email_campaigns.sent_at,
        int_email_campaigns.currency,
        int_email_campaigns.sent,
        int_email_campaigns.delivered,
        int_email_campaigns.opened,
        int_email_campaigns.clicked,
        int_email_campaigns.bounced,
        int_email_campaigns.unsubscribed,
        int_email_campaigns.complaints,
        int_email_campaigns.platform_orders,
        int_email_campaigns.platform_revenue,
        cast(
            {{ to_local('int_email_campaigns.sent_at',
                        "coalesce(int_shops.time_zone, 'UTC')") }} as date
        ) as sent_date
    from {{ ref('int_email_campaigns') }} as int_email_campaigns
    left join {{ ref('int_shops') }} as int_shops
        on int_email_campaigns.shop_id = int_shops.shop_id
),

-- Totals of a flow end where its single messages begin, or both would count.
kept as (
    select printed.*
    from printed
    left join flow_starts
        on
            printed.kind = 'flow'
            and printed.shop_id = flow_starts.shop_id
            and printed.channel = flow_starts.channel
            and lower(printed.campaign_name) = flow_starts.flow_key
    where
        flow_starts.first_date is null
        or printed.sent_date < flow_starts.first_date
),

joined as (
    select
        kept.subject,
        kept.currency,
        kept.platform_orders,
        kept.platform_revenue,
        kept.sent as printed_sent,
        kept.delivered as printed_delivered,
        kept.opened as printed_opened,
        kept.clicked as printed_clicked,
        kept.bounced as printed_bounced,
        kept.unsubscribed as printed_unsubscribed,
        kept.complaints as printed_complaints,
        counted.sent,
        counted.delivered,
        counted.opened,
        counted.machine_opened,
        counted.clicked,
        counted.bounced,
        counted.unsubscribed,
        counted.complaints,
        coalesce(counted.messages, 0) as messages,
        coalesce(kept.send_key, counted.send_key) as send_key,
        coalesce(kept.source_system, counted.source_system) as source_system,
        coalesce(kept.shop_id, counted.shop_id) as shop_id,
        coalesce(kept.campaign_id, counted.campaign_id) as campaign_id,
        coalesce(kept.campaign_name, counted.campaign_name) as campaign_name,
        coalesce(kept.channel, counted.channel) as channel,
        coalesce(kept.kind, counted.kind) as kind,
        coalesce(kept.sent_at, counted.sent_at) as sent_at,
        coalesce(kept.sent_date, counted.sent_date) as sent_date,
        -- Of an export that was cut short the totals of the platform know more.
        counted.send_key is not null
        and (
            kept.send_key is null
            or kept.sent is null
            or coalesce(counted.sent, 0) >= kept.sent
        ) as is_from_messages
    from kept
    full outer join counted
        on kept.send_key = counted.send_key
),

chosen as (
    select
        send_key,
        campaign_id,
        shop_id,
        source_system,
        campaign_name,
        subject,
        channel,
        kind,
        sent_at,
        sent_date,
        currency,
        platform_orders,
        platform_revenue,
        messages,
        is_from_messages,
        case when is_from_messages then machine_opened end as machine_opened,
        case when is_from_messages then sent else printed_sent end as sent,
        case when is_from_messages then delivered else printed_delivered end
            as delivered,
        case when is_from_messages then opened else printed_opened end as opened,
        case when is_from_messages then clicked else printed_clicked end as clicked,
        case when is_from_messages then bounced else printed_bounced end as bounced,
        case when is_from_messages then unsubscribed else printed_unsubscribed end
            as unsubscribed,
        case when is_from_messages then complaints else printed_complaints end
            as complaints
    from joined
)

select
    chosen.send_key as campaign_send_id,
    chosen.campaign_id,
    chosen.shop_id,
    chosen.source_system,
    chosen.campaign_name,
    chosen.subject,
    chosen.channel,
    chosen.kind,
    chosen.sent_at,
    chosen.sent_date,
    cast(chosen.sent as bigint) as sent,
    cast(chosen.delivered as bigint) as delivered,
    cast(chosen.opened as bigint) as opened,
    cast(chosen.machine_opened as bigint) as machine_opened,
    cast(chosen.clicked as bigint) as clicked,
    cast(chosen.bounced as bigint) as bounced,
    cast(chosen.unsubscribed as bigint) as unsubscribed,
    cast(chosen.complaints as bigint) as complaints,
    cast(chosen.{{ email_rate_base() }} as bigint) as rate_base,
    cast(chosen.platform_orders as bigint) as platform_orders,
    cast(
        round(chosen.platform_revenue * int_fx_rates.rate * 10000) / 10000
        as decimal(18, 4)
    )
        as platform_revenue,
    cast(chosen.messages as bigint) as messages,
    chosen.is_from_messages
from chosen
left join {{ ref('int_fx_rates') }} as int_fx_rates
    on
        chosen.currency = int_fx_rates.currency
        and chosen.sent_date between int_fx_rates.valid_from
        and int_fx_rates.valid_to
