{{ config(
    materialized='incremental',
    meta={
        'unit': 'session_id',
        'touched': '
            select session_id from fct_sessions__changes
            union all
            select session_id from int_visits__changes
            union all
            select session_id from int_events__changes
            union all
            select session_id from int_purchases__changes
        ',
    },
) }}

with done as (
    select
        session_id,
        event_name,
        1 as actions
    from {{ ref('int_events') }}
    -- Purchases are counted once an order, below.
    where
        session_id is not null
        and event_name <> 'purchase'
        and {{ touched('session_id') }}
    union all
    select
        session_id,
        'purchase' as event_name,
        purchases as actions
    from {{ ref('int_purchases') }}
    where session_id is not null and is_counted and {{ touched('session_id') }}
    union all
    select
        session_id,
        'add_to_cart' as event_name,
        add_to_carts as actions
    from {{ ref('int_visits') }}
    where not has_events and add_to_carts > 0 and {{ touched('session_id') }}
    union all
    select
        session_id,
        'begin_checkout' as event_name,
        checkouts as actions
    from {{ ref('int_visits') }}
    where not has_events and checkouts > 0 and {{ touched('session_id') }}
),

summed as (
    select
        done.session_id,
        target_actions.action,
        sum(done.actions) as actions
    from done
    inner join {{ ref('target_actions') }} as target_actions
        on done.event_name = target_actions.event_name
    group by done.session_id, target_actions.action
)

select
    summed.session_id,
    summed.action,
    fct_sessions.shop_id,
    fct_sessions.session_date as action_date,
    fct_sessions.channel_id,
    fct_sessions.campaign_name,
    fct_sessions.device,
    cast(summed.actions as bigint) as actions
from summed
inner join {{ ref('fct_sessions') }} as fct_sessions
    on summed.session_id = fct_sessions.session_id
where fct_sessions.is_counted
