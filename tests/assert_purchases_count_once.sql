-- Sessions never hold more purchases than there are, and an order is in one session.
with per_order as (
    select
        'order in several sessions' as finding,
        order_id as found_in,
        count(*) as occurrences
    from {{ ref('int_purchases') }}
    where order_id is not null
    group by order_id
    having count(*) > 1
),

known as (
    select
        shop_id,
        sum(purchases) as purchases
    from {{ ref('int_purchases') }}
    where is_counted
    group by shop_id
),

per_shop as (
    select
        'more session purchases than purchases' as finding,
        fct_sessions.shop_id as found_in,
        sum(fct_sessions.orders) - max(known.purchases) as occurrences
    from {{ ref('fct_sessions') }} as fct_sessions
    left join known
        on fct_sessions.shop_id = known.shop_id
    group by fct_sessions.shop_id
    having sum(fct_sessions.orders) > coalesce(max(known.purchases), 0)
),

excluded as (
    select
        'excluded order counted' as finding,
        int_purchases.order_id as found_in,
        1 as occurrences
    from {{ ref('int_purchases') }} as int_purchases
    inner join {{ ref('fct_orders') }} as fct_orders
        on int_purchases.order_id = fct_orders.order_id
    where int_purchases.is_counted and not fct_orders.is_placed
)

select
    finding,
    found_in,
    occurrences
from per_order
union all
select
    finding,
    found_in,
    occurrences
from per_shop
union all
select
    finding,
    found_in,
    occurrences
from excluded
