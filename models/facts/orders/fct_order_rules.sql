select
    int_order_rules.order_id,
    int_order_rules.rule,
    order_policy.priority
from {{ ref('int_order_rules') }} as int_order_rules
inner join {{ ref('order_policy') }} as order_policy
    on int_order_rules.rule = order_policy.rule
