-- Each part belongs to the day of its own step: a parcel is up to five rows.
{{ config(
    materialized='incremental',
    meta={
        'unit': 'period_start',
        'touched': periods_of({
            'fct_parcels': [
                'confirmed_date', 'packed_date', 'dispatched_date', 'delivered_date',
                'promised_date',
            ],
        }),
    },
) }}

with parcels as (
    select *
    from {{ ref('fct_parcels') }}
    where is_counted
),

steps as (
    select
        'confirmed' as step,
        confirmed_date as happened_on,
        shop_id,
        carrier,
        country,
        warehouse,
        processing_hours as first_length,
        cast(null as double) as second_length,
        false as is_marked
    from parcels
    where processing_hours is not null
    union all
    select
        'packed' as step,
        packed_date as happened_on,
        shop_id,
        carrier,
        country,
        warehouse,
        waiting_hours as first_length,
        picking_minutes as second_length,
        parcel_number = 1 as is_marked
    from parcels
    where packed_date is not null
    union all
    select
        'dispatched' as step,
        dispatched_date as happened_on,
        shop_id,
        carrier,
        country,
        warehouse,
        handover_hours as first_length,
        cast(null as double) as second_length,
        status = 'refused' as is_marked
    from parcels
    where dispatched_date is not null
    union all
    select
        'delivered' as step,
        delivered_date as happened_on,
        shop_id,
        carrier,
        country,
        warehouse,
        delivery_days as first_length,
        fulfilment_days as second_length,
        false as is_marked
    from parcels
    where delivered_date is not null
    union all
    select
        'due' as step,
        promised_date as happened_on,
        shop_id,
        carrier,
        country,
        warehouse,
        cast(null as double) as first_length,
        cast(null as double) as second_length,
        is_on_time as is_marked
    from parcels
    where is_on_time is not null
),

sliced as (
    {{ slices('steps', {
        'shop': 'shop_id',
        'carrier': 'carrier',
        'country': 'country',
        'warehouse': 'warehouse',
    }) }}
),

-- Medians do not add up: every grain has its own, over the parcels themselves.
counted as (
    select
        dim_period_days.grain,
        dim_period_days.period_start,
        sliced.dimension,
        sliced.member,
        sliced.step,
        count(*) as happened,
        sum(cast(sliced.is_marked as int)) as marked,
        count(sliced.first_length) as first_known,
        percentile_cont(0.5) within group (order by sliced.first_length) as first_p50,
        percentile_cont(0.9) within group (order by sliced.first_length) as first_p90,
        count(sliced.second_length) as second_known,
        percentile_cont(0.5) within group (order by sliced.second_length) as second_p50,
        percentile_cont(0.9) within group (order by sliced.second_length) as second_p90
    from sliced
    inner join {{ ref('dim_period_days') }} as dim_period_days
        on sliced.happened_on = dim_period_days.date_day
    where {{ touched('dim_period_days.period_start') }}
    group by
        dim_period_days.grain,
        dim_period_days.period_start,
        sliced.dimension,
        sliced.member,
        sliced.step
)

select
    grain,
    period_start,
    dimension,
    member,
    {% for length, (step, place) in {
        'processing_hours': ('confirmed', 'first'),
        'waiting_hours': ('packed', 'first'),
        'picking_minutes': ('packed', 'second'),
        'handover_hours': ('dispatched', 'first'),
        'delivery_days': ('delivered', 'first'),
        'fulfilment_days': ('delivered', 'second'),
    }.items() -%}
        cast(max(case when step = '{{ step }}' then {{ place }}_p50 end) as double)
            as {{ length }}_p50,
        cast(max(case when step = '{{ step }}' then {{ place }}_p90 end) as double)
            as {{ length }}_p90,
        cast(coalesce(
            sum(case when step = '{{ step }}' then {{ place }}_known end), 0
        ) as bigint) as {{ length }}_known,
    {% endfor -%}
    cast(sum(case when step = 'packed' then marked else 0 end) as bigint)
        as picked_orders,
    cast(sum(case when step = 'dispatched' then happened else 0 end) as bigint)
        as dispatched_parcels,
    cast(sum(case when step = 'dispatched' then marked else 0 end) as bigint)
        as refused_parcels,
    cast(sum(case when step = 'delivered' then happened else 0 end) as bigint)
        as delivered_parcels,
    cast(sum(case when step = 'due' then happened else 0 end) as bigint)
        as due_parcels,
    cast(sum(case when step = 'due' then marked else 0 end) as bigint)
        as on_time_parcels
from counted
group by grain, period_start, dimension, member
