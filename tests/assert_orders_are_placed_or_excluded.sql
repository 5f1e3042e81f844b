-- All orders = placed + excluded by reason: none is both, neither or lost on the way.
with counts as (
    select
        'order without a decision' as problem,
        count(*) as orders
    from {{ ref('fct_orders') }}
    where is_placed = (exclusion_reason is not null)
    union all
    select
        'orders lost or doubled' as problem,
        (select count(*) from {{ ref('int_orders') }}) - count(*) as orders
    from {{ ref('fct_orders') }}
)

select
    problem,
    orders
from counts
where orders <> 0
