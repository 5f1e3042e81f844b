{{ config(
    materialized='incremental',
    meta={
        'unit': 'session_id',
        'touched': '
            select session_id from fct_sessions__changes
            union all
            select session_id from int_events__changes
            union all
            select session_id from int_purchases__changes
        ',
    },
) }}

with checkout_starts as (
    select
        session_id,
        min(event_at) as began_at
    from {{ ref('int_events') }}
    where
        event_name = 'begin_checkout'
        and session_id is not null
        and {{ touched('session_id') }}
    group by session_id
),

checkouts as (
    select
        fct_sessions.session_id,
        fct_sessions.shop_id,
        coalesce(checkout_starts.began_at, fct_sessions.started_at) as began_at,
        fct_sessions.session_date,
        fct_sessions.channel_id,
        fct_sessions.device,
        fct_sessions.visitor_type,
        fct_sessions.has_payment_info
    from {{ ref('fct_sessions') }} as fct_sessions
    left join checkout_starts
        on fct_sessions.session_id = checkout_starts.session_id
    where
        fct_sessions.is_counted
        and fct_sessions.has_checkout
        and {{ touched('fct_sessions.session_id') }}
),

-- An order before the checkout began is another checkout's.
endings as (
    select
        checkouts.session_id,
        int_purchases.order_id,
        row_number() over (
            partition by checkouts.session_id
            order by
                int_purchases.purchased_at asc nulls last,
                int_purchases.purchase_id asc nulls last
        ) as preference
    from checkouts
    inner join {{ ref('int_purchases') }} as int_purchases
        on checkouts.session_id = int_purchases.session_id
    where
        int_purchases.is_counted
        and int_purchases.purchased_at >= checkouts.began_at
)

select
    checkouts.session_id as checkout_id,
    checkouts.session_id,
    checkouts.shop_id,
    checkouts.began_at,
    checkouts.session_date as checkout_date,
    checkouts.channel_id,
    checkouts.device,
    checkouts.visitor_type,
    checkouts.has_payment_info,
    endings.order_id,
    endings.session_id is not null as is_successful
from checkouts
left join endings
    on checkouts.session_id = endings.session_id and endings.preference = 1
