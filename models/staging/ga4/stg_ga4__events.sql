with keyed as (
    {{ ga4_events(source('ga4', 'events')) }}
),

events as (
    select
        *,
        -- The visitor's first source stands on every later event too: it is the source
        -- of this session only in the first one.
        case
            when coalesce(param_source, param_medium, param_campaign) is not null
                then 'event'
            when
                coalesce(manual_source, manual_medium, manual_campaign_name) is not null
                then 'address'
            when
                event_name = 'first_visit'
                or (event_name = 'session_start' and ga_session_number = '1')
                then 'first'
        end as traffic
    from keyed
)

select
    'ga4' as source_system,
    shop as shop_id,
    events._file as landed_file,
    events.event_key as event_id,
    shop || ':' || user_pseudo_id as visitor_id,
    shop || ':' || user_pseudo_id || ':' || ga_session_id as session_id,
    shop || ':' || user_id as user_key,
    cast(event_timestamp as timestamp) as event_at,
    event_name,
    page_location as page,
    {{ bare_number('coalesce(transaction_id, param_transaction_id)') }} as order_number,
    cast(coalesce(param_value, purchase_revenue) as decimal(18, 4)) as value,
    -- Source, medium and campaign are taken from one place, never mixed.
    case traffic
        when 'event' then param_source
        when 'address' then manual_source
        when 'first' then first_source
    end as source,
    case traffic
        when 'event' then param_medium
        when 'address' then manual_medium
        when 'first' then first_medium
    end as medium,
    case traffic
        when 'event' then param_campaign
        when 'address' then manual_campaign_name
        when 'first' then first_campaign
    end as campaign_name,
    coalesce(
        collected_gclid,
        param_gclid,
        nullif(
            regexp_extract(
                page_location,
                '[?&](gclid|gbraid|wbraid|dclid|msclkid|fbclid|ttclid)=([^&#]+)', 2
            ), ''
        )
    ) as click_id,
    lower(trim(device_category)) as device,
    -- Orders have codes; so do the visits, that both speak of one country.
    coalesce(
        countries.country_code, nullif(events.geo_country, '(not set)')
    ) as country,
    browser,
    cast(cast(ga_session_number as decimal(18, 0)) as bigint) as session_number,
    cast(engagement_time_msec as double) / 1000 as engagement_seconds,
    coalesce(session_engaged in ('1', '1.0', 'true'), false) as is_engaged,
    coalesce(traffic_type = 'internal', false) as is_internal
from events
left join {{ ref('countries') }} as countries
    on events.geo_country = countries.country_name
left join {{ ref('base_ga4__replaced_events') }} as replaced
    on
        events._file = replaced.file
        and events._row = replaced.file_row
where replaced.file is null
