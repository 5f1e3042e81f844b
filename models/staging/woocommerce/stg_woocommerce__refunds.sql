with keyed as (
    select
        *,
        {{ shop_of_file() }} as shop,
        abs(cast(quantity as bigint)) as pieces,
        abs(cast(line_total as decimal(18, 4))) as item_amount,
        coalesce(
            nullif(variation_id, '0'),
            nullif(product_id, '0'),
            {{ unguarded('sku') }},
            {{ unguarded('product_name') }}
        ) as item_key,
        {{ newest_file([shop_of_file(), 'order_id']) }} as version,
        max(case
            when
                order_type = 'shop_order_refund'
                or cast(order_total as decimal(18, 4)) < 0
                then 1
            else 0
        end) over (partition by _file, _shop_id, order_id) as is_refund
    from {{ source('woocommerce', 'orders') }}
),

numbered as (
    select
        *,
        row_number() over (
            partition by shop, order_id order by _row nulls last
        ) as line_number,
        coalesce(
            sum(item_amount) over (partition by shop, order_id), 0
        ) as items_amount
    from keyed
    -- A shop whose refunds share the order's id keeps both apart by the sign.
    where
        version = 1
        and is_refund = 1
        and (
            order_type = 'shop_order_refund'
            or coalesce(cast(order_total as decimal(18, 4)), -1) < 0
        )
)

select
    'woocommerce' as source_system,
    shop as shop_id,
    shop || ':' || order_id || ':refund:' || cast(line_number as string) as refund_id,
    case
        when parent_order_id is not null then shop || ':' || parent_order_id
        when order_number is null or order_number = order_id
            then shop || ':' || order_id
    end as order_id,
    {{ bare_number('order_number') }} as order_number,
    case when pieces > 0 then shop || ':' || item_key end as product_id,
    cast(order_date as timestamp) as refunded_at,
    order_date not like '%Z' as is_local_time,
    pieces as quantity,
    cast(
        coalesce(item_amount, 0) + case
            when line_number = 1
                then
                    abs(cast(order_total as decimal(18, 4)))
                    - coalesce(abs(cast(order_tax as decimal(18, 4))), 0)
                    - coalesce(abs(cast(order_shipping as decimal(18, 4))), 0)
                    - items_amount
            else 0
        end as decimal(18, 4)
    ) as merchandise_amount,
    case
        when line_number = 1
            then coalesce(abs(cast(order_tax as decimal(18, 4))), 0)
        else cast(0 as decimal(18, 4))
    end as tax_amount,
    case
        when line_number = 1
            then coalesce(abs(cast(order_shipping as decimal(18, 4))), 0)
        else cast(0 as decimal(18, 4))
    end as shipping_amount,
    coalesce(pieces > 0, false) as is_restocked
from numbered
