with checks as (
    select
        source_system,
        shop_id,
        site,
        checked_at,
        is_up,
        response_ms,
        interval_seconds,
        cast(null as double) as told_seconds
    from {{ ref('stg_flat__uptime_checks') }}
    union all
    select
        source_system,
        shop_id,
        site,
        checked_at,
        is_up,
        cast(null as double) as response_ms,
        cast(null as double) as interval_seconds,
        told_minutes * 60 as told_seconds
    from {{ ref('stg_uptimerobot__events') }}
),

followed as (
    select
        *,
        {{ seconds_between(
            'checked_at',
            'lead(checked_at) over (partition by source_system, shop_id, site '
            ~ 'order by checked_at asc nulls last)'
        ) }} as gap_seconds
    from checks
),

usual_gaps as (
    select
        source_system,
        shop_id,
        site,
        percentile_cont(0.5) within group (order by gap_seconds) as usual_seconds
    from followed
    group by source_system, shop_id, site
)

select
    followed.source_system,
    followed.shop_id,
    followed.site,
    followed.checked_at,
    followed.is_up,
    followed.response_ms,
    -- A check speaks for the time until the next one, but not for a gap in the
    -- monitoring; the newest speaks for nothing yet. A stretch tells its own length.
    cast(greatest(case
        when followed.told_seconds is not null
            then
                least(
                    followed.told_seconds,
                    coalesce(followed.gap_seconds, followed.told_seconds)
                )
        when followed.gap_seconds is null then 0
        else
            least(
                followed.gap_seconds,
                2 * coalesce(followed.interval_seconds, usual_gaps.usual_seconds)
            )
    end, 0) as double) as covered_seconds
from followed
inner join usual_gaps
    on
        followed.source_system = usual_gaps.source_system
        and followed.shop_id = usual_gaps.shop_id
        and followed.site = usual_gaps.site
