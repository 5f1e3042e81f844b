{#- A table: an engine that writes a view's text anew turns doubles into decimals. -#}
{{ config(materialized='table') }}

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
        event_kpis.window_before_days,
        event_kpis.window_after_days,
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

-- A day without a row is a day on which nothing happened, but not before the first row.
days as (
    select
        kpi_values.kpi_id,
        kpi_values.dimension,
        kpi_values.member,
        cast(kpi_values.period_start as date) as date_day,
        cast(kpi_values.numerator as double) as numerator,
        cast(kpi_values.denominator as double) as denominator
    from {{ ref('kpi_values') }} as kpi_values
    inner join {{ ref('event_kpis') }} as event_kpis
        on kpi_values.kpi_id = event_kpis.kpi_id
    where
        kpi_values.grain = 'day'
        and kpi_values.dimension in ('all', 'shop')
),

histories as (
    select
        kpi_id,
        dimension,
        member,
        min(date_day) as first_date
    from days
    group by kpi_id, dimension, member
),

checked as (
    select
        pairs.*,
        histories.first_date,
        dim_as_of.as_of_date,
        case
            when pairs.after_to > dim_as_of.as_of_date then 'window not complete yet'
            when
                pairs.before_from < dim_as_of.first_date
                or pairs.before_from < histories.first_date
                then 'history too short'
        end as missing_reason
    from pairs
    cross join {{ ref('dim_as_of') }} as dim_as_of
    left join histories
        on
            pairs.kpi_id = histories.kpi_id
            and pairs.dimension = histories.dimension
            and pairs.member = histories.member
),

-- Every start date that is an event's or a placebo of one.
starts as (
    select
        slices.kpi_id,
        slices.is_sum,
        slices.dimension,
        slices.member,
        dim_dates.date_day as start_date
    from (
        select
            kpi_id,
            is_sum,
            dimension,
            member,
            cast(
                min(start_date) - (
                    max(window_after_days) + {{ var('event_placebo_days') }} - 1
                ) * interval '1' day as date
            ) as first_start,
            max(start_date) as last_start,
            cast(
                max(first_date) + max(window_before_days) * interval '1' day as date
            ) as first_possible,
            cast(
                max(as_of_date)
                - (max(window_after_days) - 1) * interval '1' day as date
            ) as last_possible
        from checked
        group by kpi_id, is_sum, dimension, member
    ) as slices
    inner join {{ ref('dim_dates') }} as dim_dates
        on
            dim_dates.date_day between slices.first_start and slices.last_start
            and dim_dates.date_day
            between slices.first_possible and slices.last_possible
),

-- The days around a start, counted from it. Those seven apart are the same weekday.
around as (
    select
        event_kpis.kpi_id,
        numbers.i - event_kpis.window_before_days as days_on,
        numbers.i % 7 as weekday,
        numbers.i >= event_kpis.window_before_days as is_after
    from {{ ref('event_kpis') }} as event_kpis
    inner join range(0, 3000) as numbers (i)
        on numbers.i < event_kpis.window_before_days + event_kpis.window_after_days
),

-- Days before weigh so much that every weekday has its share of the days after.
weights as (
    select
        kpi_id,
        weekday,
        sum(case when is_after then 1e0 else 0e0 end)
        / nullif(sum(case when is_after then 0e0 else 1e0 end), 0) as before_weight
    from around
    group by kpi_id, weekday
),

-- One row per start and day around it.
weighted as (
    select
        starts.kpi_id,
        starts.is_sum,
        starts.dimension,
        starts.member,
        starts.start_date,
        around.is_after,
        case when around.is_after then 1e0 else weights.before_weight end as weight,
        coalesce(days.numerator, 0e0) as numerator,
        case
            when starts.is_sum then 1e0
            else coalesce(days.denominator, 0e0)
        end as denominator
    from starts
    inner join around on starts.kpi_id = around.kpi_id
    inner join weights
        on
            around.kpi_id = weights.kpi_id
            and around.weekday = weights.weekday
    left join days
        on
            starts.kpi_id = days.kpi_id
            and starts.dimension = days.dimension
            and starts.member = days.member
            and days.date_day
            = cast(starts.start_date + around.days_on * interval '1' day as date)
),

ratios as (
    select
        kpi_id,
        is_sum,
        dimension,
        member,
        start_date,
        sum(case when not is_after then weight * numerator end)
        / nullif(sum(case when not is_after then weight * denominator end), 0)
            as value_before,
        sum(case when is_after then numerator end)
        / nullif(sum(case when is_after then denominator end), 0) as value_after,
        -- Shares of a handful of things jump without any cause.
        greatest(
            sum(case when not is_after and weight > 0 then denominator end),
            sum(case when is_after then denominator end)
        ) < 30 as is_small
    from weighted
    group by kpi_id, is_sum, dimension, member, start_date
),

-- A share of the value before where the KPI is a sum, which grows with the shop, and a
-- plain difference where it is a ratio.
differences as (
    select
        *,
        (value_after - value_before)
        / nullif(case when is_sum then value_before else 1e0 end, 0) as difference
    from ratios
),

-- The spread is taken around no difference: a usual drift is part of what is usual.
placebos as (
    select
        checked.event_id,
        checked.kpi_id,
        count(differences.difference) as placebo_dates,
        case
            when count(differences.difference) >= {{ var('event_minimum_placebos') }}
                then sqrt(
                    sum(differences.difference * differences.difference)
                    / nullif(count(differences.difference), 0)
                )
        end as spread
    from checked
    inner join differences
        on
            checked.kpi_id = differences.kpi_id
            and checked.dimension = differences.dimension
            and checked.member = differences.member
            and differences.start_date
            <= cast(
                checked.start_date
                - checked.window_after_days * interval '1' day as date
            )
            and differences.start_date
            > cast(
                checked.start_date - (
                    checked.window_after_days + {{ var('event_placebo_days') }}
                ) * interval '1' day as date
            )
    where checked.missing_reason is null
    group by checked.event_id, checked.kpi_id
),

compared as (
    select
        checked.*,
        case when ratios.kpi_id is not null then checked.window_before_days end
            as days_before,
        case when ratios.kpi_id is not null then checked.window_after_days end
            as days_after,
        ratios.value_before,
        ratios.value_after,
        ratios.value_after - ratios.value_before as uplift,
        coalesce(checked.is_proportion and ratios.is_small, false) as is_small,
        case
            when checked.missing_reason is null
                then coalesce(placebos.placebo_dates, 0)
        end as placebo_dates,
        placebos.spread * case when checked.is_sum then ratios.value_before else 1e0 end
            as standard_error,
        {{ normal_quantile('(0.5e0 + ' ~ var('confidence_level') ~ 'e0 / 2e0)') }}
            as confidence_z
    from checked
    left join ratios
        on
            checked.kpi_id = ratios.kpi_id
            and checked.dimension = ratios.dimension
            and checked.member = ratios.member
            and checked.start_date = ratios.start_date
            and checked.missing_reason is null
    left join placebos
        on
            checked.event_id = placebos.event_id
            and checked.kpi_id = placebos.kpi_id
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
    cast(scored.placebo_dates as bigint) as placebo_dates,
    cast(neighbours.overlapping_events as bigint) as overlapping_events,
    case
        when scored.missing_reason is not null then scored.missing_reason
        when scored.uplift is null then 'nothing measured'
    end as missing_reason,
    case
        when scored.uplift is null then 'not known'
        when scored.placebo_dates < {{ var('event_minimum_placebos') }}
            then 'too little history'
        when scored.z is null then 'not known'
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
