with numbered as (
    -- A report is complete for the days it covers: the newest file that has an order's
    -- day replaces what older ones said of it.
    select
        *,
        {{ shop_of_file() }} as shop,
        {{ newest_file([shop_of_file(), 'order_name', 'day']) }} as version,
        {{ occurrence([
            'order_name', 'day', 'variant_sku', 'product_title', 'return_reason',
            'return_type',
        ]) }} as line
    from {{ source('shopify', 'returns') }}
)

select
    'shopify' as source_system,
    shop as shop_id,
    {{ hash_key([
        'shop', 'order_name', 'day', 'variant_sku', 'product_title', 'return_reason',
        'return_type', 'line',
    ]) }} as refund_id,
    case
        when {{ matches('order_reference', "'^[0-9]{10,}$'") }}
            then shop || ':' || order_reference
    end as order_id,
    {{ bare_number('order_name') }} as order_number,
    shop || ':' || coalesce(variant_sku, product_title) as product_id,
    -- A bare day is the shop's own. At 10:30 UTC it is that day from Honolulu to
    -- Auckland; at midnight UTC it would be the day before in America.
    case
        when day like '%Z' then cast(day as timestamp)
        else cast(
            cast(cast(day as date) as timestamp) + interval '630' minute as timestamp
        )
    end as refunded_at,
    abs(cast(returned_quantity as bigint)) as quantity,
    abs(cast(returned_amount as decimal(18, 4))) as merchandise_amount,
    abs(cast(returned_taxes as decimal(18, 4))) as tax_amount,
    abs(cast(returned_shipping as decimal(18, 4))) as shipping_amount,
    case
        when {{ matches('lower(return_type)', "'refus|undeliver|reject'") }}
            then 'refused'
        when lower(return_type) like '%cancel%' then 'cancellation'
        when {{ matches('lower(return_type)', "'adjust|discrepancy|goodwill'") }}
            then 'adjustment'
        else 'return'
    end as kind,
    coalesce(cast(restocked as boolean), false) as is_restocked,
    return_reason as reason
from numbered
where version = 1
