-- Days from the order to the door, by month.
select
    cast(period_start as date) as period_start,
    p50,
    p90
from {{ ref('fulfilment_times') }}
where grain = '{{ var("grain", "month") }}' and dimension = 'all' and step = 'whole'
order by period_start asc nulls last
