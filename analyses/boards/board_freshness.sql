-- The newest day of each fact, beside the newest of all.
with facts as (
    select
        'Orders' as fact,
        max(order_date) as newest_day,
        count(*) as row_count
    from {{ ref('fct_orders') }}
    union all
    select
        'Returns' as fact,
        max(return_date) as newest_day,
        count(*) as row_count
    from {{ ref('fct_returns') }}
    union all
    select
        'Payments' as fact,
        max(payment_date) as newest_day,
        count(*) as row_count
    from {{ ref('fct_payments') }}
    union all
    select
        'Sessions' as fact,
        max(session_date) as newest_day,
        count(*) as row_count
    from {{ ref('fct_sessions') }}
    union all
    select
        'Carts' as fact,
        max(cart_date) as newest_day,
        count(*) as row_count
    from {{ ref('fct_carts') }}
    union all
    select
        'Advertising' as fact,
        max(ad_date) as newest_day,
        count(*) as row_count
    from {{ ref('fct_ad_days') }}
    union all
    select
        'Search terms' as fact,
        max(search_date) as newest_day,
        count(*) as row_count
    from {{ ref('fct_search_terms') }}
    union all
    select
        'Marketing costs' as fact,
        max(cost_date) as newest_day,
        count(*) as row_count
    from {{ ref('fct_marketing_costs') }}
    union all
    select
        'E-mails' as fact,
        max(sent_date) as newest_day,
        count(*) as row_count
    from {{ ref('fct_messages') }}
    union all
    select
        'Calls and tickets' as fact,
        max(contact_date) as newest_day,
        count(*) as row_count
    from {{ ref('fct_contacts') }}
    union all
    select
        'Reviews' as fact,
        max(review_date) as newest_day,
        count(*) as row_count
    from {{ ref('fct_reviews') }}
    union all
    select
        'Surveys' as fact,
        max(answer_date) as newest_day,
        count(*) as row_count
    from {{ ref('fct_survey_answers') }}
    union all
    select
        'Parcels' as fact,
        max(dispatched_date) as newest_day,
        count(*) as row_count
    from {{ ref('fct_parcels') }}
    union all
    select
        'Hours worked' as fact,
        max(work_date) as newest_day,
        count(*) as row_count
    from {{ ref('fct_staff_days') }}
    union all
    select
        'Stock' as fact,
        max(stock_date) as newest_day,
        count(*) as row_count
    from {{ ref('fct_stock_days') }}
    union all
    select
        'Competitors'' offers' as fact,
        max(seen_date) as newest_day,
        count(*) as row_count
    from {{ ref('fct_competitor_offers') }}
    union all
    select
        'Uptime' as fact,
        max(check_date) as newest_day,
        count(*) as row_count
    from {{ ref('fct_uptime_checks') }}
    union all
    select
        'Page loads' as fact,
        max(load_date) as newest_day,
        count(*) as row_count
    from {{ ref('fct_page_loads') }}
)

select
    facts.fact,
    facts.newest_day,
    cast(dim_as_of.as_of_date as date) - cast(facts.newest_day as date) as days_behind,
    facts.row_count
from facts
cross join {{ ref('dim_as_of') }} as dim_as_of
order by
    facts.newest_day asc nulls first,
    facts.fact asc nulls last
