with days as (
    select cast(date '2005-01-01' + i * interval '1' day as date) as date_day
    from range(0, 12000) as numbers (i)
)

select
    days.date_day,
    cast(date_trunc('week', days.date_day) as date) as week_start,
    cast(date_trunc('month', days.date_day) as date) as month_start,
    cast(date_trunc('quarter', days.date_day) as date) as quarter_start,
    cast(date_trunc('year', days.date_day) as date) as year_start,
    cast(
        {{ datediff("cast(date_trunc('week', days.date_day) as date)",
                    "days.date_day", 'day') }} + 1 as bigint
    ) as day_of_week,
    {{ datediff("cast(date_trunc('week', days.date_day) as date)",
                "days.date_day", 'day') }} >= 5 as is_weekend,
    substr(cast(days.date_day as string), 1, 7) as month_label
from days
cross join {{ ref('int_as_of') }} as int_as_of
-- Whole years, so that the first and the last period of every grain is complete.
where
    days.date_day >= cast(date_trunc('year', int_as_of.first_date) as date)
    and days.date_day < cast(
        date_trunc('year', int_as_of.as_of_date) + interval '1' year as date
    )
