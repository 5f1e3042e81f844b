{{ config(
    materialized='incremental',
    meta={
        'unit': 'person_id',
        'touched': "
            select person_id from fct_sessions__changes
            union all
            select person_id from fct_sessions
            where session_id in (
                select session_id from int_events__changes
                union all
                select session_id from int_event_items__changes
                union all
                select session_id from int_visits__changes
            )
            union all
            select person_id from int_visitors__changes
            union all
            select person_id from int_visitors
            where visitor_id in (select visitor_id from int_purchases__changes)
            union all
            select customer_id from int_order_customers__changes
            union all
            select customer_id from int_order_customers
            where order_id in (
                select order_id from int_purchases__changes
                union all
                select order_id from int_purchases
                where visitor_id in (select visitor_id from int_visitors__changes)
            )
            union all
            select person_id from fct_carts
            where
                shop_id in (select shop_id from int_shops__changes)
                or status = 'open'
                or settled_at > (select min(as_of) from int_as_of__changes)
        ",
    },
) }}

with counted_sessions as (
    select
        session_id,
        shop_id,
        visitor_id,
        person_id,
        started_at
    from {{ ref('fct_sessions') }}
    where
        is_counted
        and person_id is not null
        and {{ touched('person_id') }}
),

item_amounts as (
    select
        event_id,
        sum(coalesce(quantity, 1)) as quantity,
        sum(price * coalesce(quantity, 1)) as amount
    from {{ ref('int_event_items') }}
    where
        event_name in ('add_to_cart', 'remove_from_cart')
        and {{ touched('person_id', key='session_id', of=ref('fct_sessions')) }}
    group by event_id
),

moments as (
    select
        counted_sessions.shop_id,
        counted_sessions.person_id,
        int_events.event_at as happened_at,
        int_events.event_id as moment_id,
        counted_sessions.session_id,
        case
            when int_events.event_name = 'add_to_cart' then 1
            when int_events.event_name = 'remove_from_cart' then -1
            else 0
        end as direction,
        coalesce(item_amounts.quantity, 1) as quantity,
        coalesce(item_amounts.amount, int_events.value) as amount,
        0 as is_purchase,
        cast(null as string) as order_id
    from {{ ref('int_events') }} as int_events
    inner join counted_sessions
        on int_events.session_id = counted_sessions.session_id
    left join item_amounts
        on int_events.event_id = item_amounts.event_id
    where
        int_events.event_name in (
            'add_to_cart', 'remove_from_cart', 'begin_checkout', 'add_payment_info'
        )
    union all
    -- A session file without events still tells that a cart was filled, not its value.
    select
        counted_sessions.shop_id,
        counted_sessions.person_id,
        int_visits.started_at as happened_at,
        int_visits.session_id as moment_id,
        counted_sessions.session_id,
        case when int_visits.add_to_carts > 0 then 1 else 0 end as direction,
        int_visits.add_to_carts as quantity,
        cast(null as decimal(18, 4)) as amount,
        0 as is_purchase,
        cast(null as string) as order_id
    from {{ ref('int_visits') }} as int_visits
    inner join counted_sessions
        on int_visits.session_id = counted_sessions.session_id
    where
        not int_visits.has_events
        and (
            int_visits.add_to_carts > 0
            or int_visits.checkouts > 0
            or int_visits.payment_infos > 0
        )
    union all
    -- An order on a device that was never tracked still empties its customer's cart.
    select
        int_purchases.shop_id,
        coalesce(int_visitors.person_id, int_order_customers.customer_id) as person_id,
        int_purchases.purchased_at as happened_at,
        int_purchases.purchase_id as moment_id,
        cast(null as string) as session_id,
        0 as direction,
        0 as quantity,
        cast(null as decimal(18, 4)) as amount,
        1 as is_purchase,
        int_purchases.order_id
    from {{ ref('int_purchases') }} as int_purchases
    left join {{ ref('int_visitors') }} as int_visitors
        on int_purchases.visitor_id = int_visitors.visitor_id
    left join {{ ref('int_order_customers') }} as int_order_customers
        on int_purchases.order_id = int_order_customers.order_id
    where
        int_purchases.is_counted
        and coalesce(int_visitors.person_id, int_order_customers.customer_id)
        is not null
        and {{ touched(
            'coalesce(int_visitors.person_id, int_order_customers.customer_id)'
        ) }}
),

