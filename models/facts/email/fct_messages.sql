-- A platform that begins or ceases to tell deliveries changes all of its messages.
{{ config(
    materialized='incremental',
    meta={
        'unit': 'message_id',
        'touched': "
            select message_id from int_message_events__changes
            union all
            select message_id from int_message_events
            where
                campaign_id in (select campaign_id from int_email_campaigns__changes)
                or shop_id in (select shop_id from int_shops__changes)
                or email_hash in (
                    select key_value from int_customer_keys__changes
                    where key_kind = 'email'
                )
                or account_id in (
                    select key_value from int_customer_keys__changes
                    where key_kind = 'account'
                )
        ",
        'whole_if': "
            select source_system, shop_id, channel
            from int_message_events__changes
            where event_name = 'delivered'
            except
            select source_system, shop_id, channel
            from int_message_events
            where
                event_name = 'delivered'
                and message_id not in (
                    select message_id from int_message_events__changes
                )
        ",
    },
) }}

with messages as (
    select
        message_id,
        min(source_system) as source_system,
        min(shop_id) as shop_id,
        min(campaign_id) as campaign_id,
        min(campaign_name) as campaign_name,
        min(channel) as channel,
        min(kind) as kind,
        min(recipient_key) as recipient_key,
        min(email_hash) as email_hash,
        min(account_id) as account_id,
        min(case when event_name = 'sent' then event_at end) as handed_over_at,
        max(case when event_name = 'delivered' then event_at end) as delivered_at,
        max(case when event_name = 'bounced' then event_at end) as bounced_at,
        min(case when event_name = 'opened' then event_at end) as opened_at,
        max(case when event_name = 'opened' and not is_machine_open then 1 else 0 end)
            as human_opens,
        min(case when event_name = 'clicked' then event_at end) as clicked_at,
        min(case when event_name = 'unsubscribed' then event_at end)
            as unsubscribed_at,
        min(case when event_name = 'complained' then event_at end) as complained_at,
        min(case
            when event_name in ('sent', 'delivered', 'bounced') then event_at
        end) as known_sent_at,
        min(event_at) as first_event_at
    from {{ ref('int_message_events') }}
    where {{ touched('message_id') }}
    group by message_id
),

-- Whether a platform tells deliveries at all: where it does not, what did not bounce
-- was delivered.
told as (
    select distinct
        source_system,
        shop_id,
        channel
    from {{ ref('int_message_events') }}
    where event_name = 'delivered'
),

campaign_moments as (
    select
        campaign_id,
        min(sent_at) as sent_at
    from {{ ref('int_email_campaigns') }}
    where kind = 'campaign'
    group by campaign_id
),

dated as (
    select
        messages.*,
        coalesce(
            messages.known_sent_at, campaign_moments.sent_at, messages.first_event_at
        ) as sent_at,
        -- Nobody opens what never came: such a message was delivered in the end.
        coalesce(
            messages.opened_at, messages.clicked_at, messages.unsubscribed_at,
            messages.complained_at
        ) is not null
        or messages.delivered_at >= messages.bounced_at
        or (
            messages.bounced_at is null
            and (messages.delivered_at is not null or told.shop_id is null)
        ) as is_delivered
    from messages
    left join told
        on
            messages.source_system = told.source_system
            and messages.shop_id = told.shop_id
            and messages.channel = told.channel
    left join campaign_moments
        on messages.campaign_id = campaign_moments.campaign_id
)

select
    dated.message_id,
    dated.shop_id,
    dated.source_system,
    dated.campaign_id,
    dated.campaign_name,
    dated.channel,
    dated.kind,
    dated.recipient_key,
    coalesce(by_account.customer_id, by_email.customer_id) as customer_id,
    dated.sent_at,
    cast(
        {{ to_local('dated.sent_at', "coalesce(int_shops.time_zone, 'UTC')") }} as date
    ) as sent_date,
    dated.known_sent_at is not null as has_send_event,
    coalesce(dated.is_delivered, false) as is_delivered,
    dated.bounced_at is not null and not coalesce(dated.is_delivered, false)
        as is_bounced,
    dated.opened_at,
    dated.opened_at is not null and dated.human_opens = 0 as is_machine_open,
    dated.clicked_at,
    dated.unsubscribed_at,
    dated.complained_at is not null as is_complaint
from dated
left join {{ ref('int_shops') }} as int_shops
    on dated.shop_id = int_shops.shop_id
left join {{ ref('int_customer_keys') }} as by_account
    on
        by_account.key_kind = 'account'
        and dated.account_id = by_account.key_value
left join {{ ref('int_customer_keys') }} as by_email
    on
        by_email.key_kind = 'email'
        and dated.email_hash = by_email.key_value
