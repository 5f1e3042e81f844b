-- No shop-day counts both sessions and a report, nor two reports.
select
    fct_traffic_days.shop_id,
    fct_traffic_days.traffic_date,
    count(distinct fct_traffic_days.source_system) as reports,
    count(distinct fct_sessions.session_id) as sessions
from {{ ref('fct_traffic_days') }} as fct_traffic_days
left join {{ ref('fct_sessions') }} as fct_sessions
    on
        fct_traffic_days.shop_id = fct_sessions.shop_id
        and fct_traffic_days.traffic_date = fct_sessions.session_date
where fct_traffic_days.is_counted
group by fct_traffic_days.shop_id, fct_traffic_days.traffic_date
having
    count(distinct fct_traffic_days.source_system) > 1
    or count(distinct fct_sessions.session_id) > 0
