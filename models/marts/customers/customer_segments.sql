{{ config(materialized='table') }}

with customers as (
    select
        dim_customers.customer_id,
        dim_customers.shop_id,
        dim_customers.country,
        dim_customers.channel_id,
        dim_customers.last_order_date,
        {{ datediff(
            'dim_customers.last_order_date', 'int_as_of.as_of_date', 'day'
        ) }} as days_since_last_order,
        dim_customers.orders,
        dim_customers.sales - dim_customers.returns as net_sales
    from {{ ref('dim_customers') }} as dim_customers
    inner join {{ ref('int_as_of') }} as int_as_of
        on dim_customers.last_order_date <= int_as_of.as_of_date
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
        cast(1 + floor(5.0 * less_recent / nullif(customers, 0)) as bigint)
            as recency_score,
        cast(1 + floor(5.0 * less_frequent / nullif(customers, 0)) as bigint)
            as frequency_score,
        cast(1 + floor(5.0 * less_valuable / nullif(customers, 0)) as bigint)
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
    scored.orders,
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
