with exported as (
    select
        shop_id,
        refund_id,
        order_id,
        order_number,
        product_id,
        refunded_at,
        is_local_time,
        quantity,
        merchandise_amount,
        tax_amount,
        shipping_amount,
        is_restocked,
        true as is_itemised
    from {{ ref('stg_woocommerce__refunds') }}
    union all
    select
        shop_id,
        report_row_id as refund_id,
        cast(null as string) as order_id,
        order_number,
        cast(null as string) as product_id,
        happened_at as refunded_at,
        is_local_time,
        case when items_sold <> 0 then abs(items_sold) end as quantity,
        abs(net_revenue) as merchandise_amount,
        cast(null as decimal(18, 4)) as tax_amount,
        cast(null as decimal(18, 4)) as shipping_amount,
        items_sold <> 0 as is_restocked,
        false as is_itemised
    from {{ ref('stg_woocommerce__order_report') }}
    where is_refund
)

select
    exported.shop_id,
    exported.refund_id,
    exported.order_id,
    exported.order_number,
    exported.product_id,
    case
        when exported.is_local_time
            then
                {{ to_utc(
                    'exported.refunded_at', "coalesce(zones.time_zone, 'UTC')"
                ) }}
        else exported.refunded_at
    end as refunded_at,
    cast(exported.quantity as bigint) as quantity,
    exported.merchandise_amount,
    exported.tax_amount,
    exported.shipping_amount,
    exported.is_restocked,
    exported.is_itemised
from exported
left join {{ ref('int_shop_zones') }} as zones
    on exported.shop_id = zones.shop_id
