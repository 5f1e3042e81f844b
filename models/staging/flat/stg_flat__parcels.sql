select
    'flat' as source_system,
    shop as shop_id,
    shop || ':' || trim(parcel_id) as parcel_id,
    shop || ':' || trim(tracking_number) as tracking_id,
    shop || ':' || order_id as order_id,
    {{ bare_number('order_id') }} as order_number,
    trim(carrier) as carrier,
    trim(warehouse) as warehouse,
    upper(trim(country)) as country,
    cast(confirmed_at as timestamp) as confirmed_at,
    cast(pick_started_at as timestamp) as pick_started_at,
    cast(packed_at as timestamp) as packed_at,
    cast(dispatched_at as timestamp) as dispatched_at,
    cast(promised_date as date) as promised_date,
    cast(delivered_at as timestamp) as delivered_at,
    cast(refused_at as timestamp) as refused_at,
    cast(returned_to_stock_at as timestamp) as returned_to_stock_at
from (
    select
        *,
        {{ flat_shop() }} as shop,
        {{ newest_row([flat_shop(), 'trim(parcel_id)']) }} as version
    from {{ source('flat', 'parcels') }}
) as parcels
where version = 1
