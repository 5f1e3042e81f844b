select
    'ga4' as source_system,
    shop as shop_id,
    {{ written_date('starts_on') }} as starts_on,
    {{ written_date('ends_on') }} as ends_on,
    replace(replace(lower(trim(channel)), ' ', '_'), '-', '_') as channel,
    cast(sessions as bigint) as sessions
from (
    select
        *,
        {{ shop_of_file() }} as shop,
        {{ newest_file([shop_of_file(), 'starts_on', 'ends_on', 'channel']) }}
            as version
    from {{ source('ga4', 'channel_totals') }}
) as channel_totals
where version = 1
