with all_refunds as (
    select
        source_system,
        shop_id,
        refund_id,
        order_id,
        order_number,
        product_id,
        refunded_at,
        quantity,
        merchandise_amount,
        tax_amount,
        shipping_amount,
        kind,
        is_restocked,
        reason,
        1 as source_rank
    from {{ ref('stg_flat__refunds') }}
    union all
    select
        source_system,
        shop_id,
        refund_id,
        order_id,
        order_number,
        product_id,
        refunded_at,
        quantity,
        merchandise_amount,
        tax_amount,
        shipping_amount,
        kind,
        is_restocked,
        reason,
        2 as source_rank
    from {{ ref('stg_shopify__refunds') }}
    union all
    select
        'woocommerce' as source_system,
        shop_id,
        refund_id,
        order_id,
        order_number,
        product_id,
        refunded_at,
        quantity,
        merchandise_amount,
        tax_amount,
        shipping_amount,
        'return' as kind,
        is_restocked,
        cast(null as string) as reason,
        case when is_itemised then 3 else 4 end as source_rank
    from {{ ref('int_woocommerce_refunds') }}
),

orders_by_number as (
    {{ orders_by_number() }}
),

-- The order is named by its id, or by the number that people see.
resolved as (
    select
        all_refunds.source_system,
        all_refunds.shop_id,
        all_refunds.refund_id,
        coalesce(int_products.product_id, all_refunds.product_id) as product_id,
        all_refunds.refunded_at,
        all_refunds.quantity,
        all_refunds.merchandise_amount,
        all_refunds.tax_amount,
        all_refunds.shipping_amount,
        all_refunds.kind,
        all_refunds.is_restocked,
        all_refunds.reason,
        all_refunds.source_rank,
        coalesce(
            int_orders.order_id, orders_by_number.order_id, all_refunds.order_id
        ) as order_id
    from all_refunds
    left join {{ ref('int_orders') }} as int_orders
        on all_refunds.order_id = int_orders.order_id
    left join orders_by_number
        on
            all_refunds.shop_id = orders_by_number.shop_id
            and all_refunds.order_number = orders_by_number.order_number
            and orders_by_number.preference = 1
    -- As its line does, a refund without a stock number finds its product by name.
    left join {{ ref('int_products') }} as int_products
        on all_refunds.product_id = int_products.named_id
),

-- An order that two sources refund would be refunded twice: one source has its refunds.
ranked as (
    select
        *,
        dense_rank() over (
            partition by coalesce(order_id, refund_id)
            order by source_rank nulls last
        ) as preference
    from resolved
),

dated as (
    select
        source_system,
        shop_id,
        refund_id,
        order_id,
        product_id,
        refunded_at,
        quantity,
        coalesce(merchandise_amount, 0) as merchandise_amount,
        coalesce(tax_amount, 0) as tax_amount,
        coalesce(shipping_amount, 0) as shipping_amount,
        coalesce(kind, 'return') as kind,
        coalesce(is_restocked, kind in ('refused', 'cancellation'), false)
            as is_restocked,
        reason,
        false as is_date_estimated
    from ranked
    where preference = 1
),

dated_totals as (
    select
        order_id,
        sum(merchandise_amount + tax_amount + shipping_amount) as amount
    from dated
    where order_id is not null
    group by order_id
),

-- What the order says was given back beyond its dated refunds; and what an unpaid order
-- refused at the door takes back, for which no platform writes a refund.
open_amounts as (
    select
        int_orders.source_system,
        int_orders.shop_id,
        int_orders.order_id,
        int_orders.cancelled_at,
        int_order_states.closed_at,
        int_orders.ordered_at,
        int_order_states.is_cancelled,
        int_order_states.is_dispatched,
        int_order_states.is_refused
        and not int_order_states.is_paid
        and dated_totals.order_id is null
        and coalesce(int_orders.refunded_amount, 0) = 0 as is_unpaid_refusal,
        coalesce(
            int_orders.refunded_amount,
            case
                when int_orders.financial_status = 'refunded'
                    then int_orders.total_amount
            end,
            0
        ) - coalesce(dated_totals.amount, 0) as undated_amount,
        int_orders.total_amount,
        int_order_terms.subtotal_amount * int_order_terms.tax_factor as goods,
        int_order_terms.shipping_amount * int_order_terms.tax_factor as shipping,
        int_order_terms.tax_amount as tax
    from {{ ref('int_orders') }} as int_orders
    inner join {{ ref('int_order_terms') }} as int_order_terms
        on int_orders.order_id = int_order_terms.order_id
    inner join {{ ref('int_order_states') }} as int_order_states
        on int_orders.order_id = int_order_states.order_id
    left join dated_totals
        on int_orders.order_id = dated_totals.order_id
),

undated_amounts as (
    select
        *,
        cast(
            case when is_unpaid_refusal then total_amount else undated_amount end
            as decimal(18, 4)
        ) as amount
    from open_amounts
    -- A cent is rounding, not a refund.
    where is_unpaid_refusal or undated_amount > 0.01
),

undated_parts as (
    select
        *,
        cast(round(
            coalesce(amount * tax / nullif(goods + shipping + tax, 0), 0) * 10000
        ) / 10000 as decimal(18, 4)) as tax_amount,
        cast(round(
            coalesce(amount * shipping / nullif(goods + shipping + tax, 0), 0) * 10000
        ) / 10000 as decimal(18, 4)) as shipping_amount
    from undated_amounts
)

select
    source_system,
    shop_id,
    refund_id,
    order_id,
    product_id,
    refunded_at,
    cast(quantity as bigint) as quantity,
    cast(merchandise_amount as decimal(18, 4)) as merchandise_amount,
    cast(tax_amount as decimal(18, 4)) as tax_amount,
    cast(shipping_amount as decimal(18, 4)) as shipping_amount,
    kind,
    is_restocked,
    reason,
    is_date_estimated
from dated
union all
select
    source_system,
    shop_id,
    order_id || ':undated' as refund_id,
    order_id,
    cast(null as string) as product_id,
    case
        when is_unpaid_refusal then closed_at
        else coalesce(cancelled_at, ordered_at)
    end as refunded_at,
    cast(null as bigint) as quantity,
    cast(amount - tax_amount - shipping_amount as decimal(18, 4))
        as merchandise_amount,
    tax_amount,
    shipping_amount,
    case when is_unpaid_refusal then 'refused' else 'undated' end as kind,
    -- Goods that never left, or came back from the door, are in stock.
    is_unpaid_refusal or (is_cancelled and not is_dispatched) as is_restocked,
    cast(null as string) as reason,
    true as is_date_estimated
from undated_parts
