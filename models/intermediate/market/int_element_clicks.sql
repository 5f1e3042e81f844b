select
    source_system,
    shop_id,
    click_key as click_id,
    clicked_at,
    session_id,
    page,
    element_id,
    element_text,
    link_url,
    coalesce(is_outbound, false) as is_outbound,
    clicks
from {{ ref('stg_flat__element_clicks') }}
union all
select
    source_system,
    shop_id,
    event_id as click_id,
    event_at as clicked_at,
    session_id,
    page,
    element_id,
    element_text,
    link_url,
    is_outbound,
    cast(1 as bigint) as clicks
from {{ ref('stg_ga4__page_signals') }}
where kind = 'click'
