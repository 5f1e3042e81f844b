select
    channel_id,
    channel_name,
    is_paid,
    cast(sort_order as bigint) as sort_order
from {{ ref('channels') }}
