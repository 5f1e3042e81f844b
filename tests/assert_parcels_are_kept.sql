-- Every parcel that a source tells of is one parcel of the fact, under its own number
-- or the one it is tracked by, and no parcel comes from nowhere; the hours of every
-- shift are in the timesheets.
with told as (
    select
        parcel_id,
        tracking_id
    from {{ ref('stg_flat__parcels') }}
    union
    select
        parcel_id,
        cast(null as string) as tracking_id
    from {{ ref('stg_flat__parcel_events') }}
    union
    select
        parcel_id,
        cast(null as string) as tracking_id
    from {{ ref('stg_shipstation__shipments') }}
),

hours as (
    select
        (select sum(hours) from {{ ref('stg_flat__staff_hours') }}) as told_hours,
        (select sum(hours) from {{ ref('int_staff_days') }}) as kept_hours
)

select
    'parcel is lost' as finding,
    told.parcel_id as found_in
from told
left join {{ ref('fct_parcels') }} as fct_parcels
    on told.parcel_id = fct_parcels.parcel_id
left join told as whole_rows
    on told.parcel_id = whole_rows.tracking_id
where fct_parcels.parcel_id is null and whole_rows.parcel_id is null
union all
select
    'parcel comes from nowhere' as finding,
    fct_parcels.parcel_id as found_in
from {{ ref('fct_parcels') }} as fct_parcels
left join told
    on fct_parcels.parcel_id = told.parcel_id
where told.parcel_id is null
union all
select
    'hours are lost' as finding,
    cast(told_hours - kept_hours as string) as found_in
from hours
where told_hours <> kept_hours
