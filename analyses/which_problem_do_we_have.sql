-- Which of the common problems do we have? What holds now, how large it is, and what to
-- check first.
select
    label,
    dimension,
    member,
    period_start,
    size_kpi_id,
    size_value,
    size_reference,
    size_money,
    evidence,
    likely_causes
from {{ ref('diagnoses') }}
where holds
order by size_money desc nulls last, diagnosis_order asc nulls last
