{{ config(materialized='table', contract={'enforced': true}) }}
{%- set windows = {
    'day': {
        'baseline': 7 * (var('alert_day_baseline_weeks') | int),
        'judged': var('alert_days_judged') | int,
    },
    'week': {
        'baseline': var('alert_week_baseline') | int,
        'judged': var('alert_weeks_judged') | int,
    },
    'month': {
        'baseline': var('alert_month_baseline') | int,
        'judged': var('alert_months_judged') | int,
    },
} -%}

-- age counts back from the newest period: 1 is the one as_of lies in.
with periods as (
    select
        dim_periods.grain,
        dim_periods.period_start,
        dim_periods.period_end,
        dim_periods.period_end < dim_as_of.as_of_date as is_over,
        dim_as_of.as_of_date,
        row_number() over (
            partition by dim_periods.grain
            order by dim_periods.period_start desc nulls last
        ) as age
    from {{ ref('dim_periods') }} as dim_periods
    cross join {{ ref('dim_as_of') }} as dim_as_of
    where dim_periods.grain in ('day', 'week', 'month')
),

-- Two baselines lie before the first judged point: one for it, and one for the weekdays
-- of the points in that one; eight more points for the rules that look back.
wanted as (
    select
        grain,
        period_start,
        period_end,
        as_of_date,
        age
    from periods
    where
        is_over
        and age <= case grain
            {%- for grain, window in windows.items() %}
                when '{{ grain }}' then {{ window.judged + 2 * window.baseline + 9 }}
            {%- endfor %}
        end
),

measured as (
    select
        kpi_values.kpi_id,
        kpi_values.grain,
        kpi_values.period_start,
        kpi_values.dimension,
        kpi_values.member,
        kpi_values.denominator,
        kpi_values.value
    from {{ ref('kpi_values') }} as kpi_values
    inner join wanted
        on
            kpi_values.grain = wanted.grain
            and kpi_values.period_start = wanted.period_start
    where kpi_values.dimension in ('all', 'shop', 'channel', 'device')
),

series as (
    select
        measured.kpi_id,
        measured.grain,
        measured.dimension,
        measured.member,
        kpi_catalog.kind,
        kpi_catalog.unit,
        kpi_catalog.is_additive,
        kpi_catalog.is_bounded,
        coalesce(kpi_catalog.matures_after_days, 0) as matures_after_days,
        -- Short keys: all that follows is partitioned and joined by them.
        row_number() over (
            order by
                measured.kpi_id nulls last,
                measured.grain nulls last,
                measured.dimension nulls last,
                measured.member nulls last
        ) as series_number,
        min(measured.period_start) as first_start
    from measured
    inner join {{ ref('kpi_catalog') }} as kpi_catalog
        on measured.kpi_id = kpi_catalog.kpi_id
    group by
        measured.kpi_id,
        measured.grain,
        measured.dimension,
        measured.member,
        kpi_catalog.kind,
        kpi_catalog.unit,
        kpi_catalog.is_additive,
        kpi_catalog.is_bounded,
        kpi_catalog.matures_after_days
),

-- An additive KPI without a row is 0, and that is the point not to miss. What is still
-- to rise is no point yet.
points as (
    select
        series.series_number,
        series.grain,
        wanted.period_start,
        wanted.age,
        dim_dates.day_of_week,
        measured.denominator,
        coalesce(measured.value, case when series.is_additive then 0 end) as value
    from series
    inner join wanted
        on
            series.grain = wanted.grain
            and series.first_start <= wanted.period_start
            and {{ datediff('wanted.period_end', 'wanted.as_of_date', 'day') }}
            >= series.matures_after_days
    inner join {{ ref('dim_dates') }} as dim_dates
        on cast(wanted.period_start as date) = dim_dates.date_day
    left join measured
        on
            series.kpi_id = measured.kpi_id
            and series.grain = measured.grain
            and series.dimension = measured.dimension
            and series.member = measured.member
            and wanted.period_start = measured.period_start
    where measured.value is not null or series.is_additive
),

{% for grain, window in windows.items() %}
    {{ grain }}_levels as (
        select
            series_number,
            grain,
            period_start,
            age,
            denominator,
            value,
            {% if grain == 'day' -%}
            -- A Monday is held against Mondays: what its weekday usually is above the
            -- mean of all days is taken off before, and put back on the limits after.
            {{ earlier_mean(
                'value', var('alert_day_baseline_weeks'), 'series_number, day_of_week'
            ) }}
                - {{ earlier_mean('value', window.baseline) }}
            {%- else -%}
                0
            {%- endif %} as seasonal_effect
        from points
        where grain = '{{ grain }}'
    ),

    {{ grain }}_ranges as (
        select
            *,
            value - seasonal_effect as level,
            abs(
                value - seasonal_effect - lag(value - seasonal_effect) over (
                    partition by series_number order by period_start nulls last
                )
            ) as moving_range,
            case when value <> 0 then 1 else 0 end as is_something
        from {{ grain }}_levels
    ),

    {{ grain }}_limits as (
        select
            series_number,
            grain,
            period_start,
            age,
            denominator,
            value,
            seasonal_effect,
            level,
            {{ earlier_mean('level', window.baseline) }} as centre,
            {{ earlier_mean('level * level', window.baseline) }} as mean_square,
            {{ earlier_mean('moving_range', window.baseline) }} as mean_range,
            {{ earlier_mean('is_something', window.baseline) }} as something_share,
            {{ earlier_mean('denominator', window.baseline) }} as usual_denominator,
            3 * count(moving_range) over (
                partition by series_number
                order by period_start nulls last
                rows between {{ window.baseline }} preceding and 1 preceding
            ) >= {{ 2 * window.baseline }} as has_baseline
        from {{ grain }}_ranges
    ),
{% endfor %}

