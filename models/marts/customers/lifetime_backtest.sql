with classed as (
    select
        shop_id,
        least(backtest_frequency, 5) as frequency_class,
        backtest_orders,
        backtest_expected_orders,
        backtest_rate_orders
    from {{ ref('fct_customer_predictions') }}
    where backtest_status = 'ok'
)

select
    shop_id,
    cast(frequency_class as bigint) as frequency_class,
    cast(count(*) as bigint) as customers,
    cast(sum(backtest_orders) as bigint) as actual_orders,
    cast(sum(backtest_expected_orders) as double) as predicted_orders,
    cast(sum(backtest_rate_orders) as double) as rate_orders,
    cast(sum(backtest_expected_orders) as double) / nullif(sum(backtest_orders), 0)
        as predicted_to_actual,
    cast(sum(backtest_rate_orders) as double) / nullif(sum(backtest_orders), 0)
        as rate_to_actual
from classed
group by shop_id, frequency_class
