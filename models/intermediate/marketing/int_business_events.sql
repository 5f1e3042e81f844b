{{ config(materialized='view') }}

-- An event of every shop has no clock but UTC.
select
    events.event_id,
    events.shop_id,
    events.kind,
    events.event_name,
    events.channel,
    events.starts_at,
    events.ends_at,
    cast(
        {{ to_local('events.starts_at', "coalesce(int_shops.time_zone, 'UTC')") }}
        as date
    ) as start_date,
    cast(
        {{ to_local(
            'coalesce(events.ends_at, events.starts_at)',
            "coalesce(int_shops.time_zone, 'UTC')"
        ) }} as date
    ) as end_date
from {{ ref('stg_flat__business_events') }} as events
left join {{ ref('int_shops') }} as int_shops
    on events.shop_id = int_shops.shop_id
