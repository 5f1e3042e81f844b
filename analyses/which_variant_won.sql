-- Which variant won? Every experiment with what it was made for, against its control.
select
    experiment_name,
    variant,
    metric,
    n,
    value,
    control_value,
    relative_lift,
    lift_lower,
    lift_upper,
    p_value,
    verdict
from {{ ref('experiment_results') }}
where is_primary and not is_control
order by experiment_name asc nulls last, variant asc nulls last
