with starts as (
    select distinct
        'day' as grain,
        date_day as starts_on
    from {{ ref('dim_dates') }}
    union all
    select distinct
        'week' as grain,
        week_start as starts_on
    from {{ ref('dim_dates') }}
    union all
    select distinct
        'month' as grain,
        month_start as starts_on
    from {{ ref('dim_dates') }}
    union all
    select distinct
        'quarter' as grain,
        quarter_start as starts_on
    from {{ ref('dim_dates') }}
    union all
    select distinct
        'year' as grain,
        year_start as starts_on
    from {{ ref('dim_dates') }}
),

neighbours as (
    select
        grain,
        starts_on,
        cast(case grain
            when 'day' then starts_on + interval '1' day
            when 'week' then starts_on + interval '7' day
            when 'month' then starts_on + interval '1' month
            when 'quarter' then starts_on + interval '3' month
            else starts_on + interval '1' year
        end as date) as next_starts_on,
        cast(case grain
            when 'day' then starts_on - interval '1' day
            when 'week' then starts_on - interval '7' day
            when 'month' then starts_on - interval '1' month
            when 'quarter' then starts_on - interval '3' month
            else starts_on - interval '1' year
        end as date) as previous_starts_on,
        -- Days and weeks are compared with the same weekday, 52 weeks ago.
        cast(case
            when grain in ('day', 'week') then starts_on - interval '364' day
            else starts_on - interval '1' year
        end as date) as last_year_starts_on
    from starts
),

whole as (
    select
        neighbours.grain,
        neighbours.starts_on,
        cast(neighbours.next_starts_on - interval '1' day as date) as ends_on,
        neighbours.previous_starts_on,
        neighbours.last_year_starts_on,
        int_as_of.as_of_date,
        int_as_of.as_of_date >= neighbours.starts_on
        and int_as_of.as_of_date < neighbours.next_starts_on as is_current
    from neighbours
    cross join {{ ref('int_as_of') }} as int_as_of
    where neighbours.starts_on <= int_as_of.as_of_date
),

-- A period under way is compared with the same elapsed part of the earlier ones, so the
-- current, the previous and last year's period exist once more, cut at the same day.
compared as (
    select distinct
        whole.grain || '_to_date' as grain,
        whole.starts_on,
        whole.ends_on as whole_ends_on,
        whole.previous_starts_on,
        whole.last_year_starts_on,
        whole.as_of_date,
        whole.is_current,
        {{ datediff('current_periods.starts_on',
                    'current_periods.as_of_date', 'day') }} as elapsed
    from whole
    inner join whole as current_periods
        on
            whole.grain = current_periods.grain
            and current_periods.is_current
            and whole.starts_on in (
                current_periods.starts_on,
                current_periods.previous_starts_on,
                current_periods.last_year_starts_on
            )
    where whole.grain <> 'day'
),

periods as (
    select
        grain,
        starts_on,
        ends_on,
        previous_starts_on,
        last_year_starts_on,
        as_of_date,
        is_current
    from whole
    union all
    select
        grain,
        starts_on,
        least(
            whole_ends_on, cast(starts_on + elapsed * interval '1' day as date)
        ) as ends_on,
        previous_starts_on,
        last_year_starts_on,
        as_of_date,
        is_current
    from compared
)

select
    grain,
    cast(starts_on as timestamp) as period_start,
    ends_on as period_end,
    cast(previous_starts_on as timestamp) as previous_period_start,
    cast(last_year_starts_on as timestamp) as last_year_period_start,
    cast({{ datediff('starts_on', 'ends_on', 'day') }} + 1 as bigint) as days,
    cast(
        {{ datediff('starts_on', 'least(ends_on, as_of_date)', 'day') }} + 1 as bigint
    ) as elapsed_days,
    is_current,
    ends_on <= as_of_date as is_complete
from periods
