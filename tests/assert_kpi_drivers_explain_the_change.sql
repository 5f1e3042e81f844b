-- The members of a dimension explain the change of the whole, and nothing is left over:
-- mix and rate effects add up to the contribution, contributions to the scorecard's
-- change. And none is forgotten: a dimension that adds up on both sides is there.
with explained as (
    select
        kpi_id,
        grain,
        period_start,
        comparison,
        dimension,
        sum(contribution) as explained_change,
        sum(mix_effect + rate_effect) as effects,
        sum(abs(contribution)) as size
    from {{ ref('kpi_drivers') }}
    group by kpi_id, grain, period_start, comparison, dimension
),

changes as (
    select
        kpi_id,
        grain,
        period_start,
        'previous' as comparison,
        case when is_partial then grain || '_to_date' else grain end as base_grain,
        previous_period_start as base_period_start,
        value,
        previous_change as change
    from {{ ref('kpi_scorecard') }}
    where dimension = 'all' and grain <> 'day'
    union all
    select
        kpi_id,
        grain,
        period_start,
        'last_year' as comparison,
        case when is_partial then grain || '_to_date' else grain end as base_grain,
        last_year_period_start as base_period_start,
        value,
        last_year_change as change
    from {{ ref('kpi_scorecard') }}
    where dimension = 'all' and grain <> 'day'
)

select
    changes.kpi_id,
    changes.grain,
    changes.period_start,
    changes.comparison,
    explained.dimension,
    changes.change,
    explained.explained_change,
    explained.effects
from explained
left join changes
    on
        explained.kpi_id = changes.kpi_id
        and explained.grain = changes.grain
        and explained.period_start = changes.period_start
        and explained.comparison = changes.comparison
where
    changes.change is null
    or abs(explained.explained_change - changes.change)
    > 1e-9 * greatest(
        abs(changes.value), abs(changes.value - changes.change), explained.size
    )
    or abs(explained.explained_change - coalesce(explained.effects, changes.change))
    > 1e-9 * greatest(
        abs(changes.value), abs(changes.value - changes.change), explained.size
    )
union all
select
    changes.kpi_id,
    changes.grain,
    changes.period_start,
    changes.comparison,
    this_period.dimension,
    changes.change,
    null as explained_change,
    null as effects
from changes
inner join {{ ref('kpi_driver_dimensions') }} as this_period
    on
        changes.kpi_id = this_period.kpi_id
        and changes.grain = this_period.grain
        and changes.period_start = this_period.period_start
        and this_period.adds_up
inner join {{ ref('kpi_driver_dimensions') }} as base_period
    on
        changes.kpi_id = base_period.kpi_id
        and changes.base_grain = base_period.grain
        and changes.base_period_start = base_period.period_start
        and this_period.dimension = base_period.dimension
        and base_period.adds_up
left join explained
    on
        changes.kpi_id = explained.kpi_id
        and changes.grain = explained.grain
        and changes.period_start = explained.period_start
        and changes.comparison = explained.comparison
        and this_period.dimension = explained.dimension
-- Where the change is 0 there may be nothing to explain it with.
where changes.change <> 0 and explained.kpi_id is null
