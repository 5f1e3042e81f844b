{{ config(meta={'tracked': true}) }}

select
    dim_periods.grain,
    dim_periods.period_start,
    dim_dates.date_day
from {{ ref('dim_periods') }} as dim_periods
inner join {{ ref('dim_dates') }} as dim_dates
    on
        dim_dates.date_day >= cast(dim_periods.period_start as date)
        and dim_dates.date_day < cast(
            dim_periods.period_start
            + dim_periods.elapsed_days * interval '1' day as date
        )
