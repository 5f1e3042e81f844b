-- How likely is the next order? After the first, the second, the third …
select
    order_number,
    customers,
    next_order_customers,
    next_order_chance,
    chance_lower,
    chance_upper,
    median_days_to_next
from {{ ref('next_order_chance') }}
where dimension = 'all'
order by order_number nulls last
