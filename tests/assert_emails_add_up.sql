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
        sum(sent) as sent,
        sum(attributed_orders) as orders,
        sum(attributed_sales) as sales
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

credits as (
    select
        shop_id,
        sum(credit) as orders,
        sum(attributed_sales) as sales
    from {{ ref('fct_attribution') }}
    where is_default_model and channel_id = 'email'
    group by shop_id
),

surplus_orders as (
    select
        'more orders than the channel has credit for' as finding,
        counted.shop_id as found_in
    from counted
    left join credits
        on counted.shop_id = credits.shop_id
    where
        counted.orders > coalesce(credits.orders, 0) + 0.001
        or counted.sales > coalesce(credits.sales, 0) + 0.001
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
