with periods as (
    select
        'month' as grain,
        cast(date_trunc('month', click_date) as date) as period_start,
        shop_id,
        page,
        element,
        element_text,
        session_id,
        is_outbound,
        clicks
    from {{ ref('fct_element_clicks') }}
    where is_counted
    union all
    select
        'last_28_days' as grain,
        cast(dim_as_of.as_of_date - interval '27' day as date) as period_start,
        fct_element_clicks.shop_id,
        fct_element_clicks.page,
        fct_element_clicks.element,
        fct_element_clicks.element_text,
        fct_element_clicks.session_id,
        fct_element_clicks.is_outbound,
        fct_element_clicks.clicks
    from {{ ref('fct_element_clicks') }} as fct_element_clicks
    inner join {{ ref('dim_as_of') }} as dim_as_of
        on
            fct_element_clicks.click_date
            > cast(dim_as_of.as_of_date - interval '28' day as date)
            and fct_element_clicks.click_date <= dim_as_of.as_of_date
    where fct_element_clicks.is_counted
),

counted as (
    select
        grain,
        period_start,
        shop_id,
        page,
        element,
        max(element_text) as element_text,
        bool_or(is_outbound) as is_outbound,
        sum(clicks) as clicks,
        count(distinct session_id) as sessions
    from periods
    group by grain, period_start, shop_id, page, element
)

select
    grain,
    period_start,
    shop_id,
    page,
    element,
    element_text,
    is_outbound,
    cast(clicks as bigint) as clicks,
    cast(sessions as bigint) as sessions,
    cast(clicks as double) / nullif(
        sum(clicks) over (partition by grain, period_start, shop_id, page), 0
    ) as share
from counted
