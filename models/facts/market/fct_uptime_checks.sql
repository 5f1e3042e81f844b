with local_checks as (
    select
        int_uptime_checks.source_system,
        int_uptime_checks.shop_id,
        int_uptime_checks.site,
        int_uptime_checks.checked_at,
        int_uptime_checks.is_up,
        int_uptime_checks.response_ms,
        int_uptime_checks.covered_seconds,
        cast({{ to_local('int_uptime_checks.checked_at',
                         "coalesce(int_shops.time_zone, 'UTC')") }} as timestamp)
            as checked_at_local
    from {{ ref('int_uptime_checks') }} as int_uptime_checks
    left join {{ ref('int_shops') }} as int_shops
        on int_uptime_checks.shop_id = int_shops.shop_id
),

clocked as (
    select
        *,
        cast(checked_at_local as date) as first_date,
        {{ seconds_between('cast(cast(checked_at_local as date) as timestamp)',
                           'checked_at_local') }} as seconds_of_day
    from local_checks
),

-- What a check speaks for may go on past midnight, a stretch of uptime for months: each
-- day gets its part. Nearly all end on their day, and only the others meet the numbers.
-- Days have 24 hours here; the hour of a clock change may fall on the day beside.
numbered as (
    select
        clocked.*,
        0 as day_number
    from clocked
    union all
    select
        clocked.*,
        numbers.i as day_number
    from clocked
    inner join range(1, 4000) as numbers (i)
        on 86400 * numbers.i < clocked.seconds_of_day + clocked.covered_seconds
    where clocked.seconds_of_day + clocked.covered_seconds > 86400
),

parts as (
    select
        *,
        cast(first_date + day_number * interval '1' day as date) as check_date,
        least(seconds_of_day + covered_seconds, 86400 * (day_number + 1))
        - greatest(seconds_of_day, 86400 * day_number) as seconds
    from numbered
)

select
    {{ hash_key(['source_system', 'shop_id', 'site', 'checked_at', 'day_number']) }}
        as check_id,
    shop_id,
    source_system,
    site,
    checked_at,
    check_date,
    day_number = 0 as is_check,
    is_up,
    response_ms,
    -- Decimals, so that minutes up are never more than those monitored.
    cast(round(cast(seconds as double) / 60, 4) as decimal(18, 4)) as monitored_minutes,
    cast(
        case when is_up then round(cast(seconds as double) / 60, 4) else 0 end
        as decimal(18, 4)
    ) as up_minutes
from parts
