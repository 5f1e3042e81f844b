-- A parcel is confirmed, picked, packed, sent and delivered in this order. Where the
-- moments say otherwise, a clock or a time zone is wrong; such a step has no length.
-- Mend the clock, or the time zone of the shop in seeds/shops.csv.
{{ config(severity='warn') }}

select
    shop_id,
    source_system,
    sum(cast(confirmed_at < ordered_at as int)) as confirmed_before_ordered,
    sum(cast(pick_started_at < confirmed_at as int)) as picked_before_confirmed,
    sum(cast(packed_at < pick_started_at as int)) as packed_before_picked,
    sum(cast(dispatched_at < coalesce(packed_at, confirmed_at) as int))
        as dispatched_before_packed,
    sum(cast(delivered_at < dispatched_at or refused_at < dispatched_at as int))
        as arrived_before_dispatched
from {{ ref('fct_parcels') }}
where
    confirmed_at < ordered_at
    or pick_started_at < confirmed_at
    or packed_at < pick_started_at
    or dispatched_at < coalesce(packed_at, confirmed_at)
    or delivered_at < dispatched_at
    or refused_at < dispatched_at
group by shop_id, source_system
