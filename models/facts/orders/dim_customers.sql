with customers as (
    select
        customer_id,
        max(order_date) as last_order_date,
        count(*) as orders,
        sum(units) as units,
        sum(sales) as sales,
        sum(returns) as returns,
        sum(gross_profit - (costed_returns - restocked_cogs)) as gross_profit
    from {{ ref('fct_orders') }}
    where is_placed and customer_id is not null
    group by customer_id
),

first_orders as (
    select
        customer_id,
        order_id,
        shop_id,
        country,
        channel_id,
        ordered_at,
        order_date
    from {{ ref('fct_orders') }}
    where customer_order_number = 1
),

first_sessions as (
    select
        first_orders.customer_id,
        min(int_sessions.started_at) as started_at
    from first_orders
    inner join {{ ref('int_visitors') }} as int_visitors
        on first_orders.customer_id = int_visitors.customer_id
    inner join {{ ref('int_sessions') }} as int_sessions
        on int_visitors.visitor_id = int_sessions.visitor_id
    where int_sessions.started_at <= first_orders.ordered_at
    group by first_orders.customer_id
)

select
    customers.customer_id,
    first_orders.shop_id,
    first_orders.country,
    first_orders.channel_id,
    first_orders.order_id as first_order_id,
    first_orders.ordered_at as first_order_at,
    first_orders.order_date as first_order_date,
    cast(date_trunc('month', first_orders.order_date) as date) as cohort_month,
    customers.last_order_date,
    cast(customers.orders as bigint) as orders,
    cast(customers.units as bigint) as units,
    cast(customers.sales as decimal(18, 4)) as sales,
    cast(customers.returns as decimal(18, 4)) as returns,
    cast(customers.gross_profit as decimal(18, 4)) as gross_profit,
    first_sessions.started_at as first_session_at,
    cast(
        {{ seconds_between('first_sessions.started_at', 'first_orders.ordered_at') }}
        / 3600 as double
    ) as hours_to_convert
from customers
inner join first_orders
    on customers.customer_id = first_orders.customer_id
left join first_sessions
    on customers.customer_id = first_sessions.customer_id
