{{ config(materialized='table', contract={'enforced': true}) }}

with periods as (
    select
        grain,
        period_start,
        period_end,
        previous_period_start,
        last_year_period_start,
        days,
        elapsed_days,
        is_current,
        not is_complete as is_partial,
        -- A period under way is held against the same elapsed part of earlier ones.
        case
            when is_complete then grain
            else grain || '_to_date'
        end as comparison_grain
    from {{ ref('dim_periods') }}
    where grain in ('day', 'week', 'month', 'quarter', 'year')
),

-- Days are kept for the whole only: their slices would be most of the table, and
-- kpi_values has them.
known as (
    select
        kpi_id,
        grain,
        period_start,
        dimension,
        member,
        numerator,
        denominator,
        value
    from {{ ref('kpi_values') }}
    where grain <> 'hour' and (grain <> 'day' or dimension = 'all')
),

-- Nothing counted is 0; nothing to divide by is unknown.
catalogue as (
    select
        kpi_id,
        better,
        is_additive or kind = 'distinct' as is_count,
        is_proportion,
        matures_after_days
    from {{ ref('kpi_catalog') }}
),

-- Before its first day nothing is known of a KPI; from then on a count without a row is
-- 0. A KPI that no day has (a retention rate) begins with the others.
first_days as (
    select
        catalogue.kpi_id,
        coalesce(
            min(known.period_start),
            min(min(known.period_start)) over ()
        ) as first_day
    from catalogue
    left join known
        on
            catalogue.kpi_id = known.kpi_id
            and known.grain = 'day'
            and known.dimension = 'all'
    group by catalogue.kpi_id
),

counted_grains as (
    select distinct
        kpi_id,
        grain
    from known
),

-- A KPI that is not counted to date has nothing to hold a period under way against.
comparable as (
    select
        counted_grains.kpi_id,
        counted_grains.grain,
        first_days.first_day
    from counted_grains
    inner join first_days
        on counted_grains.kpi_id = first_days.kpi_id
),

measured as (
    select
        kpi_id,
        grain,
        period_start,
        dimension,
        member,
        numerator,
        denominator,
        value
    from known
    where grain in ('day', 'week', 'month', 'quarter', 'year')
),

counted as (
    select
        measured.kpi_id,
        measured.grain,
        measured.dimension,
        measured.member,
        min(measured.period_start) as first_start,
        max(measured.period_start) as last_start
    from measured
    inner join catalogue
        on measured.kpi_id = catalogue.kpi_id
    where catalogue.is_count
    group by
        measured.kpi_id,
        measured.grain,
        measured.dimension,
        measured.member
),

-- A period in which nothing was counted has a row as well: of the whole up to the
-- newest one, of a slice up to the one in which it fell to 0, the row not to miss.
slots as (
    select
        counted.kpi_id,
        periods.grain,
        periods.period_start,
        counted.dimension,
        counted.member,
        measured.numerator,
        measured.denominator,
        measured.value
    from counted
    inner join periods
        on
            counted.grain = periods.grain
            and counted.first_start <= periods.period_start
            and (
                counted.dimension = 'all'
                or counted.last_start >= periods.previous_period_start
            )
    left join measured
        on
            counted.kpi_id = measured.kpi_id
            and periods.grain = measured.grain
            and periods.period_start = measured.period_start
            and counted.dimension = measured.dimension
            and counted.member = measured.member
    union all
    select
        measured.kpi_id,
        measured.grain,
        measured.period_start,
        measured.dimension,
        measured.member,
        measured.numerator,
        measured.denominator,
        measured.value
    from measured
    inner join catalogue
        on measured.kpi_id = catalogue.kpi_id
    where not coalesce(catalogue.is_count, false)
),

