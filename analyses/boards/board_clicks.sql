-- Elements that were clicked most in the month.
select
    element_clicks.element_text,
    regexp_extract(element_clicks.page, '^https?://[^/]+(.*)$', 1) as page,
    element_clicks.clicks,
    element_clicks.share
from {{ ref('element_clicks') }} as element_clicks
inner join {{ ref('dim_periods') }} as dim_periods
    on
        element_clicks.grain = dim_periods.grain
        and element_clicks.period_start = cast(dim_periods.period_start as date)
where dim_periods.grain = 'month' and dim_periods.is_current
order by
    element_clicks.clicks desc nulls last,
    element_clicks.page asc nulls last,
    element_clicks.element asc nulls last
limit 12
