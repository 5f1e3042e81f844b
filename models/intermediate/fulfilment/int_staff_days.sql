select
    shop_id,
    staff_key,
    team,
    work_date,
    sum(hours) as hours,
    sum(output) as output,
    sum(target_output) as target_output
from {{ ref('stg_flat__staff_hours') }}
group by
    shop_id,
    staff_key,
    team,
    work_date
