-- A visitor's events without a session are put in sessions over all days: where there
-- are any, no row hangs on its day alone.
{{ config(
    materialized='incremental',
    meta={
        'unit': 'cast(event_at as date)',
        'touched': 'days of ga4/events',
        'whole_if': '
            select 1 from stg_ga4__events where session_id is null
            union all
            select 1 from stg_flat__events where session_id is null
        ',
    },
) }}

with events as (
    select
        source_system,
        shop_id,
        event_id,
        visitor_id,
        session_id,
        user_key,
        event_at,
        event_name,
        page,
        order_number,
        value,
        source,
        medium,
        campaign_name,
        click_id,
        device,
        country,
        browser,
        session_number,
        engagement_seconds,
        is_engaged,
        is_internal
    from {{ ref('stg_ga4__events') }}
    where {{ touched('cast(event_at as date)', 'landed_file') }}
    union all
    select
        source_system,
        shop_id,
        event_id,
        visitor_id,
        session_id,
        user_key,
        event_at,
        event_name,
        page,
        order_number,
        value,
        source,
        medium,
        campaign_name,
        click_id,
        device,
        country,
        cast(null as string) as browser,
        session_number,
        engagement_seconds,
        is_engaged,
        is_internal
    from {{ ref('stg_flat__events') }}
    where {{ touched('cast(event_at as date)') }}
),

-- Only these visitors need the gap rule: windows over all events are what costs time.
untold_visitors as (
    select distinct visitor_id
    from events
    where session_id is null and visitor_id is not null
),

-- A session file's own sessions take in the events that lie in them.
marks as (
    select
        events.visitor_id,
        events.event_id,
        events.shop_id,
        events.event_at,
        events.session_id
    from events
    where
        events.visitor_id in (
            select untold_visitors.visitor_id from untold_visitors
        )
    union all
    select
        stg_flat__sessions.visitor_id,
        cast(null as string) as event_id,
        stg_flat__sessions.shop_id,
        stg_flat__sessions.started_at as event_at,
        stg_flat__sessions.session_id
    from {{ ref('stg_flat__sessions') }} as stg_flat__sessions
    where
        stg_flat__sessions.visitor_id in (
            select untold_visitors.visitor_id from untold_visitors
        )
    union all
    select
        stg_flat__sessions.visitor_id,
        cast(null as string) as event_id,
        stg_flat__sessions.shop_id,
        stg_flat__sessions.ended_at as event_at,
        stg_flat__sessions.session_id
    from {{ ref('stg_flat__sessions') }} as stg_flat__sessions
    where
        stg_flat__sessions.ended_at is not null
        and stg_flat__sessions.visitor_id in (
            select untold_visitors.visitor_id from untold_visitors
        )
),

gaps as (
    select
        visitor_id,
        event_id,
        shop_id,
        event_at,
        session_id,
        lag(event_at) over (
            partition by visitor_id
            order by
                event_at asc nulls last, session_id asc nulls last,
                event_id asc nulls last
        ) as previous_event_at,
        lag(session_id) over (
            partition by visitor_id
            order by
                event_at asc nulls last, session_id asc nulls last,
                event_id asc nulls last
        ) as previous_session_id
    from marks
),

numbered as (
    select
        visitor_id,
        event_id,
        shop_id,
        event_at,
        session_id,
        sum(case
            when
                event_at <= previous_event_at
                + interval '{{ var("session_timeout_minutes") }}' minute
                and coalesce(session_id = previous_session_id, true)
                then 0
            else 1
        end) over (
            partition by visitor_id
            order by
                event_at asc nulls last, session_id asc nulls last,
                event_id asc nulls last
            rows between unbounded preceding and current row
        ) as visit_number
    from gaps
),

-- The key is made of the start, not of a count: more history does not renumber it.
visits as (
    select
        visitor_id,
        visit_number,
        coalesce(
            min(session_id),
            min(shop_id) || ':' || {{ hash_key(['visitor_id', 'min(event_at)']) }}
        ) as session_id
    from numbered
    group by visitor_id, visit_number
),

derived as (
    select
        numbered.event_id,
        visits.session_id
    from numbered
    inner join visits
        on
            numbered.visitor_id = visits.visitor_id
            and numbered.visit_number = visits.visit_number
    where numbered.event_id is not null and numbered.session_id is null
)

select
    events.source_system,
    events.shop_id,
    events.event_id,
    events.visitor_id,
    coalesce(events.session_id, derived.session_id) as session_id,
    events.user_key,
    events.event_at,
    events.event_name,
    events.page,
    events.order_number,
    events.value,
    events.source,
    events.medium,
    events.campaign_name,
    events.click_id,
    events.device,
    events.country,
    events.browser,
    events.session_number,
    events.engagement_seconds,
    events.is_engaged,
    events.is_internal
from events
left join derived on events.event_id = derived.event_id
