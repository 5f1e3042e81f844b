{{ config(materialized='table') }}

with spending as (
    select
        dim_period_days.grain,
        cast(dim_period_days.period_start as date) as period_start,
        fct_orders.shop_id,
        fct_orders.customer_id,
        sum(fct_orders.sales) as sales
    from {{ ref('fct_orders') }} as fct_orders
    inner join {{ ref('dim_period_days') }} as dim_period_days
        on
            fct_orders.order_date = dim_period_days.date_day
            and dim_period_days.grain in ('quarter', 'year')
    where fct_orders.is_placed and fct_orders.customer_id is not null
    group by 1, 2, 3, 4
    union all
    select
        'all_time' as grain,
        dim_as_of.first_date as period_start,
        fct_orders.shop_id,
        fct_orders.customer_id,
        sum(fct_orders.sales) as sales
    from {{ ref('fct_orders') }} as fct_orders
    inner join {{ ref('dim_as_of') }} as dim_as_of
        on fct_orders.order_date <= dim_as_of.as_of_date
    where fct_orders.is_placed and fct_orders.customer_id is not null
    group by 1, 2, 3, 4
),

sliced as (
    {{ slices('spending', {'shop': 'shop_id'}) }}
),

-- Who bought in two shops is one customer of the whole.
customers as (
    select
        grain,
        period_start,
        dimension,
        member,
        customer_id,
        sum(coalesce(sales, 0)) as sales
    from sliced
    group by 1, 2, 3, 4, 5
),

ranked as (
    select
        *,
        row_number() over (
            partition by grain, period_start, dimension, member
            order by sales desc nulls last, customer_id asc nulls last
        ) as place,
        count(*) over (partition by grain, period_start, dimension, member)
            as customers,
        sum(sales) over (partition by grain, period_start, dimension, member)
            as whole_sales
    from customers
),

spender_groups as (
    select
        'top_1_percent' as spender_group,
        0.0 as from_share,
        0.01 as to_share
    union all
    select
        'top_10_percent' as spender_group,
        0.0 as from_share,
        0.1 as to_share
    union all
    select
        'rest' as spender_group,
        0.1 as from_share,
        1.0 as to_share
)

select
    ranked.grain,
    ranked.period_start,
    ranked.dimension,
    ranked.member,
    spender_groups.spender_group,
    cast(count(*) as bigint) as customers,
    cast(sum(ranked.sales) as decimal(18, 4)) as sales,
    cast(sum(ranked.sales) as double) / nullif(max(ranked.whole_sales), 0)
        as sales_share,
    cast(sum(ranked.sales) as double) / nullif(count(*), 0) as sales_per_customer
from ranked
inner join spender_groups
    on
        -- A part of a customer is a customer: the top 1 % of 40 is one.
        ranked.place > ceil(spender_groups.from_share * ranked.customers)
        and ranked.place <= ceil(spender_groups.to_share * ranked.customers)
group by 1, 2, 3, 4, 5
