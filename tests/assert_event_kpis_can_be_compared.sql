-- event_impact adds numerators and denominators of days: a KPI of seeds/event_kpis.csv
-- that is a distinct count or a quantile would be left out without a word, and a window
-- before of less than a week lacks weekdays.
select
    event_kpis.kpi_id,
    kpi_catalog.kind,
    event_kpis.window_before_days
from {{ ref('event_kpis') }} as event_kpis
left join {{ ref('kpi_catalog') }} as kpi_catalog
    on event_kpis.kpi_id = kpi_catalog.kpi_id
where
    kpi_catalog.kind is null
    or kpi_catalog.kind not in ('sum', 'ratio')
    or event_kpis.window_before_days < 7
    or event_kpis.window_after_days < 1
