{{ config(materialized='table') }}

with totals as (
    select
        fct_orders.customer_id,
        dim_as_of.as_of_date,
        max(fct_orders.order_date) as last_order_date,
        count(*) as orders,
        sum(fct_orders.sales) - sum(fct_orders.returns) as net_sales
    from {{ ref('fct_orders') }} as fct_orders
    inner join {{ ref('dim_as_of') }} as dim_as_of
        on fct_orders.order_date <= dim_as_of.as_of_date
    where fct_orders.is_placed and fct_orders.customer_id is not null
    group by fct_orders.customer_id, dim_as_of.as_of_date
),

customers as (
    select
        totals.customer_id,
        dim_customers.shop_id,
        dim_customers.country,
        dim_customers.channel_id,
        totals.last_order_date,
        {{ datediff('totals.last_order_date', 'totals.as_of_date', 'day') }}
            as days_since_last_order,
        totals.orders,
        totals.net_sales
    from totals
    inner join {{ ref('dim_customers') }} as dim_customers
        on totals.customer_id = dim_customers.customer_id
),

-- The share of customers who are worse. Equals share their place, so that all with one
-- order have one score, whichever fifths they fill.
ranked as (
    select
        *,
        rank() over (order by days_since_last_order desc nulls first) - 1
            as less_recent,
        rank() over (order by orders asc nulls first) - 1 as less_frequent,
        rank() over (order by net_sales asc nulls first) - 1 as less_valuable,
        count(*) over () as customers
    from customers
),

scored as (
    select
        *,
        cast(1 + floor(5e0 * less_recent / nullif(customers, 0)) as bigint)
            as recency_score,
        cast(1 + floor(5e0 * less_frequent / nullif(customers, 0)) as bigint)
            as frequency_score,
        cast(1 + floor(5e0 * less_valuable / nullif(customers, 0)) as bigint)
            as monetary_score
    from ranked
)

select
    scored.customer_id,
    scored.shop_id,
    scored.country,
    scored.channel_id,
    scored.last_order_date,
    cast(scored.days_since_last_order as bigint) as days_since_last_order,
    cast(scored.orders as bigint) as orders,
    cast(scored.net_sales as decimal(18, 4)) as net_sales,
    scored.recency_score,
    scored.frequency_score,
    scored.monetary_score,
    rfm_segments.segment
from scored
left join {{ ref('rfm_segments') }} as rfm_segments
    on
        scored.recency_score = rfm_segments.recency_score
        and scored.frequency_score = rfm_segments.frequency_score
