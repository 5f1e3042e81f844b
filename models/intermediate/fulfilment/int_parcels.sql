{{ config(meta={'tracked': true}) }}

-- Carriers know a parcel by their number, warehouses by their own.
with tracked_parcels as (
    select
        tracking_id,
        min(parcel_id) as parcel_id
    from {{ ref('stg_flat__parcels') }}
    where tracking_id is not null
    group by tracking_id
    having count(*) = 1
),

scanned_parcels as (
    select
        coalesce(tracked_parcels.parcel_id, parcel_events.parcel_id) as parcel_id,
        min(parcel_events.source_system) as source_system,
        min(parcel_events.shop_id) as shop_id,
        min(parcel_events.order_id) as order_id,
        min(parcel_events.order_number) as order_number,
        min(parcel_events.carrier) as carrier,
        min(parcel_events.warehouse) as warehouse,
        max(parcel_events.promised_date) as promised_date,
        {% for step, word in {
            'confirmed': 'min', 'pick_started': 'min', 'packed': 'max',
            'dispatched': 'min', 'delivered': 'min', 'refused': 'max',
            'returned_to_stock': 'max',
        }.items() -%}
        {{ word }}(case
            when parcel_events.event = '{{ step }}' then parcel_events.happened_at
            end) as {{ step }}_at{{ ',' if not loop.last }}
    {% endfor %}
    from {{ ref('stg_flat__parcel_events') }} as parcel_events
    left join tracked_parcels
        on parcel_events.parcel_id = tracked_parcels.tracking_id
    group by coalesce(tracked_parcels.parcel_id, parcel_events.parcel_id)
),

shipped_parcels as (
    select
        coalesce(tracked_parcels.parcel_id, shipments.parcel_id) as parcel_id,
        min(shipments.source_system) as source_system,
        min(shipments.shop_id) as shop_id,
        min(shipments.order_number) as order_number,
        min(shipments.carrier) as carrier,
        min(shipments.warehouse) as warehouse,
        min(shipments.country) as country,
        min(case
            when shipments.is_utc then shipments.dispatched_at_local
            else
                {{ to_utc(
                    'shipments.dispatched_at_local',
                    "coalesce(int_shops.time_zone, 'UTC')"
                ) }}
        end) as dispatched_at
    from {{ ref('stg_shipstation__shipments') }} as shipments
    left join {{ ref('int_shops') }} as int_shops
        on shipments.shop_id = int_shops.shop_id
    left join tracked_parcels
        on shipments.parcel_id = tracked_parcels.tracking_id
    group by coalesce(tracked_parcels.parcel_id, shipments.parcel_id)
),

parcel_keys as (
    select parcel_id
    from {{ ref('stg_flat__parcels') }}
    union
    select parcel_id
    from scanned_parcels
    union
    select parcel_id
    from shipped_parcels
),

-- Each source fills what it knows; where two know, a template is the later word, and of
-- the templates the one that tells of the whole parcel.
told as (
    select
        parcel_keys.parcel_id,
        coalesce(
            parcels.source_system, scanned.source_system, shipped.source_system
        ) as source_system,
        coalesce(parcels.shop_id, scanned.shop_id, shipped.shop_id) as shop_id,
        coalesce(parcels.order_id, scanned.order_id) as order_id,
        coalesce(parcels.order_number, scanned.order_number, shipped.order_number)
            as order_number,
        coalesce(parcels.carrier, shipped.carrier, scanned.carrier) as carrier,
        coalesce(parcels.warehouse, scanned.warehouse, shipped.warehouse) as warehouse,
        coalesce(parcels.country, shipped.country) as country,
        coalesce(parcels.confirmed_at, scanned.confirmed_at) as confirmed_at,
        coalesce(parcels.pick_started_at, scanned.pick_started_at) as pick_started_at,
        coalesce(parcels.packed_at, scanned.packed_at) as packed_at,
        coalesce(parcels.dispatched_at, scanned.dispatched_at, shipped.dispatched_at)
            as dispatched_at,
        coalesce(parcels.promised_date, scanned.promised_date) as promised_date,
        coalesce(parcels.delivered_at, scanned.delivered_at) as delivered_at,
        coalesce(parcels.refused_at, scanned.refused_at) as refused_at,
        coalesce(parcels.returned_to_stock_at, scanned.returned_to_stock_at)
            as returned_to_stock_at
    from parcel_keys
    left join {{ ref('stg_flat__parcels') }} as parcels
        on parcel_keys.parcel_id = parcels.parcel_id
    left join scanned_parcels as scanned
        on parcel_keys.parcel_id = scanned.parcel_id
    left join shipped_parcels as shipped
        on parcel_keys.parcel_id = shipped.parcel_id
),

orders_by_number as (
    {{ orders_by_number() }}
)

select
    told.source_system,
    told.shop_id,
    told.parcel_id,
    -- Named by its id or by the number that people see.
    coalesce(
        int_orders.order_id,
        orders_by_number.order_id,
        told.order_id,
        told.shop_id || ':' || told.order_number
    ) as order_id,
    told.carrier,
    told.warehouse,
    told.country,
    told.confirmed_at,
    told.pick_started_at,
    told.packed_at,
    told.dispatched_at,
    told.promised_date,
    told.delivered_at,
    told.refused_at,
    told.returned_to_stock_at
from told
left join {{ ref('int_orders') }} as int_orders
    on told.order_id = int_orders.order_id
left join orders_by_number
    on
        told.shop_id = orders_by_number.shop_id
        and told.order_number = orders_by_number.order_number
        and orders_by_number.preference = 1