limits as (
    {% for grain in windows %}
        select * from {{ grain }}_limits
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- Where a point lies between the mean (0) and a limit (1 and -1); a baseline that never
-- moved has its limits on the mean.
places as (
    select
        limits.series_number,
        limits.period_start,
        limits.age,
        limits.value,
        limits.level,
        limits.centre + limits.seasonal_effect as centre,
        2.66 * limits.mean_range as reach,
        case
            when
                abs(limits.level - limits.centre)
                <= 1e-9 * greatest(abs(limits.level), abs(limits.value))
                then 0
            when limits.mean_range > 0
                then
                    (limits.level - limits.centre)
                    / nullif(2.66 * limits.mean_range, 0)
            else 9 * sign(limits.level - limits.centre)
        end as place
    from limits
    inner join series
        on limits.series_number = series.series_number
    where
        limits.has_baseline
        -- What is mostly nothing has no usual range.
        and limits.something_share >= 0.5
        -- What drifts has no usual level: its points spread far, its neighbours do not
        -- (1.128 makes a mean range of two a standard deviation).
        and limits.mean_square - limits.centre * limits.centre
        <= power({{ var('alert_drift') }} * limits.mean_range / 1.128, 2)
        + 1e-9 * limits.mean_square
        and (
            series.kind <> 'ratio'
            or (
                limits.denominator >= {{ var('alert_minimum_denominator') }}
                and limits.denominator >= limits.usual_denominator / 4
            )
        )
        and (
            not (series.is_additive and series.unit = 'count')
            or limits.centre >= {{ var('alert_minimum_count') }}
        )
        -- A day's median may be that of one case.
        and not (series.kind = 'quantile' and series.grain = 'day')
),

marked as (
    select
        *,
        case when abs(place) > 1 then sign(place) else 0 end as beyond,
        case when abs(place) > 2e0 / 3 then sign(place) else 0 end as near,
        sign(place) as half,
        sign(
            level - lag(level) over (
                partition by series_number order by period_start nulls last
            )
        ) as step
    from places
),

{% set series_order = 'partition by series_number order by period_start nulls last' %}
runs as (
    select
        *,
        row_number() over ({{ series_order }}) as point_number,
        lag(near, 1) over ({{ series_order }}) as near_one_ago,
        lag(near, 2) over ({{ series_order }}) as near_two_ago,
        lag(near, 3) over ({{ series_order }}) as near_three_ago,
        lag(period_start, 1) over ({{ series_order }}) as one_ago,
        lag(period_start, 2) over ({{ series_order }}) as two_ago,
        lag(period_start, 5) over ({{ series_order }}) as five_ago,
        lag(period_start, 7) over ({{ series_order }}) as seven_ago,
        -- Of eight points, and of nine: a run of nine was news a point ago.
        abs(sum(half) over (
            {{ series_order }} rows between 7 preceding and current row
        )) as run_of_eight,
        abs(sum(half) over (
            {{ series_order }} rows between 8 preceding and current row
        )) as run_of_nine,
        abs(sum(step) over (
            {{ series_order }} rows between 4 preceding and current row
        )) as steps_of_six,
        abs(sum(step) over (
            {{ series_order }} rows between 5 preceding and current row
        )) as steps_of_seven
    from marked
),

-- A point beyond a limit is news every time; a pattern is news when it is complete, and
-- not again while it goes on. It was first seen at its first point.
fired as (
    select
        series_number,
        period_start,
        age,
        value,
        centre,
        reach,
        'beyond_limits' as rule,
        case when place > 0 then 'above' else 'below' end as side,
        min(period_start) over (partition by series_number, beyond, succession)
            as first_seen
    from (
        select
            *,
            point_number - row_number() over (
                partition by series_number, beyond order by period_start nulls last
            ) as succession
        from runs
    ) as successions
    where beyond <> 0
    union all
    select
        series_number,
        period_start,
        age,
        value,
        centre,
        reach,
        'two_of_three' as rule,
        case when near > 0 then 'above' else 'below' end as side,
        case when near_one_ago = near then one_ago else two_ago end as first_seen
    from runs
    where
        near <> 0
        and (near_one_ago = near or near_two_ago = near)
        -- Was it complete one point ago?
        and not (
            coalesce(near_one_ago = near, false)
            and (
                coalesce(near_two_ago = near, false)
                or coalesce(near_three_ago = near, false)
            )
        )
    union all
    select
        series_number,
        period_start,
        age,
        value,
        centre,
        reach,
        'eight_on_a_side' as rule,
        case when half > 0 then 'above' else 'below' end as side,
        seven_ago as first_seen
    from runs
    where run_of_eight = 8 and run_of_nine < 9
    union all
    select
        series_number,
        period_start,
        age,
        value,
        centre,
        reach,
        'six_trending' as rule,
        case when step > 0 then 'above' else 'below' end as side,
        five_ago as first_seen
    from runs
    where steps_of_six = 5 and steps_of_seven < 6
),

process_alerts as (
    select
        series.kpi_id,
        series.grain,
        fired.period_start,
        series.dimension,
        series.member,
        fired.rule,
        fired.side,
        fired.value,
        fired.centre,
        -- A share ends at 0 and 1, a count, a length of time and a place at 0.
        case
            when
                series.is_bounded
                or series.unit in (
                    'count', 'seconds', 'minutes', 'hours', 'days', 'position'
                )
                then greatest(fired.centre - fired.reach, 0)
            else fired.centre - fired.reach
        end as lower_limit,
        case
            when series.is_bounded then least(fired.centre + fired.reach, 1)
            else fired.centre + fired.reach
        end as upper_limit,
        fired.age,
        fired.first_seen
    from fired
    inner join series
        on fired.series_number = series.series_number
),

-- A plan of a period under way is judged from half time on: before, a day decides.
off_plan as (
    select
        kpi_scorecard.kpi_id,
        kpi_scorecard.grain,
        kpi_scorecard.period_start,
        kpi_scorecard.dimension,
        kpi_scorecard.member,
        'plan_' || kpi_scorecard.plan_status as rule,
        case
            when kpi_scorecard.value > kpi_scorecard.plan_value then 'above'
            else 'below'
        end as side,
        kpi_scorecard.value,
        kpi_scorecard.plan_value as centre,
        case
            when kpi_catalog.better = 'up' then 0.9 * kpi_scorecard.plan_value
        end as lower_limit,
        case
            when kpi_catalog.better = 'down' then kpi_scorecard.plan_value / 0.9
        end as upper_limit,
        periods.age,
        periods.age + row_number() over (
            partition by
                kpi_scorecard.kpi_id,
                kpi_scorecard.grain,
                kpi_scorecard.dimension,
                kpi_scorecard.member,
                kpi_scorecard.plan_status
            order by kpi_scorecard.period_start nulls last
        ) as island
    from {{ ref('kpi_scorecard') }} as kpi_scorecard
    inner join periods
        on
            kpi_scorecard.grain = periods.grain
            and kpi_scorecard.period_start = periods.period_start
    inner join {{ ref('kpi_catalog') }} as kpi_catalog
        on kpi_scorecard.kpi_id = kpi_catalog.kpi_id
    where
        kpi_scorecard.plan_status in ('behind', 'at_risk')
        and kpi_scorecard.dimension in ('all', 'shop', 'channel', 'device')
        and 2 * kpi_scorecard.elapsed_days >= kpi_scorecard.days
),

alerts as (
    select
        kpi_id,
        grain,
        period_start,
        dimension,
        member,
        rule,
        side,
        value,
        centre,
        lower_limit,
        upper_limit,
        age,
        first_seen
    from process_alerts
    union all
    select
        kpi_id,
        grain,
        period_start,
        dimension,
        member,
        rule,
        side,
        value,
        centre,
        lower_limit,
        upper_limit,
        age,
        min(period_start) over (
            partition by kpi_id, grain, dimension, member, rule, island
        ) as first_seen
    from off_plan
),

directed as (
    select
        alerts.*,
        alert_rules.severity,
        case
            when alerts.rule like 'plan%' then 'bad'
            when kpi_catalog.better not in ('up', 'down') then 'neutral'
            when (kpi_catalog.better = 'up') = (alerts.side = 'above') then 'good'
            else 'bad'
        end as direction
    from alerts
    inner join {{ ref('kpi_catalog') }} as kpi_catalog
        on alerts.kpi_id = kpi_catalog.kpi_id
    inner join {{ ref('alert_rules') }} as alert_rules
        on alerts.rule = alert_rules.rule
    where
        case alerts.grain
            when 'day' then alert_rules.day
            when 'week' then alert_rules.week
            else alert_rules.month
        end
        and alerts.age <= case alerts.grain
            {%- for grain, window in windows.items() %}
                when '{{ grain }}' then {{ window.judged }} + 1
            {%- endfor %}
        end
)

select
    kpi_id,
    grain,
    period_start,
    dimension,
    member,
    rule,
    side,
    cast(value as double) as value,
    cast(centre as double) as centre,
    cast(lower_limit as double) as lower_limit,
    cast(upper_limit as double) as upper_limit,
    direction,
    case when direction = 'bad' then severity else 'info' end as severity,
    cast(first_seen as timestamp) as first_seen
from directed
