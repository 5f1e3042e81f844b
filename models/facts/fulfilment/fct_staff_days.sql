select
    int_staff_days.staff_key,
    int_staff_days.team,
    int_staff_days.shop_id,
    int_staff_days.work_date,
    cast(int_staff_days.hours as decimal(18, 4)) as hours,
    cast(int_staff_days.output as decimal(18, 4)) as output,
    cast(int_staff_days.target_output as decimal(18, 4)) as target_output
from {{ ref('int_staff_days') }} as int_staff_days
cross join {{ ref('int_as_of') }} as int_as_of
where int_staff_days.work_date <= int_as_of.as_of_date
