-- What does each rule on orders move? Orders and money that every preset leaves out,
-- over all time: why one system's average order value is not another's.
select
    preset,
    rule,
    sum(orders) as orders,
    sum(sales) as sales,
    sum(charged_total) as charged_total
from {{ ref('order_policy_difference') }}
group by preset, rule
order by preset asc nulls last, orders desc nulls last, rule asc nulls last
