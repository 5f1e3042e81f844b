-- Every add to cart of a counted session lies in exactly one cart of its shop's day, a
-- cart is open or settled, never both, and an order converts one cart.
with wrong_carts as (
    select
        'settled and status disagree' as finding,
        cart_id as found_in
    from {{ ref('fct_carts') }}
    where
        (status = 'open' and settled_at is not null)
        or (status <> 'open' and settled_at is null)
        or settled_at < first_event_at
        or last_event_at < first_event_at
),

shared_orders as (
    select
        'order converts several carts' as finding,
        order_id as found_in
    from {{ ref('fct_carts') }}
    where order_id is not null
    group by order_id
    having count(*) > 1
),

lost_adds as (
    select
        'add to cart in no cart' as finding,
        fct_sessions.session_id as found_in
    from {{ ref('fct_sessions') }} as fct_sessions
    where
        fct_sessions.is_counted
        and fct_sessions.has_add_to_cart
        and fct_sessions.person_id is not null
        and fct_sessions.person_id not in (
            select adders.person_id
            from {{ ref('fct_carts') }} as fct_carts
            inner join {{ ref('fct_sessions') }} as adders
                on fct_carts.visitor_id = adders.visitor_id
            where adders.person_id is not null
        )
)

select
    finding,
    found_in
from wrong_carts
union all
select
    finding,
    found_in
from shared_orders
union all
select
    finding,
    found_in
from lost_adds
