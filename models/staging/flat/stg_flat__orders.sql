select
    'flat' as source_system,
    shop as shop_id,
    shop || ':' || order_id as order_id,
    {{ bare_number('coalesce(order_number, order_id)') }} as order_number,
    cast(ordered_at as timestamp) as ordered_at,
    shop || ':' || customer_id as account_id,
    {{ hash_email('email') }} as email_hash,
    {{ hash_phone('phone') }} as phone_hash,
    coalesce(
        lower(trim(financial_status)),
        case when paid_at is not null then 'paid' else 'pending' end
    ) as financial_status,
    coalesce(lower(trim(fulfillment_status)), 'unfulfilled') as fulfillment_status,
    cast(paid_at as timestamp) as paid_at,
    cast(cancelled_at as timestamp) as cancelled_at,
    cast(fulfilled_at as timestamp) as fulfilled_at,
    cast(delivered_at as timestamp) as delivered_at,
    coalesce(lower(trim(sales_channel)), 'web') as sales_channel,
    upper(trim(currency)) as currency,
    cast(subtotal_amount as decimal(18, 4)) as subtotal_amount,
    cast(discount_amount as decimal(18, 4)) as discount_amount,
    discount_code,
    cast(shipping_amount as decimal(18, 4)) as shipping_amount,
    cast(tax_amount as decimal(18, 4)) as tax_amount,
    cast(total_amount as decimal(18, 4)) as total_amount,
    cast(refunded_amount as decimal(18, 4)) as refunded_amount,
    country,
    region,
    payment_method,
    coalesce(cast(is_test as boolean), false) as is_test,
    coalesce(cast(is_draft as boolean), false) as is_draft,
    coalesce(cast(is_fraud as boolean), false) as is_fraud,
    utm_source,
    utm_medium,
    utm_campaign,
    lower(trim(device)) as device,
    shop || ':' || visitor_id as visitor_id
from (
    select
        *,
        {{ flat_shop() }} as shop,
        {{ newest_row([flat_shop(), 'order_id']) }} as version
    from {{ source('flat', 'orders') }}
) as orders
where version = 1
