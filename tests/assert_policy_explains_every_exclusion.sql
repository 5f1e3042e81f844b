-- What the chosen preset leaves out, rule by rule, is exactly what is not placed.
with left_out as (
    select
        rule,
        sum(orders) as orders,
        sum(charged_total) as charged_total
    from {{ ref('order_policy_difference') }}
    where preset = '{{ var("order_policy") }}'
    group by rule
),

not_placed as (
    select
        exclusion_reason,
        count(*) as orders,
        sum(charged_total) as charged_total
    from {{ ref('fct_orders') }}
    where not is_placed
    group by exclusion_reason
)

select
    coalesce(left_out.rule, not_placed.exclusion_reason) as rule,
    left_out.orders as orders_left_out,
    not_placed.orders as orders_not_placed
from left_out
full outer join not_placed
    on left_out.rule = not_placed.exclusion_reason
where
    left_out.orders is distinct from not_placed.orders
    or left_out.charged_total is distinct from not_placed.charged_total
