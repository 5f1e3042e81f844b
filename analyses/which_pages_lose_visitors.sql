-- Which pages lose visitors? Of the pages that many see, those that most visits end on.
with last_month as (
    select max(period_start) as period_start
    from {{ ref('dim_periods') }}
    where grain = 'month' and is_complete
)

select
    page_drop_off.page,
    page_drop_off.page_views,
    page_drop_off.sessions,
    page_drop_off.exits,
    page_drop_off.exit_rate,
    page_drop_off.share_of_exits
from {{ ref('page_drop_off') }} as page_drop_off
inner join last_month
    on page_drop_off.period_start = last_month.period_start
where page_drop_off.grain = 'month' and page_drop_off.sessions >= 100
order by page_drop_off.exit_rate desc nulls last, page_drop_off.page asc nulls last
limit 20
