-- Orders that the policy puts out, by the rule that does.
select
    order_policy_difference.rule,
    sum(order_policy_difference.orders) as orders,
    max(order_policy.description) as description
from {{ ref('order_policy_difference') }} as order_policy_difference
left join {{ ref('order_policy') }} as order_policy
    on order_policy_difference.rule = order_policy.rule
where order_policy_difference.preset = '{{ var("order_policy") }}'
group by order_policy_difference.rule
having sum(order_policy_difference.orders) > 0
order by sum(order_policy_difference.orders) desc nulls last
