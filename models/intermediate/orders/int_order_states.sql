with successful_payments as (
    select distinct order_id
    from {{ ref('int_payments') }}
    where
        order_id is not null
        and kind in ('sale', 'capture')
        and status = 'success'
),

states as (
    select
        int_orders.order_id,
        int_orders.ordered_at,
        int_orders.cancelled_at,
        int_orders.delivered_at,
        int_orders.fulfilled_at,
        successful_payments.order_id is not null
        or int_orders.paid_at is not null
        or coalesce(
            int_orders.financial_status in (
                'paid', 'partially_paid', 'partially_refunded', 'refunded'
            ),
            false
        ) as is_paid,
        -- What is handed over the counter is fulfilled, but nothing was sent.
        coalesce(int_orders.sales_channel <> 'pos', true)
        and (
            int_orders.fulfilled_at is not null
            or int_orders.delivered_at is not null
            or coalesce(
                int_orders.fulfillment_status in (
                    'partial', 'fulfilled', 'delivered', 'refused'
                ),
                false
            )
        ) as is_dispatched,
        int_orders.cancelled_at is not null
        or coalesce(int_orders.financial_status in ('voided', 'expired'), false)
            as is_cancelled,
        coalesce(int_orders.fulfillment_status = 'refused', false)
            as is_marked_refused,
        coalesce(
            {{ matches(
                'lower(int_orders.payment_method)',
                "'(^|[^a-z])cod([^a-z]|$)|cash[ _-]?on[ _-]?delivery|nachnahme"
                ~ "|contre[ -]remboursement|contra[ -]?reembolso|contrassegno|"
                ~ "наложенн|货到付款'"
            ) }},
            false
        ) as is_cash_on_delivery
    from {{ ref('int_orders') }} as int_orders
    left join successful_payments
        on int_orders.order_id = successful_payments.order_id
)

select
    order_id,
    is_paid,
    is_dispatched,
    is_cancelled,
    is_cash_on_delivery,
    -- Sent, never paid and then cancelled: it came back from the door.
    is_marked_refused or (is_dispatched and is_cancelled and not is_paid) as is_refused,
    coalesce(cancelled_at, delivered_at, fulfilled_at, ordered_at) as closed_at
from states
