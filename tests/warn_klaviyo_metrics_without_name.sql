-- Events that Klaviyo names by an id which no file explains: they count as nothing.
-- Land its list of metrics, or what its pages of events include.
{{ config(severity='warn') }}
select
    events.shop_id,
    events.metric,
    count(*) as events
from {{ ref('stg_klaviyo__events') }} as events
left join {{ ref('stg_klaviyo__included') }} as included
    on
        events.shop_id = included.shop_id
        and events.metric = included.resource_id
        and included.resource_type = 'metric'
where
    included.resource_id is null
    and {{ matches('events.metric', "'^[A-Za-z0-9]{6}$'") }}
group by events.shop_id, events.metric
