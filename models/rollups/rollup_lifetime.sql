with cube as (
    select
        first_order_date as date_day,
        shop_id,
        channel_id,
        count(*) as customers,
        0 as gross_profit,
        0 as marketing_cost
    from {{ ref('dim_customers') }}
    where first_order_date is not null
    group by 1, 2, 3
    union all
    select
        fct_orders.order_date as date_day,
        dim_customers.shop_id,
        dim_customers.channel_id,
        0 as customers,
        sum(coalesce(fct_orders.costed_sales, 0) - coalesce(fct_orders.cogs, 0))
            as gross_profit,
        0 as marketing_cost
    from {{ ref('fct_orders') }} as fct_orders
    inner join {{ ref('dim_customers') }} as dim_customers
        on fct_orders.customer_id = dim_customers.customer_id
    where fct_orders.is_placed
    group by 1, 2, 3
    union all
    select
        fct_returns.return_date as date_day,
        dim_customers.shop_id,
        dim_customers.channel_id,
        0 as customers,
        sum(
            coalesce(fct_returns.restocked_cogs, 0)
            - coalesce(fct_returns.costed_returns, 0)
        ) as gross_profit,
        0 as marketing_cost
    from {{ ref('fct_returns') }} as fct_returns
    inner join {{ ref('dim_customers') }} as dim_customers
        on fct_returns.customer_id = dim_customers.customer_id
    where fct_returns.is_placed
    group by 1, 2, 3
    union all
    select
        cost_date as date_day,
        shop_id,
        channel_id,
        0 as customers,
        0 as gross_profit,
        sum(amount) as marketing_cost
    from {{ ref('fct_marketing_costs') }}
    group by 1, 2, 3
),

sliced as (
    {{ slices('cube', {'shop': 'shop_id', 'channel': 'channel_id'}) }}
),

daily as (
    select
        dimension,
        member,
        date_day,
        sum(customers) as customers,
        sum(gross_profit) as gross_profit,
        sum(marketing_cost) as marketing_cost
    from sliced
    group by 1, 2, 3
),

members as (
    select distinct
        dimension,
        member
    from daily
),

running as (
    select
        members.dimension,
        members.member,
        dim_dates.date_day,
        sum(coalesce(daily.customers, 0)) over (
            partition by members.dimension, members.member
            order by dim_dates.date_day nulls last
            rows between unbounded preceding and current row
        ) as customers_to_date,
        sum(coalesce(daily.gross_profit, 0)) over (
            partition by members.dimension, members.member
            order by dim_dates.date_day nulls last
            rows between unbounded preceding and current row
        ) as gross_profit_to_date,
        sum(coalesce(daily.marketing_cost, 0)) over (
            partition by members.dimension, members.member
            order by dim_dates.date_day nulls last
            rows between unbounded preceding and current row
        ) as marketing_cost_to_date
    from members
    cross join {{ ref('dim_dates') }} as dim_dates
    left join daily
        on
            members.dimension = daily.dimension
            and members.member = daily.member
            and dim_dates.date_day = daily.date_day
)

select
    dim_periods.grain,
    dim_periods.period_start,
    running.dimension,
    running.member,
    cast(running.customers_to_date as bigint) as customers_to_date,
    cast(running.gross_profit_to_date as decimal(18, 4)) as gross_profit_to_date,
    cast(running.marketing_cost_to_date as decimal(18, 4)) as marketing_cost_to_date
from {{ ref('dim_periods') }} as dim_periods
inner join running
    on running.date_day = cast(
        cast(dim_periods.period_start as date)
        + (dim_periods.elapsed_days - 1) * interval '1' day as date
    )
where running.customers_to_date > 0 or running.marketing_cost_to_date > 0
