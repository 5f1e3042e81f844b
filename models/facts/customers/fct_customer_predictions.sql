with histories as (
    select
        int_customer_histories.moment,
        int_customer_histories.customer_id,
        int_customer_histories.shop_id,
        int_customer_histories.frequency,
        int_customer_histories.recency_days,
        int_customer_histories.age_days,
        int_customer_histories.spend_orders,
        int_customer_histories.mean_spend,
        int_customer_histories.later_orders,
        coalesce(int_lifetime_parameters.status, 'not fitted') as status,
        int_lifetime_parameters.r,
        int_lifetime_parameters.alpha,
        int_lifetime_parameters.a,
        int_lifetime_parameters.b,
        int_lifetime_parameters.p,
        int_lifetime_parameters.q,
        int_lifetime_parameters.gamma,
        cast(int_customer_histories.recency_days as double) / 7 as recency,
        cast(int_customer_histories.age_days as double) / 7 as age,
        cast(case int_customer_histories.moment
            when 'now' then {{ var('prediction_days') }}
            else {{ var('lifetime_backtest_days') }}
        end as double) / 7 as ahead
    from {{ ref('int_customer_histories') }} as int_customer_histories
    left join {{ ref('int_lifetime_parameters') }} as int_lifetime_parameters
        on
            int_customer_histories.moment = int_lifetime_parameters.moment
            and int_customer_histories.shop_id = int_lifetime_parameters.shop_id
),

points as (
    {{ lifetime_points() }}
),

-- Many customers share these; the mean over the points is worked out once for each.
cases as (
    select distinct
        moment,
        shop_id,
        frequency,
        age,
        a,
        b + frequency as rest,
        r + frequency as shape,
        ahead / nullif(alpha + age, 0) as reach
    from histories
    where status = 'ok'
),

orders_if_alive as (
    select
        cases.moment,
        cases.shop_id,
        cases.frequency,
        cases.age,
        sum(
            {{ beta_weight('cases.a', 'cases.rest') }}
            * {{ orders_at_point('cases.shape', 'cases.reach') }}
        ) / nullif(sum({{ beta_weight('cases.a', 'cases.rest') }}), 0) as orders
    from cases
    cross join points
    group by cases.moment, cases.shop_id, cases.frequency, cases.age
),

scored as (
    select
        histories.moment,
        histories.customer_id,
        histories.status,
        histories.frequency,
        histories.recency_days,
        histories.age_days,
        histories.later_orders,
        case
            when histories.status = 'ok'
                then {{ probability_alive(
                    'histories.r', 'histories.alpha', 'histories.a', 'histories.b',
                    'histories.frequency', 'histories.recency', 'histories.age'
                ) }}
        end as probability_alive,
        orders_if_alive.orders as orders_if_alive,
        {{ expected_spend(
            'histories.p', 'histories.q', 'histories.gamma',
            'histories.spend_orders', 'histories.mean_spend'
        ) }} as expected_order_sales,
        -- What the rate so far would go on to bring.
        coalesce(histories.frequency * histories.ahead / nullif(histories.age, 0), 0)
            as rate_orders
    from histories
    left join orders_if_alive
        on
            histories.moment = orders_if_alive.moment
            and histories.shop_id = orders_if_alive.shop_id
            and histories.frequency = orders_if_alive.frequency
            and histories.age = orders_if_alive.age
),

-- What a euro of sales leaves after returns, by the orders of a year.
profit_shares as (
    select
        fct_orders.shop_id,
        cast(sum(
            fct_orders.gross_profit - fct_orders.costed_returns
            + fct_orders.restocked_cogs
        ) as double) / nullif(sum(fct_orders.costed_sales), 0) as profit_share
    from {{ ref('fct_orders') }} as fct_orders
    inner join {{ ref('int_as_of') }} as int_as_of
        on
            fct_orders.order_date <= int_as_of.as_of_date
            and fct_orders.order_date > cast(
                int_as_of.as_of_date - interval '365' day as date
            )
    where fct_orders.is_placed and fct_orders.customer_id is not null
    group by fct_orders.shop_id
)

select
    dim_customers.customer_id,
    dim_customers.shop_id,
    dim_customers.country,
    dim_customers.channel_id,
    dim_customers.first_order_date,
    scored.frequency,
    scored.recency_days,
    scored.age_days,
    cast(scored.probability_alive as double) as probability_alive,
    cast(scored.probability_alive * scored.orders_if_alive as double)
        as expected_orders,
    cast(scored.expected_order_sales as double) as expected_order_sales,
    cast(scored.expected_order_sales * profit_shares.profit_share as double)
        as expected_order_profit,
    cast(
        round(
            scored.probability_alive * scored.orders_if_alive
            * scored.expected_order_sales * profit_shares.profit_share * 10000
        ) / 10000 as decimal(18, 4)
    ) as predicted_value,
    case
        when scored.status <> 'ok' then scored.status
        when profit_shares.profit_share is null then 'no cost is known'
    end as reason,
    backtest.frequency as backtest_frequency,
    cast(backtest.probability_alive * backtest.orders_if_alive as double)
        as backtest_expected_orders,
    cast(backtest.rate_orders as double) as backtest_rate_orders,
    backtest.later_orders as backtest_orders,
    backtest.status as backtest_status
from scored
inner join {{ ref('dim_customers') }} as dim_customers
    on scored.customer_id = dim_customers.customer_id
left join profit_shares
    on dim_customers.shop_id = profit_shares.shop_id
left join scored as backtest
    on
        scored.customer_id = backtest.customer_id
        and backtest.moment = 'backtest'
where scored.moment = 'now'
