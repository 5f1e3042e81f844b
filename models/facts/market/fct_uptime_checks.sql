with local_checks as (
    select
        int_uptime_checks.source_system,
        int_uptime_checks.shop_id,
        int_uptime_checks.site,
        int_uptime_checks.checked_at,
        int_uptime_checks.is_up,
        int_uptime_checks.response_ms,
        int_uptime_checks.covered_seconds,
        coalesce(int_shops.time_zone, 'UTC') as time_zone,
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
-- day gets its part. Nearly all end well before, and only the others meet the numbers.
days as (
    select
        clocked.*,
        numbers.i as day_number,
        cast(first_date as timestamp) + numbers.i * interval '1' day as midnight,
        cast(first_date as timestamp) + (numbers.i + 1) * interval '1' day
            as next_midnight
    from clocked
    inner join range(0, 4000) as numbers (i)
        on 86400 * numbers.i < clocked.seconds_of_day + clocked.covered_seconds + 3600
    where clocked.seconds_of_day + clocked.covered_seconds > 82800
),

-- From midnight to midnight by the shop's clock: 23 or 25 hours where that changes.
split as (
    select
        *,
        greatest(
            {{ seconds_between('checked_at', to_utc('midnight', 'time_zone')) }}, 0
        ) as from_second,
        least(
            {{ seconds_between('checked_at', to_utc('next_midnight', 'time_zone')) }},
            covered_seconds
        ) as to_second
    from days
),

parts as (
    select
        source_system,
        shop_id,
        site,
        checked_at,
        is_up,
        response_ms,
        0 as day_number,
        first_date as check_date,
        covered_seconds as seconds
    from clocked
    where seconds_of_day + covered_seconds <= 82800
    union all
    select
        source_system,
        shop_id,
        site,
        checked_at,
        is_up,
        response_ms,
        day_number,
        cast(midnight as date) as check_date,
        to_second - from_second as seconds
    from split
    where to_second > from_second or day_number = 0
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
    cast(
        round(cast(seconds as double) / 60 * 10000) / 10000 as decimal(18, 4)
    ) as monitored_minutes,
    cast(
        case when is_up then round(cast(seconds as double) / 60 * 10000) else 0 end
        / 10000 as decimal(18, 4)
    ) as up_minutes
from parts
