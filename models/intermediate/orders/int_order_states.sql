with successful_payments as (
    select distinct order_id
    from {{ ref('int_payments') }}
    where
        order_id is not null
        and kind in ('sale', 'capture')
        and status = 'success'
),

-- What the warehouse and the carriers know, where the order's own row says nothing.
order_parcels as (
    select
        order_id,
        min(coalesce(dispatched_at, delivered_at, refused_at)) as dispatched_at,
        case when count(refused_at) = count(*) then max(refused_at) end as refused_at
    from {{ ref('int_parcels') }}
    where order_id is not null
    group by order_id
),

states as (
    select
        int_orders.order_id,
        int_orders.ordered_at,
        int_orders.cancelled_at,
        int_orders.delivered_at,
        int_orders.fulfilled_at,
        order_parcels.refused_at,
        coalesce(
            int_orders.fulfilled_at,
            int_orders.delivered_at,
            order_parcels.dispatched_at
        ) as dispatched_at,
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
            or order_parcels.dispatched_at is not null
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
        -- One parcel of several that came back does not make the order refused.
        coalesce(int_orders.fulfillment_status = 'refused', false)
        or order_parcels.refused_at is not null as is_marked_refused,
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
    left join order_parcels
        on int_orders.order_id = order_parcels.order_id
)

select
    order_id,
    is_paid,
    is_dispatched,
    is_cancelled,
    is_cash_on_delivery,
    -- Sent, never paid and then cancelled: it came back from the door.
    is_marked_refused or (is_dispatched and is_cancelled and not is_paid) as is_refused,
    dispatched_at,
    coalesce(refused_at, cancelled_at, delivered_at, fulfilled_at, ordered_at)
        as closed_at
from states
