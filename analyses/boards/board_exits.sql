-- Pages on which most sessions of the month ended; the address without the host.
select
    regexp_extract(page_drop_off.page, '^https?://[^/]+(.*)$', 1) as page,
    page_drop_off.sessions,
    page_drop_off.exits,
    page_drop_off.exit_rate
from {{ ref('page_drop_off') }} as page_drop_off
inner join {{ ref('dim_periods') }} as dim_periods
    on
        page_drop_off.grain = dim_periods.grain
        and page_drop_off.period_start = cast(dim_periods.period_start as date)
where
    dim_periods.grain = 'month'
    and dim_periods.is_current
    and page_drop_off.exit_rate < 1
order by
    page_drop_off.exits desc nulls last,
    page_drop_off.page asc nulls last
limit 12
