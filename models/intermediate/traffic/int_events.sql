-- A visitor's events without a session are put in sessions over all days: where there
-- are any, no row hangs on its day alone.
{{ config(
    materialized='incremental',
    meta={
        'unit': 'cast(event_at as date)',
        'touched': 'days of ga4/events',
        'whole_if': 'select 1 from int_derived_sessions',
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
)

select
    events.source_system,
    events.shop_id,
    events.event_id,
    events.visitor_id,
    coalesce(events.session_id, int_derived_sessions.session_id) as session_id,
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
left join {{ ref('int_derived_sessions') }} as int_derived_sessions
    on events.event_id = int_derived_sessions.event_id
