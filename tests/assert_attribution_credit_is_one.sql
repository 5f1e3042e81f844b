-- Every placed order has exactly one credit and exactly its own money under each model.
with shared as (
    select
        order_id,
        model,
        sum(credit) as credit,
        sum(attributed_sales) as attributed_sales
    from {{ ref('fct_attribution') }}
    group by order_id, model
),

models as (
    select distinct model
    from {{ ref('fct_attribution') }}
)

select
    fct_orders.order_id,
    models.model,
    shared.credit,
    shared.attributed_sales,
    fct_orders.sales
from {{ ref('fct_orders') }} as fct_orders
cross join models
left join shared
    on
        fct_orders.order_id = shared.order_id
        and models.model = shared.model
where
    fct_orders.is_placed
    and (
        coalesce(shared.credit, 0) <> 1
        or shared.attributed_sales is distinct from fct_orders.sales
    )
