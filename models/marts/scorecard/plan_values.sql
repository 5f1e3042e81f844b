{{ config(materialized='table', contract={'enforced': true}) }}

with targets as (
    select
        kpi_id,
        coalesce(dimension, 'all') as dimension,
        coalesce(member, 'all') as member,
        grain,
        cast(period_start as timestamp) as period_start,
        cast(target as double) as target
    from {{ ref('targets') }}
),

given as (
    select
        targets.kpi_id,
        targets.grain,
        targets.period_start,
        targets.dimension,
        targets.member,
        targets.target,
        -- Of an additive KPI only the elapsed part of a period under way is due.
        case
            when kpi_catalog.is_additive
                then
                    targets.target * dim_periods.elapsed_days
                    / nullif(dim_periods.days, 0)
            else targets.target
        end as target_to_date
    from targets
    inner join {{ ref('kpi_catalog') }} as kpi_catalog
        on targets.kpi_id = kpi_catalog.kpi_id
    -- Periods ahead of as_of have no row there: nothing of them is due yet.
    left join {{ ref('dim_periods') }} as dim_periods
        on
            targets.grain = dim_periods.grain
            and targets.period_start = dim_periods.period_start
),

longer_grains as (
    select
        'quarter' as grain,
        3 as months
    union all
    select
        'year' as grain,
        12 as months
),

-- Months add up to quarters and years, if the plan has all of them. A ratio's plan
-- for a longer period cannot be made from its months.
summed as (
    select
        given.kpi_id,
        longer_grains.grain,
        cast(date_trunc(longer_grains.grain, given.period_start) as timestamp)
            as period_start,
        given.dimension,
        given.member,
        sum(given.target) as target,
        sum(coalesce(given.target_to_date, 0)) as target_to_date
    from given
    inner join {{ ref('kpi_catalog') }} as kpi_catalog
        on
            given.kpi_id = kpi_catalog.kpi_id
            and kpi_catalog.is_additive
    cross join longer_grains
    where given.grain = 'month'
    group by
        given.kpi_id,
        longer_grains.grain,
        longer_grains.months,
        cast(date_trunc(longer_grains.grain, given.period_start) as timestamp),
        given.dimension,
        given.member
    having count(*) = longer_grains.months
)

select
    kpi_id,
    grain,
    period_start,
    dimension,
    member,
    target,
    coalesce(target_to_date, 0) as target_to_date
from given
union all
select
    summed.kpi_id,
    summed.grain,
    summed.period_start,
    summed.dimension,
    summed.member,
    summed.target,
    summed.target_to_date
from summed
left join given
    on
        summed.kpi_id = given.kpi_id
        and summed.grain = given.grain
        and summed.period_start = given.period_start
        and summed.dimension = given.dimension
        and summed.member = given.member
where given.kpi_id is null
