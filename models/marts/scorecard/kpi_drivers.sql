{{ config(materialized='table', contract={'enforced': true}) }}

with comparisons as (
    select
        kpi_id,
        grain,
        period_start,
        'previous' as comparison,
        previous_period_start as base_period_start,
        previous_change as change,
        is_partial
    from {{ ref('kpi_scorecard') }}
    where dimension = 'all' and grain <> 'day' and previous_change is not null
    union all
    select
        kpi_id,
        grain,
        period_start,
        'last_year' as comparison,
        last_year_period_start as base_period_start,
        last_year_change as change,
        is_partial
    from {{ ref('kpi_scorecard') }}
    where dimension = 'all' and grain <> 'day' and last_year_change is not null
),

-- As in the scorecard: a period under way is held against the same elapsed days.
changes as (
    select
        comparisons.kpi_id,
        comparisons.grain,
        comparisons.period_start,
        comparisons.comparison,
        comparisons.base_period_start,
        comparisons.grain
        || case when comparisons.is_partial then '_to_date' else '' end as base_grain,
        comparisons.change,
        kpi_catalog.is_additive
    from comparisons
    inner join {{ ref('kpi_catalog') }} as kpi_catalog
        on comparisons.kpi_id = kpi_catalog.kpi_id
    where kpi_catalog.kind in ('ratio', 'sum')
),

dimensions as (
    select distinct
        kpi_id,
        dimension
    from {{ ref('kpi_driver_dimensions') }}
    where adds_up
),

-- The whole's parts then and now, for each dimension whose members add up to them in
-- both periods. An additive KPI without a row was 0, and so were its members.
wholes as (
    select
        -- Short keys: what follows is joined and grouped by them.
        row_number() over (
            order by
                changes.kpi_id nulls last,
                changes.grain nulls last,
                changes.period_start nulls last,
                changes.comparison nulls last,
                dimensions.dimension nulls last
        ) as comparison_number,
        changes.kpi_id,
        changes.grain,
        changes.period_start,
        changes.comparison,
        changes.base_period_start,
        changes.base_grain,
        changes.change,
        changes.is_additive,
        dimensions.dimension,
        case
            when changes.is_additive then coalesce(this_period.numerator, 0)
            else this_period.numerator
        end as numerator_now,
        case
            when changes.is_additive then coalesce(base_period.numerator, 0)
            else base_period.numerator
        end as numerator_before,
        case when changes.is_additive then 1 else this_period.denominator end
            as denominator_now,
        case when changes.is_additive then 1 else base_period.denominator end
            as denominator_before
    from changes
    inner join dimensions
        on changes.kpi_id = dimensions.kpi_id
    left join {{ ref('kpi_values') }} as this_period
        on
            changes.kpi_id = this_period.kpi_id
            and changes.grain = this_period.grain
            and changes.period_start = this_period.period_start
            and this_period.dimension = 'all'
    left join {{ ref('kpi_values') }} as base_period
        on
            changes.kpi_id = base_period.kpi_id
            and changes.base_grain = base_period.grain
            and changes.base_period_start = base_period.period_start
            and base_period.dimension = 'all'
    left join {{ ref('kpi_driver_dimensions') }} as now_adds_up
        on
            changes.kpi_id = now_adds_up.kpi_id
            and changes.grain = now_adds_up.grain
            and changes.period_start = now_adds_up.period_start
            and dimensions.dimension = now_adds_up.dimension
    left join {{ ref('kpi_driver_dimensions') }} as base_adds_up
        on
            changes.kpi_id = base_adds_up.kpi_id
            and changes.base_grain = base_adds_up.grain
            and changes.base_period_start = base_adds_up.period_start
            and dimensions.dimension = base_adds_up.dimension
    where
        coalesce(now_adds_up.adds_up, changes.is_additive)
        and coalesce(base_adds_up.adds_up, changes.is_additive)
),

members_now as (
    select
        wholes.comparison_number,
        kpi_values.member,
        kpi_values.numerator,
        kpi_values.denominator
    from wholes
    inner join {{ ref('kpi_values') }} as kpi_values
        on
            wholes.kpi_id = kpi_values.kpi_id
            and wholes.grain = kpi_values.grain
            and wholes.period_start = kpi_values.period_start
            and wholes.dimension = kpi_values.dimension
),

