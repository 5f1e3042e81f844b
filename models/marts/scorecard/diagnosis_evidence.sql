{{ config(materialized='table', contract={'enforced': true}) }}

with members as (
    select
        'all' as dimension,
        'all' as member
    union all
    select
        'shop' as dimension,
        shop_id as member
    from {{ ref('dim_shops') }}
),

measured as (
    select
        conditions.diagnosis_id,
        members.dimension,
        members.member,
        conditions.condition_group,
        conditions.kpi_id,
        conditions.grain,
        conditions.measure,
        conditions.operator,
        conditions.threshold,
        conditions.why,
        kpi_catalog.label,
        kpi_catalog.unit,
        kpi_catalog.kind,
        kpi_latest.period_start,
        kpi_latest.value,
        kpi_latest.denominator,
        case
            when conditions.measure like 'last_year%' then kpi_latest.last_year_value
            else kpi_latest.previous_value
        end as earlier_value,
        case conditions.measure
            when 'value' then kpi_latest.value
            when 'previous_change' then kpi_latest.previous_change
            when 'previous_change_rate' then kpi_latest.previous_change_rate
            when 'last_year_change' then kpi_latest.last_year_change
            when 'last_year_change_rate' then kpi_latest.last_year_change_rate
            when 'plan_attainment' then kpi_latest.plan_attainment
        end as measured
    from {{ ref('diagnosis_conditions') }} as conditions
    cross join members
    left join {{ ref('kpi_catalog') }} as kpi_catalog
        on conditions.kpi_id = kpi_catalog.kpi_id
    left join {{ ref('kpi_latest') }} as kpi_latest
        on
            conditions.kpi_id = kpi_latest.kpi_id
            and conditions.grain = kpi_latest.grain
            and members.dimension = kpi_latest.dimension
            and members.member = kpi_latest.member
)

select
    diagnosis_id,
    dimension,
    member,
    kpi_id,
    grain,
    measure,
    cast(condition_group as bigint) as condition_group,
    cast(period_start as timestamp) as period_start,
    cast(value as double) as value,
    cast(earlier_value as double) as earlier_value,
    cast(measured as double) as measured,
    operator,
    cast(threshold as double) as threshold,
    -- A handful of answers is no verdict.
    case
        when kind = 'ratio' and denominator < {{ var('alert_minimum_denominator') }}
            then null
        when operator = '>=' then measured >= threshold
        when operator = '<=' then measured <= threshold
    end as is_met,
    coalesce(label, kpi_id)
    || case
        when value is null then ' unknown'
        else
            ' ' || {{ kpi_text('value', 'unit') }}
            || case
                when earlier_value is null then ''
                when measure like 'last_year%'
                    then ' (a year ago '
                else ' (before '
            end
            || coalesce({{ kpi_text('earlier_value', 'unit') }} || ')', '')
    end as evidence,
    why
from measured
