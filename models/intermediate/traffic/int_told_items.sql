-- Apart from int_event_items, so that a new product has no event read again.
{{ config(
    materialized='incremental',
    meta={'unit': 'cast(event_at as date)', 'touched': 'days of ga4/events'},
) }}

select
    event_id,
    shop_id,
    event_at,
    product_id as item_id,
    category,
    quantity,
    price
from {{ ref('stg_ga4__event_items') }}
where
    product_id is not null
    and {{ touched('cast(event_at as date)', 'landed_file') }}
union all
select
    event_id,
    shop_id,
    event_at,
    product_id as item_id,
    category,
    quantity,
    price
from {{ ref('stg_flat__event_items') }}
where product_id is not null and {{ touched('cast(event_at as date)') }}
