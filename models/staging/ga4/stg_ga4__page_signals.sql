-- Few events of an export: their parameters are looked up here, not in every load. One
-- name at a time lets the reader skip the parts of a file that hold none of it.
with picked as (
    select * from {{ source('ga4', 'events') }}
    where event_name = 'click'
    union all
    select * from {{ source('ga4', 'events') }}
    where event_name = 'exception'
    union all
    select * from {{ source('ga4', 'events') }}
    where event_name = 'LCP'
    union all
    select * from {{ source('ga4', 'events') }}
    where event_name = 'web_vitals'
),

parameters as (
    select
        *,
        {{ shop_of_file() }} as shop,
        {{ ga4_event_id() }} as event_key,
        {{ json_elements('event_params') }} as parameter
    from picked
    left join {{ ref('base_ga4__replaced_events') }} as replaced
        on
            picked._file = replaced.file
            and picked._row = replaced.file_row
    where replaced.file is null
),

told as (
    select
        *,
        {{ json_text('parameter', 'key') }} as parameter_name,
        coalesce(
            {{ json_text('parameter', 'value.string_value') }},
            {{ json_text('parameter', 'value.int_value') }},
            {{ json_text('parameter', 'value.double_value') }},
            {{ json_text('parameter', 'value.float_value') }}
        ) as parameter_value
    from parameters
),

-- One row an event again, with a column for each parameter that matters.
signals as (
    select
        event_key,
        shop,
        event_name,
        cast(event_timestamp as timestamp) as event_at,
        shop || ':' || user_pseudo_id || ':' || ga_session_id as session_id,
        page_location as page,
        lower(trim(device_category)) as device,
        max(case
            when parameter_name in ('element_id', 'link_id') then parameter_value
        end) as element_id,
        max(case
            when parameter_name in ('element_text', 'link_text') then parameter_value
        end) as element_text,
        max(case when parameter_name = 'link_url' then parameter_value end) as link_url,
        max(case when parameter_name = 'outbound' then parameter_value end) as outbound,
        max(case when parameter_name = 'metric_name' then parameter_value end)
            as metric_name,
        max(case when parameter_name = 'metric_id' then parameter_value end)
            as metric_id,
        max(case when parameter_name = 'metric_value' then parameter_value end)
            as metric_value,
        max(case when parameter_name = 'value' then parameter_value end) as event_value
    from told
    group by 1, 2, 3, 4, 5, 6, 7
)

select
    'ga4' as source_system,
    shop as shop_id,
    event_key as event_id,
    case
        when event_name in ('click', 'exception') then event_name
        else 'lcp'
    end as kind,
    event_at,
    session_id,
    page,
    device,
    nullif(element_id, '') as element_id,
    nullif(element_text, '') as element_text,
    nullif(link_url, '') as link_url,
    coalesce(outbound in ('true', '1'), false) as is_outbound,
    metric_id,
    case
        when event_name in ('LCP', 'web_vitals')
            then try_cast(coalesce(metric_value, event_value) as double)
    end as lcp_ms
from signals
-- The other vitals (CLS, INP, …) may come under the same event name.
where event_name <> 'web_vitals' or metric_name = 'LCP'
