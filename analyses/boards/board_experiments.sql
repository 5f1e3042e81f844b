-- Every variant that is not the control, the newest experiment first.
select
    experiment_results.experiment_name,
    experiment_results.metric,
    experiment_results.variant,
    experiment_results.n,
    case
        when experiment_results.metric like '%rate' then 'percent'
        else 'money'
    end as unit,
    experiment_results.value,
    experiment_results.control_value,
    experiment_results.relative_lift,
    experiment_results.p_value,
    experiment_results.verdict
from {{ ref('experiment_results') }} as experiment_results
left join {{ ref('experiments') }} as experiments
    on experiment_results.experiment_id = experiments.experiment_id
where not experiment_results.is_control
order by
    experiments.starts_on desc nulls last,
    experiment_results.experiment_id asc nulls last,
    case when experiment_results.is_primary then 0 else 1 end asc nulls last,
    experiment_results.metric asc nulls last,
    experiment_results.variant asc nulls last
