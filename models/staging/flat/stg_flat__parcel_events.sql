with named as (
    select
        *,
        {{ flat_shop() }} as shop,
        trim(parcel_id) as parcel,
        replace(replace(lower(trim(event)), ' ', '_'), '-', '_') as word
    from {{ source('flat', 'parcel_events') }}
),

ranked as (
    select
        *,
        {{ newest_row(['shop', 'parcel', 'word']) }} as version
    from named
)

select
    'flat' as source_system,
    shop as shop_id,
    shop || ':' || parcel as parcel_id,
    shop || ':' || order_id as order_id,
    {{ bare_number('order_id') }} as order_number,
    word as event,
    cast(happened_at as timestamp) as happened_at,
    trim(carrier) as carrier,
    trim(warehouse) as warehouse,
    cast(promised_date as date) as promised_date
from ranked
where version = 1
