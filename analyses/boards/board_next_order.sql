-- The chance that an order is followed by another, and how long that takes.
select
    'after order ' || cast(order_number as string) as orders_so_far,
    next_order_chance,
    cast(next_order_customers as string)
    || ' of '
    || cast(customers as string)
    || ', after '
    || cast(cast(median_days_to_next as bigint) as string)
    || ' days' as detail
from {{ ref('next_order_chance') }} as chances
where dimension = 'all' and customers >= 20
order by order_number asc nulls last
