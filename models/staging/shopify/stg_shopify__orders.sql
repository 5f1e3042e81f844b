select
    'shopify' as source_system,
    shop as shop_id,
    shop || ':' || order_key as order_id,
    {{ bare_number('name') }} as order_number,
    cast(created_at as timestamp) as ordered_at,
    -- The export names no account: the e-mail tells who it was.
    cast(null as string) as account_id,
    {{ hash_email('email') }} as email_hash,
    {{ hash_phone('coalesce(phone, shipping_phone, billing_phone)') }} as phone_hash,
    lower(trim(financial_status)) as financial_status,
    case
        when lower(trim(fulfillment_status)) in ('fulfilled', 'partial')
            then lower(trim(fulfillment_status))
        else 'unfulfilled'
    end as fulfillment_status,
    cast(paid_at as timestamp) as paid_at,
    cast(cancelled_at as timestamp) as cancelled_at,
    cast(fulfilled_at as timestamp) as fulfilled_at,
    cast(null as timestamp) as delivered_at,
    case
        when source is null then 'web'
        when {{ matches('source', "'^[0-9]+$'") }} then 'app'
        when lower(source) in ('iphone', 'android') then 'pos'
        when lower(source) = 'shopify_draft_order' then 'draft_order'
        when {{ matches(
            'lower(source)',
            "'amazon|ebay|etsy|walmart|zalando|otto|cdiscount|tiktok|facebook|instagram'"
        ) }} then 'marketplace'
        else lower(trim(source))
    end as sales_channel,
    upper(trim(currency)) as currency,
    cast(subtotal as decimal(18, 4)) as subtotal_amount,
    cast(discount_amount as decimal(18, 4)) as discount_amount,
    discount_code,
    cast(shipping as decimal(18, 4)) as shipping_amount,
    cast(taxes as decimal(18, 4)) as tax_amount,
    cast(total as decimal(18, 4)) as total_amount,
    cast(refunded_amount as decimal(18, 4)) as refunded_amount,
    coalesce(shipping_country, billing_country) as country,
    case
        when shipping_country is not null then shipping_province
        else billing_province
    end as region,
    payment_method,
    coalesce(
        {{ matches('lower(tags)', "'(^|[^a-z])test([^a-z]|$)'") }}, false
    )
    or coalesce(lower(payment_method) like '%bogus%', false) as is_test,
    coalesce(
        lower(source) = 'shopify_draft_order'
        and paid_at is null
        and lower(trim(financial_status)) in ('pending', 'voided', 'expired'),
        false
    ) as is_draft,
    -- High risk alone is a guess; the shop has acted on it where it cancelled.
    coalesce(lower(risk_level) = 'high' and cancelled_at is not null, false)
        as is_fraud,
    cast(null as string) as utm_source,
    cast(null as string) as utm_medium,
    cast(null as string) as utm_campaign,
    cast(null as string) as device,
    cast(null as string) as visitor_id
from (
    -- Further lines of an order have neither id nor status, nor any of its amounts.
    select
        *,
        {{ shop_of_file() }} as shop,
        coalesce(id, name) as order_key,
        {{ newest_row([shop_of_file(), 'coalesce(id, name)']) }} as version
    from {{ source('shopify', 'orders') }}
    where id is not null or financial_status is not null
) as first_rows
where version = 1
