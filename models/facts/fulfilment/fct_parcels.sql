-- What happened after as_of has not happened yet.
{{ config(
    materialized='incremental',
    meta={
        'unit': 'parcel_id',
        'touched': "
            select parcel_id from int_parcels__changes
            union all
            select parcel_id from int_parcels
            where coalesce(order_id, parcel_id) in (
                select coalesce(order_id, parcel_id) from int_parcels__changes
                union all
                select order_id from fct_orders__changes
                union all
                select coalesce(order_id, parcel_id) from int_parcels
                where
                    shop_id in (select shop_id from int_shops__changes)
                    -- What now is past, by any clock.
                    or greatest(
                        promised_date, confirmed_at, pick_started_at, packed_at,
                        dispatched_at, delivered_at, refused_at, returned_to_stock_at
                    ) >= (
                        select min(as_of_date) - interval 1 day from int_as_of__changes
                    )
            )
        ",
    },
) }}

-- The shop's day of as_of ends at one moment: no step needs its own local time for it.
with all_steps as (
    select
        int_parcels.*,
        coalesce(int_shops.time_zone, 'UTC') as time_zone,
        int_as_of.as_of_date,
        {{ to_utc(
            "cast(cast(int_as_of.as_of_date + interval '1' day as date) as timestamp)",
            "coalesce(int_shops.time_zone, 'UTC')",
        ) }} as day_end
    from {{ ref('int_parcels') }} as int_parcels
    cross join {{ ref('int_as_of') }} as int_as_of
    left join {{ ref('int_shops') }} as int_shops
        on int_parcels.shop_id = int_shops.shop_id
    where {{ touched('int_parcels.parcel_id') }}
),

known_steps as (
    select
        parcel_id,
        order_id as named_order_id,
        coalesce(order_id, parcel_id) as order_key,
        shop_id,
        source_system,
        time_zone,
        carrier,
        warehouse,
        country,
        promised_date,
        as_of_date,
        {% for step in [
            'confirmed', 'pick_started', 'packed', 'dispatched', 'delivered', 'refused',
            'returned_to_stock',
        ] -%}
        case when {{ step }}_at < day_end then {{ step }}_at end as {{ step }}_at
        {{- ',' if not loop.last }}
    {% endfor %}
    from all_steps
),

parcels as (
    select
        known_steps.parcel_id,
        fct_orders.order_id,
        known_steps.shop_id,
        known_steps.source_system,
        known_steps.time_zone,
        fct_orders.customer_id,
        coalesce(known_steps.country, fct_orders.country) as country,
        known_steps.carrier,
        known_steps.warehouse,
        coalesce(fct_orders.is_placed, true) as is_counted,
        -- What was sent before its order was cancelled was sent.
        coalesce(fct_orders.is_cancelled, false)
        and known_steps.dispatched_at is null
        and known_steps.delivered_at is null
        and known_steps.refused_at is null as is_cancelled,
        fct_orders.ordered_at,
        -- An order is confirmed once, whatever number of parcels it becomes.
        min(known_steps.confirmed_at) over (partition by known_steps.order_key)
            as confirmed_at,
        known_steps.pick_started_at,
        known_steps.packed_at,
        known_steps.dispatched_at,
        known_steps.promised_date,
        known_steps.as_of_date,
        -- A refusal is final: what a carrier delivers after it, it delivers back.
        case when known_steps.refused_at is null then known_steps.delivered_at end
            as delivered_at,
        known_steps.refused_at,
        known_steps.returned_to_stock_at,
        known_steps.refused_at is not null
        or (known_steps.delivered_at is null and coalesce(fct_orders.is_refused, false))
            as is_refused,
        row_number() over (
            partition by known_steps.order_key
            order by
                coalesce(
                    known_steps.packed_at,
                    known_steps.dispatched_at,
                    known_steps.delivered_at,
                    known_steps.refused_at
                ) nulls last,
                known_steps.parcel_id nulls last
        ) as parcel_number
    from known_steps
    left join {{ ref('fct_orders') }} as fct_orders
        on known_steps.named_order_id = fct_orders.order_id
),

dated as (
    select
        *,
        cast({{ to_local('confirmed_at', 'time_zone') }} as date) as confirmed_date,
        cast({{ to_local('coalesce(packed_at, dispatched_at)', 'time_zone') }} as date)
            as packed_date,
        cast({{ to_local('dispatched_at', 'time_zone') }} as date) as dispatched_date,
        cast({{ to_local('delivered_at', 'time_zone') }} as date) as delivered_date
    from parcels
)

select
    parcel_id,
    order_id,
    shop_id,
    source_system,
    customer_id,
    country,
    carrier,
    warehouse,
    is_counted,
    cast(parcel_number as bigint) as parcel_number,
    ordered_at,
    confirmed_at,
    confirmed_date,
    pick_started_at,
    packed_at,
    packed_date,
    dispatched_at,
    dispatched_date,
    promised_date,
    delivered_at,
    delivered_date,
    refused_at,
    returned_to_stock_at,
    case
        when is_refused then 'refused'
        when delivered_at is not null then 'delivered'
        when is_cancelled then 'cancelled'
        when returned_to_stock_at is not null then 'returned'
        when dispatched_at is not null then 'under_way'
        when packed_at is not null then 'packed'
        else 'waiting'
    end as status,
    -- Open until the promised day is over, even if it has come: or those would be
    -- counted alone, and all be on time. refusal_rate counts the refused.
    case
        when is_refused or is_cancelled then null
        when promised_date < as_of_date
            then coalesce(delivered_date <= promised_date, false)
    end as is_on_time,
    -- Steps in the wrong order have no length; assert_parcel_steps_in_order tells.
    cast(case
        when parcel_number = 1 and confirmed_at >= ordered_at
            then {{ seconds_between('ordered_at', 'confirmed_at') }} / 3600
    end as double) as processing_hours,
    cast(case
        when pick_started_at >= confirmed_at
            then {{ seconds_between('confirmed_at', 'pick_started_at') }} / 3600
    end as double) as waiting_hours,
    cast(case
        when packed_at >= pick_started_at
            then {{ seconds_between('pick_started_at', 'packed_at') }} / 60
    end as double) as picking_minutes,
    cast(case
        when dispatched_at >= packed_at
            then {{ seconds_between('packed_at', 'dispatched_at') }} / 3600
    end as double) as handover_hours,
    cast(case
        when delivered_at >= dispatched_at
            then {{ seconds_between('dispatched_at', 'delivered_at') }} / 86400
    end as double) as delivery_days,
    cast(case
        when delivered_at >= ordered_at
            then {{ seconds_between('ordered_at', 'delivered_at') }} / 86400
    end as double) as fulfilment_days
from dated
