select
    event_id,
    shop_id,
    kind,
    event_name,
    channel,
    starts_at,
    ends_at,
    start_date,
    end_date
from {{ ref('int_business_events') }}
