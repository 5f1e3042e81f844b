with excluding_rules as (
    select
        int_order_rules.order_id,
        int_order_rules.rule,
        row_number() over (
            partition by int_order_rules.order_id
            order by order_policy.priority nulls last
        ) as rank_of_rule
    from {{ ref('int_order_rules') }} as int_order_rules
    inner join {{ ref('order_policy') }} as order_policy
        on int_order_rules.rule = order_policy.rule
    where {{ policy_choice() }} = 'out'
)

select
    int_orders.order_id,
    excluding_rules.rule is null as is_placed,
    excluding_rules.rule as exclusion_reason
from {{ ref('int_orders') }} as int_orders
left join excluding_rules
    on
        int_orders.order_id = excluding_rules.order_id
        and excluding_rules.rank_of_rule = 1
