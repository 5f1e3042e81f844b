-- Few platforms leave sessions out. Found apart from the events, so that these are
-- written as they are read.
{{ config(meta={'tracked': true}) }}

-- Only these visitors need the gap rule: windows over all events are what costs time.
with untold_visitors as (
    select visitor_id
    from {{ ref('stg_ga4__events') }}
    where session_id is null and visitor_id is not null
    union
    select visitor_id
    from {{ ref('stg_flat__events') }}
    where session_id is null and visitor_id is not null
),

-- A session file's own sessions take in the events that lie in them.
told as (
    select
        visitor_id,
        event_id,
        shop_id,
        event_at,
        session_id
    from {{ ref('stg_ga4__events') }}
    union all
    select
        visitor_id,
        event_id,
        shop_id,
        event_at,
        session_id
    from {{ ref('stg_flat__events') }}
    union all
    select
        visitor_id,
        cast(null as string) as event_id,
        shop_id,
        started_at as event_at,
        session_id
    from {{ ref('stg_flat__sessions') }}
    union all
    select
        visitor_id,
        cast(null as string) as event_id,
        shop_id,
        ended_at as event_at,
        session_id
    from {{ ref('stg_flat__sessions') }}
    where ended_at is not null
),

marks as (
    select
        told.visitor_id,
        told.event_id,
        told.shop_id,
        told.event_at,
        told.session_id
    from told
    where
        told.visitor_id in (select untold_visitors.visitor_id from untold_visitors)
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
)

select
    numbered.event_id,
    visits.session_id
from numbered
inner join visits
    on
        numbered.visitor_id = visits.visitor_id
        and numbered.visit_number = visits.visit_number
where numbered.event_id is not null and numbered.session_id is null
