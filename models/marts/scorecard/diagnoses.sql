{{ config(materialized='table', contract={'enforced': true}) }}

-- Alternatives: one that is met is enough, and it takes one that is known.
with condition_groups as (
    select
        diagnosis_id,
        dimension,
        member,
        condition_group,
        max(case when is_met then 1 when not is_met then 0 end) as is_met
    from {{ ref('diagnosis_evidence') }}
    where condition_group is not null
    group by diagnosis_id, dimension, member, condition_group
),

-- One group that is not met is enough to deny; otherwise all must be known.
verdicts as (
    select
        diagnosis_id,
        dimension,
        member,
        case
            when min(is_met) = 0 then false
            when count(is_met) = count(*) then true
        end as holds
    from condition_groups
    group by diagnosis_id, dimension, member
),

evidence as (
    select
        diagnosis_id,
        dimension,
        member,
        {{ join_texts('evidence', "' · '", 'line_number') }} as evidence
    from (
        select
            diagnosis_id,
            dimension,
            member,
            evidence,
            row_number() over (
                partition by diagnosis_id, dimension, member
                order by
                    condition_group asc nulls last,
                    kpi_id asc nulls last,
                    measure asc nulls last
            ) as line_number
        from (
            -- A KPI with two conditions is told once.
            select
                diagnosis_id,
                dimension,
                member,
                kpi_id,
                min(condition_group) as condition_group,
                min(measure) as measure,
                min(evidence) as evidence
            from {{ ref('diagnosis_evidence') }}
            where value is not null
            group by diagnosis_id, dimension, member, kpi_id
        ) as told_once
    ) as lines
    group by diagnosis_id, dimension, member
),

sized as (
    select
        diagnoses.diagnosis_id,
        diagnoses.diagnosis_order,
        diagnoses.label,
        diagnoses.question,
        diagnoses.likely_causes,
        verdicts.dimension,
        verdicts.member,
        verdicts.holds,
        diagnoses.size_kpi_id,
        kpi_latest.period_start,
        kpi_latest.value as size_value,
        kpi_catalog.unit,
        kpi_catalog.better,
        kpi_latest.denominator,
        case diagnoses.size_reference
            when 'previous' then kpi_latest.previous_value
            when 'last_year' then kpi_latest.last_year_value
            else diagnoses.size_target
        end as size_reference,
        case
            when diagnoses.money_kpi_id is not null then worth.value
            when kpi_catalog.unit = 'money' then 1
        end as worth
    from {{ ref('diagnosis_texts') }} as diagnoses
    inner join verdicts
        on diagnoses.diagnosis_id = verdicts.diagnosis_id
    left join {{ ref('kpi_catalog') }} as kpi_catalog
        on diagnoses.size_kpi_id = kpi_catalog.kpi_id
    left join {{ ref('kpi_latest') }} as kpi_latest
        on
            diagnoses.size_kpi_id = kpi_latest.kpi_id
            and diagnoses.size_grain = kpi_latest.grain
            and verdicts.dimension = kpi_latest.dimension
            and verdicts.member = kpi_latest.member
    left join {{ ref('kpi_scorecard') }} as worth
        on
            diagnoses.money_kpi_id = worth.kpi_id
            and diagnoses.size_grain = worth.grain
            and kpi_latest.period_start = worth.period_start
            and verdicts.dimension = worth.dimension
            and verdicts.member = worth.member
)

select
    sized.diagnosis_id,
    sized.dimension,
    sized.member,
    cast(sized.diagnosis_order as bigint) as diagnosis_order,
    sized.label,
    sized.question,
    sized.holds,
    sized.size_kpi_id,
    sized.unit as size_unit,
    cast(sized.period_start as timestamp) as period_start,
    cast(sized.size_value as double) as size_value,
    cast(sized.size_reference as double) as size_reference,
    cast(sized.size_value - sized.size_reference as double) as size,
    -- Money is at stake where the KPI is on the bad side of its reference.
    cast(
        case
            when (sized.size_value > sized.size_reference) = (sized.better = 'down')
                then
                    abs(sized.size_value - sized.size_reference)
                    * sized.denominator
                    * sized.worth
        end as double
    ) as size_money,
    evidence.evidence,
    sized.likely_causes
from sized
left join evidence
    on
        sized.diagnosis_id = evidence.diagnosis_id
        and sized.dimension = evidence.dimension
        and sized.member = evidence.member
