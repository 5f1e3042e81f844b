-- The day of the KPI's slice that an event concerns: its shop's, or all shops'.
with pairs as (
    select
        events.event_id,
        events.shop_id,
        events.kind,
        events.event_name,
        events.channel,
        events.start_date,
        events.end_date,
        kpi_catalog.kpi_id,
        kpi_catalog.better,
        kpi_catalog.kind = 'sum' as is_sum,
        kpi_catalog.is_proportion,
        case when events.shop_id is null then 'all' else 'shop' end as dimension,
        coalesce(events.shop_id, 'all') as member,
        cast(
            events.start_date - event_kpis.window_before_days * interval '1' day as date
        ) as before_from,
        cast(events.start_date - interval '1' day as date) as before_to,
        cast(
            events.start_date
            + (event_kpis.window_after_days - 1) * interval '1' day as date
        ) as after_to
    from {{ ref('fct_business_events') }} as events
    cross join {{ ref('event_kpis') }} as event_kpis
    inner join {{ ref('kpi_catalog') }} as kpi_catalog
        on event_kpis.kpi_id = kpi_catalog.kpi_id
    where kpi_catalog.kind in ('sum', 'ratio')
),

checked as (
    select
        pairs.*,
        case
            when pairs.after_to > dim_as_of.as_of_date then 'window not complete yet'
            when pairs.before_from < dim_as_of.first_date then 'history too short'
        end as missing_reason
    from pairs
    cross join {{ ref('dim_as_of') }} as dim_as_of
),

-- A day without a row is a day on which nothing happened.
days as (
    select
        checked.event_id,
        checked.kpi_id,
        dim_dates.day_of_week,
        dim_dates.date_day >= checked.start_date as is_after,
        cast(coalesce(kpi_values.numerator, 0) as double) as numerator,
        case
            when checked.is_sum then 1e0
            else cast(coalesce(kpi_values.denominator, 0) as double)
        end as denominator
    from checked
    inner join {{ ref('dim_dates') }} as dim_dates
        on dim_dates.date_day between checked.before_from and checked.after_to
    left join {{ ref('kpi_values') }} as kpi_values
        on
            checked.kpi_id = kpi_values.kpi_id
            and kpi_values.grain = 'day'
            and dim_dates.date_day = cast(kpi_values.period_start as date)
            and checked.dimension = kpi_values.dimension
            and checked.member = kpi_values.member
    where checked.missing_reason is null
),

weekday_counts as (
    select
        event_id,
        kpi_id,
        day_of_week,
        sum(case when is_after then 1e0 else 0e0 end)
        / nullif(sum(case when is_after then 0e0 else 1e0 end), 0) as before_weight
    from days
    group by event_id, kpi_id, day_of_week
),

-- Days before weigh so much that every weekday has its share of the days after.
weighted as (
    select
        days.event_id,
        days.kpi_id,
        days.is_after,
        days.numerator,
        days.denominator,
        case when days.is_after then 1e0 else weekday_counts.before_weight end as weight
    from days
    inner join weekday_counts
        on
            days.event_id = weekday_counts.event_id
            and days.kpi_id = weekday_counts.kpi_id
            and days.day_of_week = weekday_counts.day_of_week
),

ratios as (
    select
        event_id,
        kpi_id,
        is_after,
        count(*) as days,
        sum(weight * numerator) as numerator,
        sum(weight * denominator) as denominator,
        sum(weight * weight) as squared_weights,
        sum(weight * numerator) / nullif(sum(weight * denominator), 0) as value
    from weighted
    group by event_id, kpi_id, is_after
),

-- How far the days before stray from the ratio of their own weekday.
weekday_ratios as (
    select
        event_id,
        kpi_id,
        day_of_week,
        sum(numerator) / nullif(sum(denominator), 0) as value
    from days
    where not is_after
    group by event_id, kpi_id, day_of_week
),

residuals as (
    select
        days.event_id,
        days.kpi_id,
        sum(power(days.numerator - weekday_ratios.value * days.denominator, 2))
        / nullif(count(*) - count(distinct days.day_of_week), 0) as variance
    from days
    inner join weekday_ratios
        on
            days.event_id = weekday_ratios.event_id
            and days.kpi_id = weekday_ratios.kpi_id
            and days.day_of_week = weekday_ratios.day_of_week
    where not days.is_after
    group by days.event_id, days.kpi_id
),

compared as (
    select
        checked.*,
        before.days as days_before,
        after.days as days_after,
        before.value as value_before,
        -- Shares of a handful of things jump without any cause.
        coalesce(
            checked.is_proportion
            and least(before.denominator, after.denominator) < 30,
            false
        ) as is_small,
        after.value as value_after,
        after.value - before.value as uplift,
        sqrt(residuals.variance * (
            before.squared_weights / nullif(before.denominator * before.denominator, 0)
            + after.squared_weights / nullif(after.denominator * after.denominator, 0)
        )) as standard_error,
        {{ normal_quantile('(0.5e0 + ' ~ var('confidence_level') ~ 'e0 / 2e0)') }}
            as confidence_z
    from checked
    left join ratios as before
        on
            checked.event_id = before.event_id
            and checked.kpi_id = before.kpi_id
            and not before.is_after
    left join ratios as after
        on
            checked.event_id = after.event_id
            and checked.kpi_id = after.kpi_id
            and after.is_after
    left join residuals
        on
            checked.event_id = residuals.event_id
            and checked.kpi_id = residuals.kpi_id
),

scored as (
    select
        *,
        uplift / nullif(standard_error, 0) as z
    from compared
),

neighbours as (
    select
        pairs.event_id,
        pairs.kpi_id,
        count(others.event_id) as overlapping_events
    from pairs
    left join {{ ref('fct_business_events') }} as others
        on
            pairs.event_id <> others.event_id
            and pairs.after_to >= others.start_date
            and pairs.before_from <= others.end_date
            and (
                pairs.shop_id is null
                or others.shop_id is null
                or pairs.shop_id = others.shop_id
            )
    group by pairs.event_id, pairs.kpi_id
)

select
    scored.event_id,
    scored.kind,
    scored.event_name,
    scored.channel,
    scored.shop_id,
    scored.start_date,
    scored.end_date,
    scored.kpi_id,
    scored.before_from,
    scored.before_to,
    scored.after_to,
    cast(scored.days_before as bigint) as days_before,
    cast(scored.days_after as bigint) as days_after,
    scored.value_before,
    scored.value_after,
    scored.uplift as absolute_uplift,
    scored.uplift / nullif(scored.value_before, 0) as relative_uplift,
    scored.standard_error,
    scored.uplift - scored.confidence_z * scored.standard_error as uplift_lower,
    scored.uplift + scored.confidence_z * scored.standard_error as uplift_upper,
    {{ two_sided_p('scored.z') }} as p_value,
    cast(neighbours.overlapping_events as bigint) as overlapping_events,
    case
        when scored.missing_reason is not null then scored.missing_reason
        when scored.uplift is null then 'nothing measured'
    end as missing_reason,
    case
        when scored.uplift is null or scored.z is null then 'not known'
        when scored.is_small then 'too few'
        when {{ two_sided_p('scored.z') }} >= 1e0 - {{ var('confidence_level') }}e0
            then 'no difference shown'
        when scored.better = 'none'
            then case when scored.uplift > 0 then 'higher' else 'lower' end
        when (scored.uplift > 0) = (scored.better = 'up') then 'better'
        else 'worse'
    end as verdict
from scored
inner join neighbours
    on
        scored.event_id = neighbours.event_id
        and scored.kpi_id = neighbours.kpi_id
