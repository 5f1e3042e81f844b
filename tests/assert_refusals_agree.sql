-- Refused is one thing, whoever says so: an order whose every parcel was refused is a
-- refused order, none of its parcels is still on its way, and its goods come back once.
with refused_parcels as (
    select
        order_id,
        count(*) as parcels,
        count(refused_at) as refused
    from {{ ref('int_parcels') }}
    group by order_id
),

refused_returns as (
    select
        order_id,
        sum(cast(is_date_estimated as int)) as estimated,
        sum(cast(not is_date_estimated as int)) as booked
    from {{ ref('fct_returns') }}
    where kind = 'refused'
    group by order_id
)

select
    'order does not know that it was refused' as finding,
    fct_orders.order_id
from {{ ref('fct_orders') }} as fct_orders
inner join refused_parcels
    on fct_orders.order_id = refused_parcels.order_id
where refused_parcels.parcels = refused_parcels.refused and not fct_orders.is_refused
union all
select
    'parcel of a refused order is on its way' as finding,
    fct_orders.order_id
from {{ ref('fct_orders') }} as fct_orders
inner join {{ ref('fct_parcels') }} as fct_parcels
    on fct_orders.order_id = fct_parcels.order_id
where
    fct_orders.is_refused
    and fct_parcels.status in ('waiting', 'packed', 'under_way')
union all
select
    'refused goods came back twice' as finding,
    order_id
from refused_returns
where (estimated > 0 and booked > 0) or estimated > 1
