-- A table, though of staging: three views leave these out, and it is all but empty.
{{ config(materialized='table') }}

-- What comes twice shares these three; what shares them may yet be another event. That
-- spares all other events the making of their key.
with suspects as (
    select
        coalesce(user_pseudo_id, '') as browser_id,
        event_timestamp as moment,
        event_name as name
    from {{ source('ga4', 'events') }}
    group by coalesce(user_pseudo_id, ''), event_timestamp, event_name
    having count(*) > 1
),

keyed as (
    select
        _file,
        _row,
        _landed_at,
        {{ ga4_event_id() }} as event_id
    from {{ source('ga4', 'events') }}
    inner join suspects
        on
            coalesce(user_pseudo_id, '') = suspects.browser_id
            and event_timestamp = suspects.moment
            and event_name = suspects.name
),

numbered as (
    select
        _file,
        _row,
        event_id,
        {{ newest_row(['event_id']) }} as version
    from keyed
)

select
    _file as file,
    _row as file_row,
    event_id
from numbered
where version > 1
