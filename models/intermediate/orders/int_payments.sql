with all_payments as (
    select
        source_system,
        shop_id,
        payment_id,
        order_id,
        order_number,
        attempted_at,
        kind,
        status,
        gateway,
        method,
        amount,
        currency,
        1 as source_rank
    from {{ ref('stg_flat__payments') }}
    union all
    select
        source_system,
        shop_id,
        payment_id,
        order_id,
        order_number,
        attempted_at,
        kind,
        status,
        gateway,
        method,
        amount,
        currency,
        2 as source_rank
    from {{ ref('stg_shopify__transactions') }}
),

orders_by_number as (
    {{ orders_by_number() }}
),

-- The order is named by its id, or by the number that people see.
resolved as (
    select
        all_payments.source_system,
        all_payments.shop_id,
        all_payments.payment_id,
        all_payments.attempted_at,
        all_payments.kind,
        all_payments.status,
        all_payments.gateway,
        all_payments.method,
        all_payments.amount,
        all_payments.currency,
        all_payments.source_rank,
        coalesce(
            int_orders.order_id, orders_by_number.order_id, all_payments.order_id
        ) as order_id
    from all_payments
    left join {{ ref('int_orders') }} as int_orders
        on all_payments.order_id = int_orders.order_id
    left join orders_by_number
        on
            all_payments.shop_id = orders_by_number.shop_id
            and all_payments.order_number = orders_by_number.order_number
            and orders_by_number.preference = 1
),

ranked as (
    select
        source_system,
        shop_id,
        payment_id,
        order_id,
        attempted_at,
        kind,
        status,
        gateway,
        method,
        amount,
        currency,
        dense_rank() over (
            partition by coalesce(order_id, payment_id)
            order by source_rank nulls last
        ) as preference
    from resolved
)

select
    ranked.source_system,
    ranked.shop_id,
    ranked.payment_id,
    ranked.order_id,
    ranked.attempted_at,
    ranked.kind,
    ranked.status,
    ranked.gateway,
    ranked.method,
    ranked.amount,
    coalesce(ranked.currency, int_orders.currency, int_shops.currency) as currency
from ranked
left join {{ ref('int_orders') }} as int_orders
    on ranked.order_id = int_orders.order_id
left join {{ ref('int_shops') }} as int_shops
    on ranked.shop_id = int_shops.shop_id
where ranked.preference = 1
