with facts as (
    select
        int_orders.order_id,
        coalesce(int_orders.is_test, false) as is_test,
        coalesce(int_orders.is_draft, false) as is_draft,
        coalesce(int_orders.is_fraud, false) as is_fraud,
        coalesce(int_orders.sales_channel = 'marketplace', false) as is_marketplace,
        coalesce(int_orders.financial_status in ('voided', 'expired'), false)
            as is_voided,
        int_orders.cancelled_at is not null as is_cancelled,
        -- Paid or sent: from here on only a return takes the sale back.
        int_order_states.is_paid or int_order_states.is_dispatched as is_accepted,
        int_order_amounts.is_gift_card_only,
        int_order_amounts.is_zero_value
    from {{ ref('int_orders') }} as int_orders
    inner join {{ ref('int_order_states') }} as int_order_states
        on int_orders.order_id = int_order_states.order_id
    inner join {{ ref('int_order_amounts') }} as int_order_amounts
        on int_orders.order_id = int_order_amounts.order_id
)

select
    facts.order_id,
    order_policy.rule
from facts
inner join {{ ref('order_policy') }} as order_policy
    on
        (order_policy.rule = 'test' and facts.is_test)
        or (order_policy.rule = 'draft' and facts.is_draft)
        or (order_policy.rule = 'fraud' and facts.is_fraud)
        or (order_policy.rule = 'marketplace' and facts.is_marketplace)
        or (
            order_policy.rule = 'voided'
            and facts.is_voided
            and not facts.is_accepted
        )
        or (
            order_policy.rule = 'cancelled_before_payment'
            and facts.is_cancelled
            and not facts.is_accepted
        )
        or (
            order_policy.rule = 'cancelled_after_payment'
            and facts.is_cancelled
            and facts.is_accepted
        )
        or (order_policy.rule = 'gift_card_only' and facts.is_gift_card_only)
        or (order_policy.rule = 'zero_value' and facts.is_zero_value)
