-- Lines and refunds of orders that are not in the data count nowhere; payments of such
-- orders count without country and device, parcels without a processing time. Load the
-- orders of the same time.
{{ config(severity='warn') }}

with children as (
    select
        'line' as record,
        shop_id,
        order_id
    from {{ ref('int_order_lines') }}
    union all
    select
        'refund' as record,
        shop_id,
        order_id
    from {{ ref('int_refunds') }}
    union all
    select
        'payment' as record,
        shop_id,
        order_id
    from {{ ref('int_payments') }}
    union all
    select
        'parcel' as record,
        shop_id,
        order_id
    from {{ ref('int_parcels') }}
)

select
    children.record,
    children.shop_id,
    count(*) as records_without_order
from children
left join {{ ref('int_orders') }} as int_orders
    on children.order_id = int_orders.order_id
where int_orders.order_id is null
group by children.record, children.shop_id
