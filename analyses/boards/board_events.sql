-- What the newest events did to orders and conversion, where there was enough history.
select
    event_impact.event_name,
    event_impact.shop_id,
    event_impact.start_date,
    kpi_catalog.label as kpi,
    kpi_catalog.unit,
    event_impact.value_before,
    event_impact.value_after,
    event_impact.relative_uplift,
    event_impact.verdict
from {{ ref('event_impact') }} as event_impact
inner join {{ ref('kpi_catalog') }} as kpi_catalog
    on event_impact.kpi_id = kpi_catalog.kpi_id
where
    event_impact.verdict in ('better', 'worse')
    or (event_impact.kpi_id = 'orders' and event_impact.verdict = 'no difference shown')
order by
    event_impact.start_date desc nulls last,
    event_impact.event_id asc nulls last,
    kpi_catalog.kpi_order asc nulls last
limit 20
