-- Checks first become days: there are many of them, and days are what periods add up.
with check_days as (
    select
        check_date,
        shop_id,
        site,
        sum(cast(is_check as int)) as checks,
        sum(cast(is_check and not is_up as int)) as failed_checks,
        sum(monitored_minutes) as monitored_minutes,
        sum(up_minutes) as up_minutes
    from {{ ref('fct_uptime_checks') }}
    group by check_date, shop_id, site
),

sliced_checks as (
    {{ slices('check_days', {'shop': 'shop_id', 'site': 'site'}) }}
),

check_periods as (
    select
        dim_period_days.grain,
        dim_period_days.period_start,
        sliced_checks.dimension,
        sliced_checks.member,
        sum(sliced_checks.checks) as checks,
        sum(sliced_checks.failed_checks) as failed_checks,
        sum(sliced_checks.monitored_minutes) as monitored_minutes,
        sum(sliced_checks.up_minutes) as up_minutes
    from sliced_checks
    inner join {{ ref('dim_period_days') }} as dim_period_days
        on sliced_checks.check_date = dim_period_days.date_day
    group by
        dim_period_days.grain,
        dim_period_days.period_start,
        sliced_checks.dimension,
        sliced_checks.member
),

loads as (
    select
        load_date,
        shop_id,
        device,
        page,
        has_server_error,
        has_script_error,
        has_error,
        lcp_seconds
    from {{ ref('fct_page_loads') }}
),

sliced_loads as (
    {{ slices('loads', {'shop': 'shop_id', 'device': 'device', 'page': 'page'}) }}
),

load_periods as (
    select
        dim_period_days.grain,
        dim_period_days.period_start,
        sliced_loads.dimension,
        sliced_loads.member,
        count(*) as page_loads,
        sum(cast(sliced_loads.has_server_error as int)) as server_error_loads,
        sum(cast(sliced_loads.has_script_error as int)) as script_error_loads,
        sum(cast(sliced_loads.has_error as int)) as error_loads,
        count(sliced_loads.lcp_seconds) as timed_loads,
        percentile_cont(0.75) within group (order by sliced_loads.lcp_seconds)
            as lcp_seconds_p75
    from sliced_loads
    inner join {{ ref('dim_period_days') }} as dim_period_days
        on sliced_loads.load_date = dim_period_days.date_day
    group by
        dim_period_days.grain,
        dim_period_days.period_start,
        sliced_loads.dimension,
        sliced_loads.member
)

select
    coalesce(check_periods.grain, load_periods.grain) as grain,
    coalesce(check_periods.period_start, load_periods.period_start) as period_start,
    coalesce(check_periods.dimension, load_periods.dimension) as dimension,
    coalesce(check_periods.member, load_periods.member) as member,
    cast(check_periods.checks as bigint) as checks,
    cast(check_periods.failed_checks as bigint) as failed_checks,
    cast(check_periods.monitored_minutes as decimal(18, 4)) as monitored_minutes,
    cast(check_periods.up_minutes as decimal(18, 4)) as up_minutes,
    cast(load_periods.page_loads as bigint) as page_loads,
    cast(load_periods.server_error_loads as bigint) as server_error_loads,
    cast(load_periods.script_error_loads as bigint) as script_error_loads,
    cast(load_periods.error_loads as bigint) as error_loads,
    cast(load_periods.timed_loads as bigint) as timed_loads,
    cast(load_periods.lcp_seconds_p75 as double) as lcp_seconds_p75
from check_periods
full outer join load_periods
    on
        check_periods.grain = load_periods.grain
        and check_periods.period_start = load_periods.period_start
        and check_periods.dimension = load_periods.dimension
        and check_periods.member = load_periods.member
