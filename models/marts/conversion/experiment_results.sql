{#- A table: an engine that writes a view's text anew turns doubles into decimals. -#}
{{ config(materialized='table') }}

with assigned as (
    select
        fct_experiment_visitors.experiment_id,
        fct_experiment_visitors.variant,
        max(case when fct_experiment_visitors.unit_kind = 'visitor' then 1 else 0 end)
            as has_visitors,
        sum(case when fct_experiment_visitors.is_counted then 1 else 0 end)
            as counted_units,
        sum(case
            when fct_experiment_visitors.is_in_several_variants then 1 else 0
        end) as units_in_several_variants,
        sum(case
            when
                fct_experiment_visitors.is_counted
                and not fct_experiment_visitors.is_settled
                then 1
            else 0
        end) as open_units
    from {{ ref('fct_experiment_visitors') }} as fct_experiment_visitors
    group by fct_experiment_visitors.experiment_id, fct_experiment_visitors.variant
),

units as (
    select
        experiment_id,
        variant,
        unit_kind,
        cast(orders as double) as orders,
        cast(sales as double) as sales,
        is_converted,
        is_visited
    from {{ ref('fct_experiment_visitors') }}
    where is_counted and is_settled
),

totals as (
    select
        experiment_id,
        variant,
        cast(count(*) as double) as n,
        cast(sum(case when is_converted then 1 else 0 end) as double) as converted,
        cast(sum(case when is_visited then 1 else 0 end) as double) as visited,
        sum(orders) as orders,
        {{ known_sum('sales') }} as sales,
        var_samp(sales) as sales_variance,
        var_samp(orders) as orders_variance,
        covar_samp(sales, orders) as covariance
    from units
    group by experiment_id, variant
),

-- The variance of each value: of a share, of a mean, and of a ratio of two sums over
-- the same units (delta method). `rarer` is the smaller of what happened and what not.
measures as (
    select
        experiment_id,
        variant,
        'conversion_rate' as metric,
        n,
        converted as numerator,
        n as denominator,
        least(converted, n - converted) as rarer,
        true as is_share,
        converted / nullif(n, 0) * (1e0 - converted / nullif(n, 0)) / nullif(n, 0)
            as variance
    from totals
    union all
    select
        totals.experiment_id,
        totals.variant,
        'visit_rate' as metric,
        totals.n,
        totals.visited as numerator,
        totals.n as denominator,
        least(totals.visited, totals.n - totals.visited) as rarer,
        true as is_share,
        totals.visited / nullif(totals.n, 0)
        * (1e0 - totals.visited / nullif(totals.n, 0)) / nullif(totals.n, 0)
            as variance
    from totals
    inner join assigned
        on
            totals.experiment_id = assigned.experiment_id
            and totals.variant = assigned.variant
    -- A visitor who is shown a variant is on a visit already.
    where assigned.has_visitors = 0
    union all
    select
        experiment_id,
        variant,
        'sales_per_unit' as metric,
        n,
        sales as numerator,
        n as denominator,
        converted as rarer,
        false as is_share,
        sales_variance / nullif(n, 0) as variance
    from totals
    union all
    select
        experiment_id,
        variant,
        'average_order_value' as metric,
        n,
        sales as numerator,
        orders as denominator,
        converted as rarer,
        false as is_share,
        n * greatest(
            sales_variance
            + sales / nullif(orders, 0) * sales / nullif(orders, 0) * orders_variance
            - 2e0 * sales / nullif(orders, 0) * covariance,
            0e0
        ) / nullif(orders * orders, 0) as variance
    from totals
),

-- Without a row in the seed, the control goes by its name.
controls as (
    select
        assigned.experiment_id,
        assigned.variant,
        row_number() over (
            partition by assigned.experiment_id
            order by
                case
                    when assigned.variant = lower(experiments.control_variant) then 0
                    when assigned.variant in ('control', 'a', 'original', 'baseline')
                        then 1
                    else 2
                end asc nulls last,
                assigned.variant asc nulls last
        ) as preference
    from assigned
    left join {{ ref('experiments') }} as experiments
        on assigned.experiment_id = experiments.experiment_id
),

compared as (
    select
        measures.experiment_id,
        measures.metric,
        measures.variant,
        measures.variant = controls.variant as is_control,
        measures.n,
        measures.numerator,
        measures.denominator,
        measures.numerator / nullif(measures.denominator, 0) as value,
        control.numerator / nullif(control.denominator, 0) as control_value,
        least(measures.rarer, control.rarer) as rarer,
        case
            when measures.variant <> controls.variant
                then sqrt(measures.variance + control.variance)
        end as standard_error,
        -- What the error would be if both had the same share: the test's own question.
        case
            when measures.variant <> controls.variant and measures.is_share
                then
                    sqrt(
                        (measures.numerator + control.numerator)
                        / nullif(measures.n + control.n, 0)
                        * (
                            1e0 - (measures.numerator + control.numerator)
                            / nullif(measures.n + control.n, 0)
                        )
                        * (1e0 / nullif(measures.n, 0) + 1e0 / nullif(control.n, 0))
                    )
            when measures.variant <> controls.variant
                then sqrt(measures.variance + control.variance)
        end as test_error,
        case
            when measures.variant <> controls.variant and not measures.is_share
                then {{ welch_degrees(
                    'measures.variance', 'measures.n', 'control.variance', 'control.n',
                ) }}
        end as degrees,
        measures.is_share,
        cast(assigned.counted_units as double) as counted_units,
        cast(assigned.open_units as double) as open_units,
        cast(assigned.units_in_several_variants as double)
            as units_in_several_variants,
        cast(control_assigned.counted_units as double) as control_counted_units
    from measures
    inner join assigned
        on
            measures.experiment_id = assigned.experiment_id
            and measures.variant = assigned.variant
    inner join controls
        on
            measures.experiment_id = controls.experiment_id
            and controls.preference = 1
    left join measures as control
        on
            controls.experiment_id = control.experiment_id
            and controls.variant = control.variant
            and measures.metric = control.metric
    left join assigned as control_assigned
        on
            controls.experiment_id = control_assigned.experiment_id
            and controls.variant = control_assigned.variant
),

scored as (
    select
        compared.*,
        experiments.experiment_name,
        coalesce(experiments.primary_metric, 'conversion_rate') = compared.metric
            as is_primary,
        compared.value - compared.control_value as difference,
        (compared.value - compared.control_value) / nullif(compared.test_error, 0)
            as statistic,
        {{ normal_quantile('(0.5e0 + ' ~ var('confidence_level') ~ 'e0 / 2e0)') }}
            as confidence_z,
        {{ normal_quantile('0.8e0') }} as power_z,
        case
            when not compared.is_control
                then
                    power(
                        compared.control_counted_units
                        - coalesce(experiments.control_share, 0.5e0)
                        * (compared.counted_units + compared.control_counted_units), 2
                    ) / nullif(
                        coalesce(experiments.control_share, 0.5e0)
                        * (1e0 - coalesce(experiments.control_share, 0.5e0))
                        * (compared.counted_units + compared.control_counted_units), 0
                    )
        end as imbalance
    from compared
    left join {{ ref('experiments') }} as experiments
        on compared.experiment_id = experiments.experiment_id
),

-- Shares are as good as normal, means follow Student's t.
spread as (
    select
        *,
        case
            when is_share then statistic
            else {{ student_z('statistic', 'degrees') }}
        end as z,
        case
            when is_share then confidence_z
            else {{ student_quantile('confidence_z', 'degrees') }}
        end as reach
    from scored
),

tested as (
    select
        *,
        {{ two_sided_p('z') }} as p_value,
        {{ chi_square_1_tail('imbalance') }} as sample_ratio_p_value
    from spread
)

select
    experiment_id,
    coalesce(experiment_name, experiment_id) as experiment_name,
    metric,
    variant,
    is_control,
    is_primary,
    cast(round(n) as bigint) as n,
    cast(round(open_units) as bigint) as open_units,
    cast(round(units_in_several_variants) as bigint) as units_in_several_variants,
    numerator,
    denominator,
    value,
    case when not is_control then control_value end as control_value,
    case when not is_control then difference end as absolute_lift,
    case when not is_control then difference / nullif(control_value, 0) end
        as relative_lift,
    standard_error,
    difference - reach * standard_error as lift_lower,
    difference + reach * standard_error as lift_upper,
    p_value,
    (reach + power_z) * standard_error as minimum_detectable_effect,
    sample_ratio_p_value,
    case
        when is_control then 'control'
        when rarer < 10 or p_value is null then 'too few'
        when p_value >= 1e0 - {{ var('confidence_level') }}e0
            then 'no difference shown'
        when difference > 0 then 'better'
        else 'worse'
    end as verdict
from tested
