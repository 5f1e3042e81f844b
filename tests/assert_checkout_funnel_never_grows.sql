-- A checkout ends at most once, and no step of a counted session's funnel has more
-- sessions than the step before it: a later step implies the earlier ones.
with funnel as (
    select
        shop_id,
        count(*) as sessions,
        sum(cast(
            has_product_view or has_add_to_cart or has_checkout or has_payment_info
            or has_purchase as int
        )) as product_sessions,
        sum(cast(
            has_add_to_cart or has_checkout or has_payment_info or has_purchase as int
        )) as cart_sessions,
        sum(cast(has_checkout or has_payment_info or has_purchase as int))
            as checkout_sessions,
        sum(cast(has_payment_info or has_purchase as int)) as payment_sessions,
        sum(cast(has_purchase as int)) as purchase_sessions
    from {{ ref('fct_sessions') }}
    where is_counted
    group by shop_id
),

checkouts as (
    select
        shop_id,
        sum(cast(is_successful as int)) as successful_checkouts
    from {{ ref('fct_checkouts') }}
    group by shop_id
)

select
    funnel.shop_id,
    funnel.sessions,
    funnel.purchase_sessions,
    checkouts.successful_checkouts
from funnel
left join checkouts
    on funnel.shop_id = checkouts.shop_id
where
    funnel.product_sessions > funnel.sessions
    or funnel.cart_sessions > funnel.product_sessions
    or funnel.checkout_sessions > funnel.cart_sessions
    or funnel.payment_sessions > funnel.checkout_sessions
    or funnel.purchase_sessions > funnel.payment_sessions
    or checkouts.successful_checkouts > funnel.purchase_sessions
