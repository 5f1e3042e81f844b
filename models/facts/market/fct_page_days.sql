{{ config(
    materialized='incremental',
    meta={
        'unit': 'session_date',
        'touched': '
            select session_date from fct_sessions__changes
            group by session_id, shop_id, session_date, is_counted
            having count(*) = 1
            union all
            select session_date from fct_sessions
            where session_id in (select session_id from int_events__changes)
        ',
    },
) }}

with session_pages as (
    select
        session_id,
        {{ bare_page('page') }} as page,
        count(*) as page_views,
        max(event_at) as last_seen_at
    from {{ ref('int_events') }}
    where
        event_name = 'page_view'
        and page is not null
        and session_id is not null
        and {{ touched('session_date', key='session_id', of=ref('fct_sessions')) }}
    group by session_id, {{ bare_page('page') }}
),

ordered as (
    select
        session_id,
        page,
        page_views,
        row_number() over (
            partition by session_id
            order by last_seen_at desc nulls last, page asc nulls last
        ) as place_from_the_end
    from session_pages
)

select
    {{ hash_key(['fct_sessions.shop_id', 'fct_sessions.session_date',
                 'ordered.page']) }} as page_day_id,
    fct_sessions.shop_id,
    fct_sessions.session_date,
    ordered.page,
    cast(sum(ordered.page_views) as bigint) as page_views,
    cast(count(*) as bigint) as sessions,
    cast(sum(cast(ordered.place_from_the_end = 1 as int)) as bigint) as exits
from ordered
inner join {{ ref('fct_sessions') }} as fct_sessions
    on ordered.session_id = fct_sessions.session_id
where fct_sessions.is_counted and {{ touched('fct_sessions.session_date') }}
group by fct_sessions.shop_id, fct_sessions.session_date, ordered.page