members_before as (
    select
        wholes.comparison_number,
        kpi_values.member,
        kpi_values.numerator,
        kpi_values.denominator
    from wholes
    inner join {{ ref('kpi_values') }} as kpi_values
        on
            wholes.kpi_id = kpi_values.kpi_id
            and wholes.base_grain = kpi_values.grain
            and wholes.base_period_start = kpi_values.period_start
            and wholes.dimension = kpi_values.dimension
),

-- Who is there in one of the periods only has nothing in the other.
members as (
    select
        coalesce(members_now.comparison_number, members_before.comparison_number)
            as comparison_number,
        coalesce(members_now.member, members_before.member) as member,
        coalesce(members_now.numerator, 0) as numerator_now,
        coalesce(members_now.denominator, 0) as denominator_now,
        coalesce(members_before.numerator, 0) as numerator_before,
        coalesce(members_before.denominator, 0) as denominator_before
    from members_now
    full outer join members_before
        on
            members_now.comparison_number = members_before.comparison_number
            and members_now.member = members_before.member
),

shares as (
    select
        wholes.kpi_id,
        wholes.grain,
        wholes.period_start,
        wholes.comparison,
        wholes.base_period_start,
        wholes.dimension,
        members.member,
        wholes.change,
        wholes.is_additive,
        -- What the member puts into the whole: its share times its rate.
        members.numerator_now / nullif(wholes.denominator_now, 0) as part_now,
        members.numerator_before / nullif(wholes.denominator_before, 0)
            as part_before,
        case
            when wholes.is_additive
                then members.numerator_now / nullif(wholes.numerator_now, 0)
            else members.denominator_now / nullif(wholes.denominator_now, 0)
        end as share_now,
        case
            when wholes.is_additive
                then members.numerator_before / nullif(wholes.numerator_before, 0)
            else members.denominator_before / nullif(wholes.denominator_before, 0)
        end as share_before,
        case
            when wholes.is_additive then members.numerator_now
            else members.numerator_now / nullif(members.denominator_now, 0)
        end as rate_now,
        case
            when wholes.is_additive then members.numerator_before
            else members.numerator_before / nullif(members.denominator_before, 0)
        end as rate_before,
        (
            wholes.numerator_now / nullif(wholes.denominator_now, 0)
            + wholes.numerator_before / nullif(wholes.denominator_before, 0)
        ) / 2 as whole_rate,
        case
            when wholes.is_additive and members.numerator_before = 0 then 'appeared'
            when wholes.is_additive and members.numerator_now = 0 then 'vanished'
            when wholes.is_additive then 'both'
            when members.denominator_now = 0 and members.denominator_before = 0
                then 'no_denominator'
            when members.denominator_before = 0 then 'appeared'
            when members.denominator_now = 0 then 'vanished'
            else 'both'
        end as member_status
    from members
    inner join wholes
        on members.comparison_number = wholes.comparison_number
    where
        members.numerator_now <> 0
        or members.numerator_before <> 0
        or (
            not wholes.is_additive
            and (members.denominator_now <> 0 or members.denominator_before <> 0)
        )
),

effects as (
    select
        *,
        case
            when is_additive then null
            when member_status = 'both'
                then
                    (share_now - share_before)
                    * ((rate_now + rate_before) / 2 - whole_rate)
            when member_status = 'no_denominator' then 0
            else part_now - part_before - (share_now - share_before) * whole_rate
        end as mix_effect,
        case
            when is_additive then null
            when member_status = 'both'
                then (share_now + share_before) / 2 * (rate_now - rate_before)
            when member_status = 'no_denominator' then part_now - part_before
            else 0
        end as rate_effect
    from shares
)

select
    kpi_id,
    grain,
    period_start,
    comparison,
    base_period_start,
    dimension,
    member,
    member_status,
    cast(share_before as double) as share_before,
    cast(share_now as double) as share_now,
    cast(rate_before as double) as rate_before,
    cast(rate_now as double) as rate_now,
    -- Nothing times a negative number is minus zero, which nobody wants to read.
    cast(mix_effect + 0.0 as double) as mix_effect,
    cast(rate_effect as double) as rate_effect,
    cast(coalesce(mix_effect + rate_effect, part_now - part_before) as double)
        as contribution,
    cast(change as double) as change
from effects
