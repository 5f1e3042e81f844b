-- What needs a look now? Bad news of the last four weeks about the whole shop, newest
-- first: a day outside its limits, a trend, a plan that is missed.
select
    kpi_alerts.kpi_id,
    kpi_alerts.grain,
    kpi_alerts.period_start,
    kpi_alerts.rule,
    kpi_alerts.value,
    kpi_alerts.centre,
    kpi_alerts.lower_limit,
    kpi_alerts.upper_limit,
    kpi_alerts.severity
from {{ ref('kpi_alerts') }} as kpi_alerts
cross join {{ ref('dim_as_of') }} as dim_as_of
where
    kpi_alerts.dimension = 'all'
    and kpi_alerts.severity in ('high', 'medium')
    and kpi_alerts.period_start >= dim_as_of.as_of - interval '28' day
order by
    kpi_alerts.period_start desc nulls last,
    kpi_alerts.kpi_id asc nulls last,
    kpi_alerts.grain asc nulls last,
    kpi_alerts.rule asc nulls last
