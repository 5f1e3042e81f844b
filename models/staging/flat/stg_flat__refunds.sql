select
    'flat' as source_system,
    shop as shop_id,
    shop || ':' || refund_id
    || case when line > 1 then ':' || cast(line as string) else '' end as refund_id,
    shop || ':' || order_id as order_id,
    {{ bare_number('order_id') }} as order_number,
    shop || ':' || product_id as product_id,
    cast(refunded_at as timestamp) as refunded_at,
    abs(cast(quantity as bigint)) as quantity,
    abs(cast(merchandise_amount as decimal(18, 4))) as merchandise_amount,
    abs(cast(tax_amount as decimal(18, 4))) as tax_amount,
    abs(cast(shipping_amount as decimal(18, 4))) as shipping_amount,
    coalesce(lower(trim(kind)), 'return') as kind,
    coalesce(cast(is_restocked as boolean), false) as is_restocked,
    reason
from (
    select
        *,
        {{ flat_shop() }} as shop,
        {{ occurrence([flat_shop(), 'refund_id']) }} as line,
        {{ newest_file([flat_shop(), 'refund_id']) }} as version
    from {{ source('flat', 'refunds') }}
) as refunds
where version = 1
