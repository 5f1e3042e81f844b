-- What did the event do? Sales, newsletters, redesigns: the change after them where it
-- is larger than chance makes it.
select
    event_name,
    shop_id,
    start_date,
    kpi_id,
    value_before,
    value_after,
    relative_uplift,
    uplift_lower,
    uplift_upper,
    p_value,
    verdict
from {{ ref('event_impact') }}
where verdict in ('better', 'worse')
order by start_date desc nulls last, event_name asc nulls last, kpi_id asc nulls last
