-- A voided or expired order stays in: its payments are those that failed. Only orders
-- that nobody meant to pay, tests and drafts, are left out.
with settled_payments as (
    select
        fct_payments.payment_date,
        fct_payments.order_id,
        fct_payments.shop_id,
        fct_payments.gateway,
        fct_payments.method,
        fct_payments.country,
        fct_payments.is_successful
    from {{ ref('fct_payments') }} as fct_payments
    left join {{ ref('fct_orders') }} as fct_orders
        on fct_payments.order_id = fct_orders.order_id
    where
        fct_payments.is_settled
        and coalesce(fct_orders.exclusion_reason, 'none') not in ('test', 'draft')
),

sliced as (
    {{ slices('settled_payments', {
        'shop': 'shop_id',
        'gateway': 'gateway',
        'method': 'method',
        'country': 'country',
    }) }}
)

select
    dim_period_days.grain,
    dim_period_days.period_start,
    sliced.dimension,
    sliced.member,
    cast(count(*) as bigint) as payments_tried,
    cast(sum(cast(sliced.is_successful as int)) as bigint) as payments_successful,
    cast(count(distinct sliced.order_id) as bigint) as orders_tried,
    cast(
        count(distinct case when sliced.is_successful then sliced.order_id end)
        as bigint
    ) as orders_paid
from sliced
inner join {{ ref('dim_period_days') }} as dim_period_days
    on sliced.payment_date = dim_period_days.date_day
group by
    dim_period_days.grain,
    dim_period_days.period_start,
    sliced.dimension,
    sliced.member
