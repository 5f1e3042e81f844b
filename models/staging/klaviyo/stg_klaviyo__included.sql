select
    'klaviyo' as source_system,
    shop as shop_id,
    kind as resource_type,
    resource_id,
    {{ klaviyo_event('metric') }} as event_name,
    case when kind = 'metric' then {{ klaviyo_channel('metric') }} end as channel,
    {{ hash_email('email') }} as email_hash
from (
    select
        *,
        {{ newest_row(['shop', 'kind', 'resource_id']) }} as version
    from (
        select
            *,
            {{ shop_of_file() }} as shop,
            lower(trim(resource_type)) as kind,
            trim(metric_name) as metric
        from {{ source('klaviyo', 'included') }}
    ) as named
) as included
where version = 1 and kind in ('metric', 'profile')
