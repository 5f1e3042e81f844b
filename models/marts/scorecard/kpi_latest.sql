{{ config(materialized='view', contract={'enforced': true}) }}

with periods as (
    select
        grain,
        period_start,
        row_number() over (
            partition by grain
            order by period_start desc nulls last
        ) as age
    from {{ ref('dim_periods') }}
    where grain in ('week', 'month', 'quarter', 'year')
),

telling as (
    select
        kpi_scorecard.*,
        row_number() over (
            partition by
                kpi_scorecard.kpi_id,
                kpi_scorecard.grain,
                kpi_scorecard.dimension,
                kpi_scorecard.member
            order by kpi_scorecard.period_start desc nulls last
        ) as recency
    from {{ ref('kpi_scorecard') }} as kpi_scorecard
    inner join periods
        on
            kpi_scorecard.grain = periods.grain
            and kpi_scorecard.period_start = periods.period_start
            and periods.age <= 3
    where
        kpi_scorecard.dimension in ('all', 'shop')
        and kpi_scorecard.is_mature
        and kpi_scorecard.value is not null
        and 3 * kpi_scorecard.elapsed_days >= kpi_scorecard.days
)

select
    kpi_id,
    grain,
    dimension,
    member,
    period_start,
    denominator,
    value,
    previous_value,
    previous_change,
    previous_change_rate,
    last_year_value,
    last_year_change,
    last_year_change_rate,
    plan_attainment
from telling
where recency = 1