compared as (
    select
        slots.kpi_id,
        slots.grain,
        slots.period_start,
        slots.dimension,
        slots.member,
        periods.period_end,
        periods.days,
        periods.elapsed_days,
        periods.is_current,
        periods.is_partial,
        periods.previous_period_start,
        periods.last_year_period_start,
        catalogue.better,
        catalogue.is_proportion,
        -- What still rises cannot be held against what has come to rest.
        catalogue.matures_after_days is null
        or {{ datediff('periods.period_end', 'dim_as_of.as_of_date', 'day') }}
        >= catalogue.matures_after_days as is_mature,
        slots.numerator,
        slots.denominator,
        coalesce(slots.value, case when catalogue.is_count then 0 end) as value,
        coalesce(periods.previous_period_start >= comparable.first_day, false)
            as has_previous,
        case
            when periods.previous_period_start >= comparable.first_day
                then coalesce(
                    previous_period.value, case when catalogue.is_count then 0 end
                )
        end as previous_value,
        case
            when periods.last_year_period_start >= comparable.first_day
                then coalesce(
                    last_year.value, case when catalogue.is_count then 0 end
                )
        end as last_year_value,
        plan_values.target as plan_full_value,
        plan_values.target_to_date as plan_value
    from slots
    inner join periods
        on
            slots.grain = periods.grain
            and slots.period_start = periods.period_start
    inner join catalogue
        on slots.kpi_id = catalogue.kpi_id
    cross join {{ ref('dim_as_of') }} as dim_as_of
    left join comparable
        on
            slots.kpi_id = comparable.kpi_id
            and periods.comparison_grain = comparable.grain
    left join known as previous_period
        on
            slots.kpi_id = previous_period.kpi_id
            and periods.comparison_grain = previous_period.grain
            and slots.dimension = previous_period.dimension
            and slots.member = previous_period.member
            and periods.previous_period_start = previous_period.period_start
    left join known as last_year
        on
            slots.kpi_id = last_year.kpi_id
            and periods.comparison_grain = last_year.grain
            and slots.dimension = last_year.dimension
            and slots.member = last_year.member
            and periods.last_year_period_start = last_year.period_start
    left join {{ ref('plan_values') }} as plan_values
        on
            slots.kpi_id = plan_values.kpi_id
            and slots.grain = plan_values.grain
            and slots.dimension = plan_values.dimension
            and slots.member = plan_values.member
            and slots.period_start = plan_values.period_start
),

judged as (
    select
        *,
        case when is_mature then value - previous_value end as previous_change,
        case when is_mature then value - last_year_value end as last_year_change,
        case
            when not is_mature then null
            when better = 'down' then plan_value / nullif(value, 0)
            else value / nullif(plan_value, 0)
        end as attainment,
        case
            when not is_mature then null
            when better = 'down' then value <= plan_value
            when better = 'up' then value >= plan_value
        end as is_plan_met,
        -- A share of counted things has an interval, and a whole number of them.
        is_proportion
        and denominator > 0
        and numerator between 0 and denominator
        and numerator = floor(numerator) as has_interval
    from compared
)

select
    kpi_id,
    grain,
    period_start,
    period_end,
    dimension,
    member,
    numerator,
    denominator,
    cast(value as double) as value,
    cast(
        case when has_interval then {{ wilson('-', 'numerator', 'denominator') }} end
        as double
    ) as value_lower,
    cast(
        case when has_interval then {{ wilson('+', 'numerator', 'denominator') }} end
        as double
    ) as value_upper,
    previous_period_start,
    cast(previous_value as double) as previous_value,
    cast(previous_change as double) as previous_change,
    cast(previous_change / nullif(abs(previous_value), 0) as double)
        as previous_change_rate,
    last_year_period_start,
    cast(last_year_value as double) as last_year_value,
    cast(last_year_change as double) as last_year_change,
    cast(last_year_change / nullif(abs(last_year_value), 0) as double)
        as last_year_change_rate,
    has_previous and coalesce(value, 0) <> 0 and coalesce(previous_value, 0) = 0
        as is_new,
    case
        when previous_change is null or better not in ('up', 'down') then 'none'
        when previous_change = 0 then 'flat'
        when (previous_change > 0) = (better = 'up') then 'improved'
        else 'worsened'
    end as direction_status,
    cast(plan_full_value as double) as plan_full_value,
    cast(plan_value as double) as plan_value,
    -- A plan of 0 or less leaves nothing to take a share of.
    cast(case when plan_value > 0 then attainment end as double) as plan_attainment,
    case
        when is_plan_met is null then 'none'
        when is_plan_met then 'on_track'
        when plan_value > 0 and attainment >= 0.9 then 'at_risk'
        else 'behind'
    end as plan_status,
    cast(days as bigint) as days,
    cast(elapsed_days as bigint) as elapsed_days,
    is_current,
    is_partial,
    is_mature
from judged
