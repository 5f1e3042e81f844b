select
    'ga4' as source_system,
    shop as shop_id,
    experiment_id,
    variant,
    shop || ':' || user_pseudo_id as visitor_id,
    min(cast(event_timestamp as timestamp)) as assigned_at
from (
    select
        {{ shop_of_file() }} as shop,
        user_pseudo_id,
        event_timestamp,
        regexp_extract(exp_variant_string, '^[^-]+-(.+)-[^-]+$', 1) as experiment_id,
        lower(regexp_extract(exp_variant_string, '^[^-]+-.+-([^-]+)$', 1)) as variant
    from {{ source('ga4', 'events') }}
    where event_name = 'experience_impression' and user_pseudo_id is not null
) as impressions
where experiment_id <> ''
group by shop, experiment_id, variant, user_pseudo_id
