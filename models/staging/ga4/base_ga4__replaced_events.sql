-- A table, though of staging: three views leave these out, and it is all but empty.
{{ config(
    materialized='incremental',
    meta={'unit': 'event_date', 'touched': 'days of ga4/events'},
) }}

-- What comes twice shares these three; what shares them may yet be another event. That
-- spares all other events the making of their key.
with suspects as (
    select
        coalesce(user_pseudo_id, '') as browser_id,
        event_timestamp as moment,
        event_name as name
    from {{ source('ga4', 'events') }}
    where {{ touched('cast(cast(event_timestamp as timestamp) as date)', '_file') }}
    group by coalesce(user_pseudo_id, ''), event_timestamp, event_name
    having count(*) > 1
),

keyed as (
    select
        _file,
        _row,
        _landed_at,
        cast(cast(event_timestamp as timestamp) as date) as event_date,
        {{ ga4_event_id() }} as event_id
    from {{ source('ga4', 'events') }}
    inner join suspects
        on
            coalesce(user_pseudo_id, '') = suspects.browser_id
            and event_timestamp = suspects.moment
            and event_name = suspects.name
    where {{ touched('cast(cast(event_timestamp as timestamp) as date)', '_file') }}
),

numbered as (
    select
        _file,
        _row,
        event_date,
        event_id,
        {{ newest_row(['event_id']) }} as version
    from keyed
)

select
    _file as file,
    _row as file_row,
    event_date,
    event_id
from numbered
where version > 1