followed as (
    select
        shop_id,
        person_id,
        happened_at,
        moment_id,
        session_id,
        direction,
        quantity,
        amount,
        is_purchase,
        order_id,
        lag(happened_at) over (
            partition by shop_id, person_id
            order by
                happened_at asc nulls last,
                is_purchase asc nulls last,
                moment_id asc nulls last
        ) as previous_at,
        lag(is_purchase) over (
            partition by shop_id, person_id
            order by
                happened_at asc nulls last,
                is_purchase asc nulls last,
                moment_id asc nulls last
        ) as previous_is_purchase
    from moments
),

numbered as (
    select
        shop_id,
        person_id,
        happened_at,
        moment_id,
        session_id,
        direction,
        quantity,
        amount,
        is_purchase,
        order_id,
        sum(case
            when
                previous_is_purchase = 0
                and happened_at <= previous_at
                + interval '{{ var("cart_settle_hours") }}' hour
                then 0
            else 1
        end) over (
            partition by shop_id, person_id
            order by
                happened_at asc nulls last,
                is_purchase asc nulls last,
                moment_id asc nulls last
            rows between unbounded preceding and current row
        ) as cart_number
    from followed
),

carts as (
    select
        shop_id,
        person_id,
        cart_number,
        min(case when is_purchase = 0 then happened_at end) as first_event_at,
        max(case when is_purchase = 0 then happened_at end) as last_event_at,
        min(case when is_purchase = 1 then happened_at end) as purchased_at,
        max(order_id) as order_id,
        -- The smallest text is the earliest: moment first, then the session.
        split_part(
            min(cast(happened_at as string) || chr(31) || session_id), chr(31), 2
        ) as first_session_id,
        sum(direction * quantity) as quantity,
        sum(direction * amount) as amount
    from numbered
    group by shop_id, person_id, cart_number
    having max(direction) = 1
),

local_carts as (
    select
        carts.*,
        cast(
            {{ to_local('carts.first_event_at',
                        "coalesce(int_shops.time_zone, 'UTC')") }}
            as date
        ) as cart_date,
        int_shops.currency,
        carts.last_event_at + interval '{{ var("cart_settle_hours") }}' hour
            as settles_at
    from carts
    left join {{ ref('int_shops') }} as int_shops
        on carts.shop_id = int_shops.shop_id
)

select
    {{ hash_key(['fct_sessions.visitor_id', 'local_carts.first_event_at']) }}
        as cart_id,
    local_carts.shop_id,
    fct_sessions.visitor_id,
    local_carts.person_id,
    fct_sessions.customer_id,
    local_carts.cart_date,
    local_carts.first_event_at,
    local_carts.last_event_at,
    case
        when local_carts.purchased_at is not null then local_carts.purchased_at
        when local_carts.settles_at <= int_as_of.as_of then local_carts.settles_at
    end as settled_at,
    fct_sessions.channel_id,
    fct_sessions.device,
    fct_sessions.visitor_type,
    case
        when local_carts.purchased_at is not null then 'converted'
        when local_carts.settles_at <= int_as_of.as_of then 'abandoned'
        else 'open'
    end as status,
    cast(greatest(local_carts.quantity, 0) as bigint) as quantity,
    -- greatest() would turn a value that nobody knows into zero.
    cast(case
        when local_carts.amount < 0 then 0
        else round(local_carts.amount * int_fx_rates.rate * 10000) / 10000
    end as decimal(18, 4)) as value,
    local_carts.order_id
from local_carts
inner join {{ ref('fct_sessions') }} as fct_sessions
    on local_carts.first_session_id = fct_sessions.session_id
cross join {{ ref('int_as_of') }} as int_as_of
left join {{ ref('int_fx_rates') }} as int_fx_rates
    on
        local_carts.currency = int_fx_rates.currency
        and local_carts.cart_date between int_fx_rates.valid_from
        and int_fx_rates.valid_to
