-- A page load sends one LCP, and again when the page comes back from the cache.
with vitals as (
    select
        source_system,
        shop_id,
        coalesce(metric_id, event_id) as load_key,
        session_id,
        page,
        min(event_at) as loaded_at,
        min(device) as device,
        max(lcp_ms) as lcp_ms
    from {{ ref('stg_ga4__page_signals') }}
    where kind = 'lcp' and lcp_ms is not null
    group by
        source_system, shop_id, coalesce(metric_id, event_id), session_id, page
),

numbered_vitals as (
    select
        *,
        row_number() over (
            partition by session_id, page order by loaded_at asc nulls last
        ) as view_number
    from vitals
),

-- A script that fails again and again on one page of a visit breaks one page view.
failures as (
    select
        source_system,
        shop_id,
        session_id,
        page,
        min(event_id) as event_id,
        min(event_at) as failed_at,
        min(device) as device
    from {{ ref('stg_ga4__page_signals') }}
    where
        kind = 'exception'
        -- Errors without measured page views beside them would be all errors.
        and shop_id in (select vitals.shop_id from vitals)
    group by source_system, shop_id, session_id, page
)

select
    source_system,
    shop_id,
    page_load_id,
    loaded_at,
    page,
    device,
    lcp_ms,
    has_script_error,
    status_code
from {{ ref('stg_flat__page_loads') }}
union all
select
    coalesce(numbered_vitals.source_system, failures.source_system) as source_system,
    coalesce(numbered_vitals.shop_id, failures.shop_id) as shop_id,
    coalesce(numbered_vitals.shop_id, failures.shop_id)
    || ':' || coalesce({{ hash_key([
        'numbered_vitals.load_key', 'numbered_vitals.session_id',
        'numbered_vitals.page', 'failures.event_id',
    ]) }}, '') as page_load_id,
    coalesce(numbered_vitals.loaded_at, failures.failed_at) as loaded_at,
    coalesce(numbered_vitals.page, failures.page) as page,
    coalesce(numbered_vitals.device, failures.device) as device,
    numbered_vitals.lcp_ms,
    failures.event_id is not null as has_script_error,
    cast(null as bigint) as status_code
from numbered_vitals
full outer join failures
    on
        numbered_vitals.session_id = failures.session_id
        and numbered_vitals.page = failures.page
        and numbered_vitals.view_number = 1
