-- What each preset of the order policy leaves out.
select
    preset,
    sum(orders) as orders,
    sum(sales) as sales
from {{ ref('order_policy_difference') }}
group by preset
order by sum(orders) desc nulls last, preset asc nulls last
