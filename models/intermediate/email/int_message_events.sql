-- A message may be one of several to its recipient, and an event may come again: what
-- rows of the logs say of a person is put together anew, whichever day they are of.
{{ config(
    materialized='incremental',
    meta={
        'unit': 'recipient_key',
        'touched': '
            select recipient_key from base_klaviyo__events__changes
            union all
            select recipient_key from base_klaviyo__events
            where event_id in (select event_id from base_klaviyo__events__changes)
            union all
            select email_hash from stg_klaviyo__included
            where resource_id in (
                select profile_id from base_klaviyo__events__changes
                union all
                select profile_id from base_klaviyo__events
                where event_id in (select event_id from base_klaviyo__events__changes)
            )
            union all
            select email_hash from base_mailchimp__activity__changes
            union all
            select recipient_key from int_message_events
            where shop_id in (select shop_id from int_shops__changes)
        ',
        'whole_if': 'select 1 from int_email_campaigns__changes',
    },
) }}

{% set logs = [
    'klaviyo_events', ref('stg_mailchimp__activity'), ref('stg_flat__message_events'),
] -%}
{% set stage %}case event_name
            when 'sent' then 1 when 'delivered' then 2 when 'bounced' then 3
            when 'opened' then 4 when 'clicked' then 5 else 6
        end{% endset -%}
{% set moments = {
    'sent': 'sent_at', 'delivered': 'delivered_at', 'bounced': 'bounced_at',
    'opened': 'opened_at', 'clicked': 'clicked_at',
    'unsubscribed': 'unsubscribed_at', 'complained': 'complained_at',
} -%}
-- Klaviyo's newer events name metric and person by ids.
with klaviyo_events as (
    select
        events.source_system,
        events.shop_id,
        events.message_id,
        events.send_key,
        events.campaign_id,
        events.campaign_name,
        events.kind,
        coalesce(metrics.channel, events.channel) as channel,
        events.account_id,
        coalesce(events.email_hash, profiles.email_hash) as email_hash,
        coalesce(events.email_hash, profiles.email_hash, events.recipient_key)
            as recipient_key,
        coalesce(events.event_name, metrics.event_name) as event_name,
        events.event_at,
        events.event_at_local,
        events.is_machine_open
    from {{ ref('stg_klaviyo__events') }} as events
    left join {{ ref('stg_klaviyo__included') }} as metrics
        on
            events.shop_id = metrics.shop_id
            and events.metric = metrics.resource_id
            and metrics.resource_type = 'metric'
    left join {{ ref('stg_klaviyo__included') }} as profiles
        on
            events.shop_id = profiles.shop_id
            and events.profile_id = profiles.resource_id
            and profiles.resource_type = 'profile'
    where
        {{ touched(
            'coalesce(events.email_hash, profiles.email_hash, events.recipient_key)'
        ) }}
),

logged_events as (
    {% for log in logs %}
        select
            source_system,
            shop_id,
            message_id,
            send_key,
            campaign_id,
            campaign_name,
            kind,
            channel,
            account_id,
            email_hash,
            recipient_key,
            event_name,
            event_at,
            event_at_local,
            is_machine_open
        from {{ log }}
        where event_name is not null and {{ touched('recipient_key') }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- A row of the template messages tells up to seven events.
told_events as (
    {% for event_name, moment in moments.items() %}
        select
            source_system,
            shop_id,
            message_id,
            cast(null as string) as send_key,
            campaign_id,
            campaign_name,
            kind,
            channel,
            account_id,
            email_hash,
            recipient_key,
            '{{ event_name }}' as event_name,
            {{ moment }} as event_at,
            cast(null as timestamp) as event_at_local,
            is_machine_open
        from {{ ref('stg_flat__messages') }}
        where {{ moment }} is not null and {{ touched('recipient_key') }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

all_events as (
    select *
    from logged_events
    union all
    select *
    from told_events
),

-- Messages may name their campaign by another id than the table of campaigns does, or
-- by its name alone; a name that two campaigns share says nothing.
named_campaigns as (
    select
        shop_id,
        lower(campaign_name) as campaign_key,
        min(campaign_id) as campaign_id
    from {{ ref('int_email_campaigns') }}
    group by shop_id, lower(campaign_name)
    having count(distinct campaign_id) = 1
),

campaign_moments as (
    select
        campaign_id,
        min(sent_at) as sent_at,
        min(campaign_name) as campaign_name
    from {{ ref('int_email_campaigns') }}
    group by campaign_id
),

resolved as (
    select
        all_events.source_system,
        all_events.shop_id,
        all_events.message_id,
        all_events.send_key,
        coalesce(
            campaigns_by_id.campaign_id,
            named_campaigns.campaign_id,
            all_events.campaign_id,
            all_events.shop_id || ':' || md5(all_events.campaign_name)
        ) as campaign_id,
        coalesce(
            campaigns_by_id.campaign_name,
            campaigns_by_name.campaign_name,
            all_events.campaign_name
        ) as campaign_name,
        all_events.kind,
        all_events.channel,
        all_events.account_id,
        all_events.email_hash,
        all_events.recipient_key,
        all_events.event_name,
        coalesce(
            all_events.event_at,
            {{ to_utc('all_events.event_at_local',
                      "coalesce(int_shops.time_zone, 'UTC')") }},
            campaigns_by_id.sent_at,
            campaigns_by_name.sent_at
        ) as event_at,
        coalesce(all_events.is_machine_open, false) as is_machine_open
    from all_events
    left join campaign_moments as campaigns_by_id
        on all_events.campaign_id = campaigns_by_id.campaign_id
    left join named_campaigns
        on
            all_events.shop_id = named_campaigns.shop_id
            and lower(all_events.campaign_name) = named_campaigns.campaign_key
            and campaigns_by_id.campaign_id is null
    left join campaign_moments as campaigns_by_name
        on named_campaigns.campaign_id = campaigns_by_name.campaign_id
    left join {{ ref('int_shops') }} as int_shops
        on all_events.shop_id = int_shops.shop_id
),

-- A flow writes to the same person again and again. Where nothing tells its messages
-- apart, each hand-over begins a new one, and what follows belongs to it.
followed as (
    select
        *,
        lag(event_name) over (
            partition by shop_id, channel, campaign_id, recipient_key
            order by event_at asc nulls last, {{ stage }} asc nulls last
        ) as previous_event
    from resolved
    where event_at is not null
),

numbered as (
    select
        *,
        case
            when message_id is null and kind <> 'campaign' and send_key is null
                then sum(case
                    when event_name = 'sent' then 1
                    when previous_event = 'sent' then 0
                    when event_name = 'delivered' then 1
                    when event_name = 'bounced' and previous_event = 'delivered' then 0
                    when event_name = 'bounced' then 1
                    else 0
                end) over (
                    partition by shop_id, channel, campaign_id, recipient_key
                    order by event_at asc nulls last, {{ stage }} asc nulls last
                    rows between unbounded preceding and current row
                )
        end as send_number
    from followed
)

select
    source_system,
    shop_id,
    coalesce(
        message_id,
        shop_id || ':' || {{ hash_key([
            'source_system', 'channel', 'campaign_id', 'recipient_key', 'send_key',
            'send_number',
        ]) }}
    ) as message_id,
    campaign_id,
    campaign_name,
    kind,
    channel,
    account_id,
    email_hash,
    recipient_key,
    event_name,
    event_at,
    is_machine_open
from numbered
where message_id is not null or recipient_key is not null
