{{ config(materialized='table', contract={'enforced': true}) }}

with parts as (
    select
        kpi_id,
        grain,
        period_start,
        dimension,
        sum(coalesce(numerator, 0)) as numerator,
        sum(coalesce(denominator, 0)) as denominator,
        sum(abs(coalesce(numerator, 0))) as numerator_size,
        sum(abs(coalesce(denominator, 0))) as denominator_size,
        count(*) as members
    from {{ ref('kpi_values') }}
    where grain not in ('hour', 'day')
    group by kpi_id, grain, period_start, dimension
),

dimensions as (
    select distinct
        kpi_id,
        dimension
    from parts
    where dimension <> 'all'
),

-- A dimension without a row in a period adds up to nothing there.
compared as (
    select
        wholes.kpi_id,
        wholes.grain,
        wholes.period_start,
        dimensions.dimension,
        kpi_catalog.kind,
        kpi_catalog.is_additive,
        position(
            ', ' || dimensions.dimension || ', '
            in ', ' || kpi_catalog.overlapping_dimensions || ', '
        ) > 0 as is_overlapping,
        coalesce(parts.members, 0) as members,
        coalesce(parts.numerator, 0) - wholes.numerator as numerator_gap,
        coalesce(parts.denominator, 0) - wholes.denominator as denominator_gap,
        1e-10
        * greatest(coalesce(parts.numerator_size, 0), abs(wholes.numerator))
            as numerator_tolerance,
        1e-10
        * greatest(coalesce(parts.denominator_size, 0), abs(wholes.denominator))
            as denominator_tolerance
    from parts as wholes
    inner join dimensions
        on wholes.kpi_id = dimensions.kpi_id
    inner join {{ ref('kpi_catalog') }} as kpi_catalog
        on wholes.kpi_id = kpi_catalog.kpi_id
    left join parts
        on
            wholes.kpi_id = parts.kpi_id
            and wholes.grain = parts.grain
            and wholes.period_start = parts.period_start
            and dimensions.dimension = parts.dimension
    where wholes.dimension = 'all'
),

gaps as (
    select
        kpi_id,
        grain,
        period_start,
        dimension,
        kind,
        is_additive,
        is_overlapping,
        members,
        case
            when abs(numerator_gap) <= numerator_tolerance then 0
            else numerator_gap
        end as numerator_gap,
        case
            when abs(denominator_gap) <= denominator_tolerance then 0
            else denominator_gap
        end as denominator_gap
    from compared
),

judged as (
    select
        *,
        case
            when kind not in ('ratio', 'sum') then 'not_a_sum_of_parts'
            when kind = 'sum' and not is_additive then 'not_a_sum_of_parts'
            when kind = 'sum' and is_overlapping then 'overlapping'
            when numerator_gap = 0 and (kind = 'sum' or denominator_gap = 0)
                then 'adds_up'
            when kind = 'ratio' and (numerator_gap > 0 or denominator_gap > 0)
                then 'above_whole'
            else 'below_whole'
        end as finding
    from gaps
)

select
    kpi_id,
    grain,
    period_start,
    dimension,
    cast(members as bigint) as members,
    cast(numerator_gap as double) as numerator_gap,
    cast(case when kind = 'ratio' then denominator_gap end as double)
        as denominator_gap,
    finding = 'adds_up' as adds_up,
    finding
from judged
