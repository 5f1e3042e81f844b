with dated_payments as (
    select
        int_payments.payment_id,
        int_payments.order_id,
        int_payments.shop_id,
        int_payments.attempted_at,
        cast(
            {{ to_local('int_payments.attempted_at', 'int_shops.time_zone') }} as date
        ) as payment_date,
        int_payments.gateway,
        int_payments.method,
        int_payments.kind,
        int_payments.status,
        int_payments.amount,
        int_payments.currency,
        -- A capture settles its authorization; counting both would pay twice.
        coalesce(int_payments.kind in ('sale', 'authorization'), false) as is_attempt
    from {{ ref('int_payments') }} as int_payments
    inner join {{ ref('int_shops') }} as int_shops
        on int_payments.shop_id = int_shops.shop_id
)

select
    dated_payments.payment_id,
    fct_orders.order_id,
    dated_payments.shop_id,
    fct_orders.country,
    fct_orders.device,
    dated_payments.attempted_at,
    dated_payments.payment_date,
    dated_payments.gateway,
    dated_payments.method,
    dated_payments.kind,
    dated_payments.status,
    dated_payments.is_attempt,
    dated_payments.is_attempt and coalesce(dated_payments.status <> 'pending', false)
        as is_settled,
    dated_payments.is_attempt and coalesce(dated_payments.status = 'success', false)
        as is_successful,
    cast(
        round(dated_payments.amount * int_fx_rates.rate * 10000) / 10000
        as decimal(18, 4)
    )
        as amount
from dated_payments
left join {{ ref('fct_orders') }} as fct_orders
    on dated_payments.order_id = fct_orders.order_id
left join {{ ref('int_fx_rates') }} as int_fx_rates
    on
        dated_payments.currency = int_fx_rates.currency
        and dated_payments.payment_date
        between int_fx_rates.valid_from and int_fx_rates.valid_to
