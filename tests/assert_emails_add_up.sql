-- What becomes of e-mails never exceeds what was sent, every message lies in exactly
-- one sending, and the rollup holds every sending of an e-mail and no more orders than
-- the channel was credited with.
with impossible as (
    select
        'more than was sent or delivered' as finding,
        campaign_send_id as found_in
    from {{ ref('fct_email_campaigns') }}
    where
        delivered > sent
        or bounced > sent
        or delivered + bounced > sent
        or opened > delivered
        or machine_opened > opened
        or clicked > delivered
        or unsubscribed > delivered
        or complaints > delivered
),

moments as (
    select
        'opened, clicked or left before it was sent, or never delivered' as finding,
        message_id as found_in
    from {{ ref('fct_messages') }}
    where
        opened_at < sent_at
        or clicked_at < sent_at
        or unsubscribed_at < sent_at
        or (is_delivered and is_bounced)
        or (
            not is_delivered
            and coalesce(opened_at, clicked_at, unsubscribed_at) is not null
        )
),

messages as (
    select
        shop_id,
        channel,
        count(*) as messages
    from {{ ref('fct_messages') }}
    group by shop_id, channel
),

sendings as (
    select
        shop_id,
        channel,
        sum(messages) as messages,
        {{ known_sum('sent') }} as sent
    from {{ ref('fct_email_campaigns') }}
    group by shop_id, channel
),

lost_messages as (
    select
        'messages and sendings differ' as finding,
        coalesce(messages.shop_id, sendings.shop_id) as found_in
    from messages
    full outer join sendings
        on
            messages.shop_id = sendings.shop_id
            and messages.channel = sendings.channel
    where coalesce(messages.messages, 0) <> coalesce(sendings.messages, 0)
),

counted as (
    select
        member as shop_id,
        sum(sent) as sent
    from {{ ref('rollup_emails') }}
    where dimension = 'shop' and grain = 'day'
    group by member
),

lost_sendings as (
    select
        'rollup and sendings differ' as finding,
        sendings.shop_id as found_in
    from sendings
    left join counted
        on sendings.shop_id = counted.shop_id
    where
        sendings.channel = 'email'
        and sendings.sent is not null
        and coalesce(counted.sent, 0) <> sendings.sent
),

surplus_orders as (
    select
        'more orders than the channel has credit for' as finding,
        cast(rollup_emails.period_start as string) as found_in
    from {{ ref('rollup_emails') }} as rollup_emails
    left join {{ ref('rollup_marketing') }} as rollup_marketing
        on
            rollup_emails.grain = rollup_marketing.grain
            and rollup_emails.period_start = rollup_marketing.period_start
            and rollup_marketing.dimension = 'channel'
            and rollup_marketing.member = 'email'
    where
        rollup_emails.dimension = 'all'
        and (
            rollup_emails.attributed_orders
            > coalesce(rollup_marketing.attributed_orders, 0) + 0.001
            or rollup_emails.attributed_sales
            > coalesce(rollup_marketing.attributed_sales, 0) + 0.001
        )
)

{% for findings in [
    'impossible', 'moments', 'lost_messages', 'lost_sendings', 'surplus_orders',
] %}
    select
        finding,
        found_in
    from {{ findings }}
    {% if not loop.last %}union all{% endif %}
{% endfor %}
