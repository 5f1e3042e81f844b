with periods as (
    select
        'month' as grain,
        cast(date_trunc('month', session_date) as date) as period_start,
        shop_id,
        page,
        page_views,
        sessions,
        exits
    from {{ ref('fct_page_days') }}
    union all
    select
        'last_28_days' as grain,
        cast(dim_as_of.as_of_date - interval '27' day as date) as period_start,
        fct_page_days.shop_id,
        fct_page_days.page,
        fct_page_days.page_views,
        fct_page_days.sessions,
        fct_page_days.exits
    from {{ ref('fct_page_days') }} as fct_page_days
    inner join {{ ref('dim_as_of') }} as dim_as_of
        on
            fct_page_days.session_date
            > cast(dim_as_of.as_of_date - interval '28' day as date)
            and fct_page_days.session_date <= dim_as_of.as_of_date
),

counted as (
    select
        grain,
        period_start,
        shop_id,
        page,
        sum(page_views) as page_views,
        sum(sessions) as sessions,
        sum(exits) as exits
    from periods
    group by grain, period_start, shop_id, page
)

select
    grain,
    period_start,
    shop_id,
    page,
    cast(page_views as bigint) as page_views,
    cast(sessions as bigint) as sessions,
    cast(exits as bigint) as exits,
    cast(exits as double) / nullif(sessions, 0) as exit_rate,
    cast(exits as double) / nullif(
        sum(exits) over (partition by grain, period_start, shop_id), 0
    ) as share_of_exits,
    cast(row_number() over (
        partition by grain, period_start, shop_id
        order by exits desc nulls last, page_views desc nulls last, page asc nulls last
    ) as bigint) as exit_position
from counted
