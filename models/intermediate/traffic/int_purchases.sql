{{ config(meta={'tracked': true}) }}

with told as (
    select
        shop_id,
        session_id,
        visitor_id,
        event_id,
        event_at,
        replace(order_number, '#', '') as order_number
    from {{ ref('int_events') }}
    where event_name = 'purchase'
),

-- A reloaded thank-you page repeats its transaction. Without a number all purchases of
-- one session are taken for such repetitions.
ranked as (
    select
        shop_id,
        session_id,
        visitor_id,
        event_id,
        event_at,
        order_number,
        row_number() over (
            partition by
                shop_id, coalesce(order_number, 'session ' || session_id, event_id)
            order by
                case when session_id is null then 1 else 0 end asc nulls last,
                event_at asc nulls last,
                event_id asc nulls last
        ) as repetition
    from told
),

transactions as (
    select
        shop_id,
        session_id,
        visitor_id,
        event_id,
        event_at,
        order_number
    from ranked
    where repetition = 1
),

-- Tags send the order's number or its id; numbers are unique in a shop, save for
-- orders that were imported twice.
order_names as (
    select
        shop_id,
        order_name,
        min(order_id) as order_id
    from (
        select
            int_orders.shop_id,
            replace(int_orders.order_number, '#', '') as order_name,
            int_orders.order_id
        from {{ ref('int_orders') }} as int_orders
        where int_orders.order_number is not null
        union
        select
            int_orders.shop_id,
            substr(int_orders.order_id, length(int_orders.shop_id) + 2) as order_name,
            int_orders.order_id
        from {{ ref('int_orders') }} as int_orders
    ) as names
    group by shop_id, order_name
),

known as (
    select
        transactions.shop_id,
        transactions.session_id,
        transactions.visitor_id,
        transactions.event_id,
        transactions.event_at,
        transactions.order_number,
        order_names.order_id,
        -- One order can be told by number in one tag and by id in another.
        row_number() over (
            partition by coalesce(order_names.order_id, transactions.event_id)
            order by
                case
                    when transactions.session_id is null then 1 else 0
                end asc nulls last,
                transactions.event_at asc nulls last,
                transactions.event_id asc nulls last
        ) as repetition
    from transactions
    left join order_names
        on
            transactions.shop_id = order_names.shop_id
            and transactions.order_number = order_names.order_name
),

-- An order whose page sent no event is in the session its visitor was in.
unseen_orders as (
    select
        int_orders.shop_id,
        int_orders.order_id,
        int_orders.order_number,
        int_orders.ordered_at,
        int_orders.visitor_id,
        int_visits.session_id,
        row_number() over (
            partition by int_orders.order_id
            order by
                int_visits.started_at desc nulls last,
                int_visits.session_id asc nulls last
        ) as preference
    from {{ ref('int_orders') }} as int_orders
    left join {{ ref('int_visits') }} as int_visits
        on
            int_orders.visitor_id = int_visits.visitor_id
            and int_visits.started_at <= int_orders.ordered_at
            and int_orders.ordered_at <= int_visits.ended_at
            + interval '{{ var("session_timeout_minutes") }}' minute
    where int_orders.order_id not in (
        select known.order_id
        from known
        where known.order_id is not null
    )
),

purchases as (
    select
        shop_id,
        order_id,
        order_number,
        event_at as purchased_at,
        visitor_id,
        session_id,
        event_id,
        1 as purchases
    from known
    where repetition = 1
    union all
    select
        shop_id,
        order_id,
        order_number,
        ordered_at as purchased_at,
        visitor_id,
        session_id,
        cast(null as string) as event_id,
        1 as purchases
    from unseen_orders
    where preference = 1
    union all
    select
        int_visits.shop_id,
        cast(null as string) as order_id,
        cast(null as string) as order_number,
        int_visits.ended_at as purchased_at,
        int_visits.visitor_id,
        int_visits.session_id,
        cast(null as string) as event_id,
        int_visits.untold_purchases as purchases
    from {{ ref('int_visits') }} as int_visits
    where
        int_visits.untold_purchases > 0
        and int_visits.session_id not in (
            select unseen_orders.session_id
            from unseen_orders
            where unseen_orders.preference = 1 and unseen_orders.session_id is not null
        )
)

select
    coalesce(purchases.order_id, purchases.event_id, purchases.session_id)
        as purchase_id,
    purchases.shop_id,
    purchases.order_id,
    purchases.order_number,
    purchases.purchased_at,
    purchases.visitor_id,
    purchases.session_id,
    purchases.event_id,
    cast(purchases.purchases as bigint) as purchases,
    -- What the order data do not know (another system's orders) is believed.
    coalesce(int_order_policy.is_placed, purchases.order_id is null) as is_counted
from purchases
left join {{ ref('int_order_policy') }} as int_order_policy
    on purchases.order_id = int_order_policy.order_id
