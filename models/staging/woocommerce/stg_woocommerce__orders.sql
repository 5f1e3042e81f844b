with keyed as (
    select
        *,
        {{ shop_of_file() }} as shop,
        {{ woocommerce_status('status') }} as state,
        coalesce(order_type = 'shop_order_refund', false)
        or coalesce(cast(order_total as decimal(18, 4)) < 0, false) as is_refund
    from {{ source('woocommerce', 'orders') }}
),

-- Plugins repeat the order on each of its items, or fill the first only.
totalled as (
    select
        *,
        sum(cast(line_total as decimal(18, 4))) over (
            partition by _file, shop, order_id
        ) as goods,
        row_number() over (
            partition by shop, order_id
            order by
                _landed_at desc nulls last,
                _file desc nulls last,
                case when order_total is null then 1 else 0 end asc nulls last,
                _row asc nulls last
        ) as version
    from keyed
    where not is_refund
)

select
    'woocommerce' as source_system,
    shop as shop_id,
    shop || ':' || order_id as order_id,
    {{ bare_number('coalesce(order_number, order_id)') }} as order_number,
    cast(order_date as timestamp) as ordered_at,
    order_date not like '%Z' as is_local_time,
    case
        when customer_id is not null and customer_id <> '0'
            then shop || ':' || customer_id
    end as account_id,
    {{ hash_email('billing_email') }} as email_hash,
    {{ hash_phone('billing_phone') }} as phone_hash,
    {{ woocommerce_financial_status(
        'state', 'payment_method', '(paid_date is not null)'
    ) }} as financial_status,
    case when state = 'completed' then 'fulfilled' else 'unfulfilled' end
        as fulfillment_status,
    cast(paid_date as timestamp) as paid_at,
    case
        when state in ('cancelled', 'failed')
            then cast(coalesce(modified_date, order_date) as timestamp)
    end as cancelled_at,
    case
        when state in ('completed', 'refunded') then cast(completed_date as timestamp)
    end as fulfilled_at,
    upper(trim(currency)) as currency,
    cast(coalesce(
        goods,
        cast(order_subtotal as decimal(18, 4))
        - coalesce(abs(cast(order_discount as decimal(18, 4))), 0),
        cast(order_total as decimal(18, 4))
        - coalesce(cast(order_shipping as decimal(18, 4)), 0)
        - coalesce(cast(order_tax as decimal(18, 4)), 0)
    ) as decimal(18, 4)) as subtotal_amount,
    abs(cast(order_discount as decimal(18, 4))) as discount_amount,
    {{ unguarded('coupon_codes') }} as discount_code,
    cast(order_shipping as decimal(18, 4)) as shipping_amount,
    cast(order_tax as decimal(18, 4)) as tax_amount,
    cast(order_total as decimal(18, 4)) as total_amount,
    abs(cast(order_refunded as decimal(18, 4))) as refunded_amount,
    coalesce(shipping_country, billing_country) as country,
    shipping_state as region,
    coalesce(payment_method, payment_method_title) as payment_method,
    state = 'checkout-draft' as is_draft,
    {{ unguarded('utm_source') }} as utm_source,
    {{ unguarded('utm_medium') }} as utm_medium,
    {{ unguarded('utm_campaign') }} as utm_campaign,
    lower(device) as device
from totalled
where version = 1
