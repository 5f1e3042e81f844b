with orders as (
    select
        fct_orders.customer_id,
        dim_customers.shop_id,
        fct_orders.customer_order_number as order_number,
        fct_orders.order_date,
        lead(fct_orders.order_date) over (
            partition by fct_orders.customer_id
            order by fct_orders.customer_order_number nulls last
        ) as next_order_date,
        dim_as_of.as_of_date
    from {{ ref('fct_orders') }} as fct_orders
    inner join {{ ref('dim_customers') }} as dim_customers
        on fct_orders.customer_id = dim_customers.customer_id
    inner join {{ ref('dim_as_of') }} as dim_as_of
        on fct_orders.order_date <= dim_as_of.as_of_date
    where fct_orders.is_placed
),

-- Everybody is watched for the same number of days: a customer whose order is younger
-- has not had the time to come back, and would make the chance look small.
watched as (
    select
        shop_id,
        order_number,
        case
            when
                {{ datediff('order_date', 'next_order_date', 'day') }}
                <= {{ var('next_order_days') }}
                then {{ datediff('order_date', 'next_order_date', 'day') }}
        end as days_to_next
    from orders
    where
        order_number <= 10
        and {{ datediff('order_date', 'as_of_date', 'day') }}
        >= {{ var('next_order_days') }}
),

sliced as (
    {{ slices('watched', {'shop': 'shop_id'}) }}
)

select
    dimension,
    member,
    order_number,
    cast(count(*) as bigint) as customers,
    cast(count(days_to_next) as bigint) as next_order_customers,
    cast(count(days_to_next) as double) / nullif(count(*), 0) as next_order_chance,
    cast({{ wilson('-', 'count(days_to_next)', 'count(*)') }} as double)
        as chance_lower,
    least(1, cast({{ wilson('+', 'count(days_to_next)', 'count(*)') }} as double))
        as chance_upper,
    cast(percentile_cont(0.5) within group (order by days_to_next) as double)
        as median_days_to_next
from sliced
group by dimension, member, order_number
