with named as (
    select
        *,
        {{ shop_of_file() }} as shop,
        -- Spreadsheets guard a long number by an apostrophe.
        nullif(trim(replace(tracking_number, '''', '')), '') as tracking
    from {{ source('shipstation', 'shipments') }}
),

keyed as (
    select
        *,
        shop || ':' || coalesce(
            tracking, {{ bare_number('order_number') }} || '@' || shipped_at
        ) as parcel
    from named
),

ranked as (
    select
        *,
        row_number() over (
            partition by parcel
            order by
                _landed_at desc nulls last,
                _file desc nulls last,
                _row asc nulls last
        ) as version
    from keyed
)

select
    'shipstation' as source_system,
    shop as shop_id,
    parcel as parcel_id,
    {{ bare_number('order_number') }} as order_number,
    coalesce(trim(carrier), split_part(trim(service), ' ', 1)) as carrier,
    upper(trim(country)) as country,
    trim(warehouse) as warehouse,
    cast(shipped_at as timestamp) as dispatched_at_local,
    shipped_at like '%Z' as is_utc
from ranked
where version = 1
