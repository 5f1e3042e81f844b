{{ config(
    materialized='incremental',
    meta={
        'unit': 'period_start',
        'touched': periods_of({
            'fct_session_days': ['session_date'],
            'fct_visitor_days': ['visited_on'],
            'fct_session_products': ['session_date'],
            'fct_traffic_days': ['traffic_date'],
            'fct_orders': ['order_date'],
        }),
    },
) }}

with visits as (
    select
        session_date as visited_on,
        shop_id,
        channel_id,
        device,
        visitor_type,
        country,
        sessions,
        cast(0 as bigint) as reported_visitors,
        purchase_sessions,
        product_view_sessions,
        add_to_cart_sessions,
        checkout_sessions,
        engaged_sessions,
        engaged_seconds,
        page_views,
        funnel_product_view_sessions,
        funnel_cart_sessions,
        funnel_checkout_sessions,
        funnel_payment_sessions,
        purchase_sessions as funnel_purchase_sessions,
        cast(0 as decimal(18, 4)) as visitor_sales
    from {{ ref('fct_session_days') }}
    union all
    -- Days of which only a report is left. It knows no person and no payment step, and
    -- of a session that came to a late step at least that it passed the earlier ones.
    select
        traffic_date as visited_on,
        shop_id,
        channel_id,
        device,
        cast(null as string) as visitor_type,
        cast(null as string) as country,
        sessions,
        visitors as reported_visitors,
        purchase_sessions,
        product_view_sessions,
        add_to_cart_sessions,
        checkout_sessions,
        engaged_sessions,
        engaged_seconds,
        page_views,
        greatest(
            product_view_sessions,
            add_to_cart_sessions,
            checkout_sessions,
            purchase_sessions
        ) as funnel_product_view_sessions,
        greatest(add_to_cart_sessions, checkout_sessions, purchase_sessions)
            as funnel_cart_sessions,
        greatest(checkout_sessions, purchase_sessions) as funnel_checkout_sessions,
        cast(null as bigint) as funnel_payment_sessions,
        purchase_sessions as funnel_purchase_sessions,
        cast(0 as decimal(18, 4)) as visitor_sales
    from {{ ref('fct_traffic_days') }}
    where is_counted
),

-- A session is once in each category of which it saw a product.
category_sessions as (
    select
        session_id,
        session_date,
        coalesce(category, 'unknown') as category,
        bool_or(has_add_to_cart) as has_add_to_cart,
        bool_or(has_purchase) as has_purchase
    from {{ ref('fct_session_products') }}
    where is_counted and {{ in_touched_periods('session_date') }}
    group by session_id, session_date, coalesce(category, 'unknown')
    having bool_or(has_view)
),

placed_sales as (
    select
        order_date as visited_on,
        shop_id,
        channel_id,
        device,
        sales as visitor_sales
    from {{ ref('fct_orders') }}
    where is_placed
),

sliced_sales as (
    {{ slices('placed_sales', {
        'shop': 'shop_id',
        'channel': 'channel_id',
        'device': 'device',
    }) }}
),

sliced_visits as (
    {{ slices('visits', {
        'shop': 'shop_id',
        'channel': 'channel_id',
        'device': 'device',
        'visitor_type': 'visitor_type',
        'country': 'country',
    }) }}
),

happenings as (
    select
        visited_on,
        dimension,
        member,
        sessions,
        reported_visitors,
        purchase_sessions,
        product_view_sessions,
        add_to_cart_sessions,
        checkout_sessions,
        engaged_sessions,
        engaged_seconds,
        page_views,
        funnel_product_view_sessions,
        funnel_cart_sessions,
        funnel_checkout_sessions,
        funnel_payment_sessions,
        funnel_purchase_sessions,
        visitor_sales
    from sliced_visits
    union all
    select
        session_date as visited_on,
        'category' as dimension,
        category as member,
        1 as sessions,
        0 as reported_visitors,
        cast(has_purchase as bigint) as purchase_sessions,
        1 as product_view_sessions,
        cast(has_add_to_cart as bigint) as add_to_cart_sessions,
        cast(null as bigint) as checkout_sessions,
        cast(null as bigint) as engaged_sessions,
        cast(null as double) as engaged_seconds,
        cast(null as bigint) as page_views,
        cast(null as bigint) as funnel_product_view_sessions,
        cast(null as bigint) as funnel_cart_sessions,
        cast(null as bigint) as funnel_checkout_sessions,
        cast(null as bigint) as funnel_payment_sessions,
        cast(null as bigint) as funnel_purchase_sessions,
        cast(null as decimal(18, 4)) as visitor_sales
    from category_sessions
    union all
    select
        visited_on,
        dimension,
        member,
        0 as sessions,
        0 as reported_visitors,
        0 as purchase_sessions,
        0 as product_view_sessions,
        0 as add_to_cart_sessions,
        0 as checkout_sessions,
        0 as engaged_sessions,
        cast(0 as double) as engaged_seconds,
        0 as page_views,
        0 as funnel_product_view_sessions,
        0 as funnel_cart_sessions,
        0 as funnel_checkout_sessions,
        0 as funnel_payment_sessions,
        0 as funnel_purchase_sessions,
        visitor_sales
    from sliced_sales
),

-- Days first: few rows are left to be counted by every grain.
daily as (
    select
        visited_on,
        dimension,
        member,
        sum(sessions) as sessions,
        {{ known_sum('reported_visitors') }} as reported_visitors,
        {{ known_sum('purchase_sessions') }} as purchase_sessions,
        {{ known_sum('product_view_sessions') }} as product_view_sessions,
        {{ known_sum('add_to_cart_sessions') }} as add_to_cart_sessions,
        {{ known_sum('checkout_sessions') }} as checkout_sessions,
        {{ known_sum('engaged_sessions') }} as engaged_sessions,
        {{ known_sum('engaged_seconds') }} as engaged_seconds,
        {{ known_sum('page_views') }} as page_views,
        {{ known_sum('funnel_product_view_sessions') }} as funnel_product_view_sessions,
        {{ known_sum('funnel_cart_sessions') }} as funnel_cart_sessions,
        {{ known_sum('funnel_checkout_sessions') }} as funnel_checkout_sessions,
        {{ known_sum('funnel_payment_sessions') }} as funnel_payment_sessions,
        {{ known_sum('funnel_purchase_sessions') }} as funnel_purchase_sessions,
        sum(visitor_sales) as visitor_sales
    from happenings
    group by visited_on, dimension, member
),

counted as (
    select
        dim_period_days.grain,
        dim_period_days.period_start,
        daily.dimension,
        daily.member,
        sum(sessions) as sessions,
        {{ known_sum('reported_visitors') }} as reported_visitors,
        {{ known_sum('purchase_sessions') }} as purchase_sessions,
        {{ known_sum('product_view_sessions') }} as product_view_sessions,
        {{ known_sum('add_to_cart_sessions') }} as add_to_cart_sessions,
        {{ known_sum('checkout_sessions') }} as checkout_sessions,
        {{ known_sum('engaged_sessions') }} as engaged_sessions,
        {{ known_sum('engaged_seconds') }} as engaged_seconds,
        {{ known_sum('page_views') }} as page_views,
        {{ known_sum('funnel_product_view_sessions') }} as funnel_product_view_sessions,
        {{ known_sum('funnel_cart_sessions') }} as funnel_cart_sessions,
        {{ known_sum('funnel_checkout_sessions') }} as funnel_checkout_sessions,
        {{ known_sum('funnel_payment_sessions') }} as funnel_payment_sessions,
        {{ known_sum('funnel_purchase_sessions') }} as funnel_purchase_sessions,
        case
            when dimension in ('all', 'shop', 'channel', 'device')
                then sum(visitor_sales)
        end as visitor_sales
    from daily
    inner join {{ ref('dim_period_days') }} as dim_period_days
        on daily.visited_on = dim_period_days.date_day
    where {{ touched('dim_period_days.period_start') }}
    group by
        dim_period_days.grain,
        dim_period_days.period_start,
        daily.dimension,
        daily.member
),

counted_visitors as (
    select
        dim_period_days.grain,
        dim_period_days.period_start,
        fct_visitor_days.dimension,
        fct_visitor_days.member,
        sum(case replace(dim_period_days.grain, '_to_date', '')
            when 'day' then fct_visitor_days.day_visitors
            when 'week' then fct_visitor_days.week_visitors
            when 'month' then fct_visitor_days.month_visitors
            when 'quarter' then fct_visitor_days.quarter_visitors
            when 'year' then fct_visitor_days.year_visitors
        end) as visitors,
        sum(case replace(dim_period_days.grain, '_to_date', '')
            when 'day' then fct_visitor_days.day_purchase_visitors
            when 'week' then fct_visitor_days.week_purchase_visitors
            when 'month' then fct_visitor_days.month_purchase_visitors
            when 'quarter' then fct_visitor_days.quarter_purchase_visitors
            when 'year' then fct_visitor_days.year_purchase_visitors
        end) as purchase_visitors
    from {{ ref('fct_visitor_days') }} as fct_visitor_days
    inner join {{ ref('dim_period_days') }} as dim_period_days
        on fct_visitor_days.visited_on = dim_period_days.date_day
    where {{ touched('dim_period_days.period_start') }}
    group by
        dim_period_days.grain,
        dim_period_days.period_start,
        fct_visitor_days.dimension,
        fct_visitor_days.member
)

select
    counted.grain,
    counted.period_start,
    counted.dimension,
    counted.member,
    cast(counted.sessions as bigint) as sessions,
    cast(
        coalesce(counted_visitors.visitors, 0) + counted.reported_visitors as bigint
    ) as visitors,
    cast(counted.purchase_sessions as bigint) as purchase_sessions,
    cast(
        case
            when counted.reported_visitors = 0
                then coalesce(counted_visitors.purchase_visitors, 0)
        end as bigint
    ) as purchase_visitors,
    cast(counted.product_view_sessions as bigint) as product_view_sessions,
    cast(counted.add_to_cart_sessions as bigint) as add_to_cart_sessions,
    cast(counted.checkout_sessions as bigint) as checkout_sessions,
    cast(counted.engaged_sessions as bigint) as engaged_sessions,
    cast(counted.engaged_seconds as double) as engaged_seconds,
    cast(counted.page_views as bigint) as page_views,
    cast(counted.funnel_product_view_sessions as bigint)
        as funnel_product_view_sessions,
    cast(counted.funnel_cart_sessions as bigint) as funnel_cart_sessions,
    cast(counted.funnel_checkout_sessions as bigint) as funnel_checkout_sessions,
    cast(counted.funnel_payment_sessions as bigint) as funnel_payment_sessions,
    cast(counted.funnel_purchase_sessions as bigint) as funnel_purchase_sessions,
    cast(counted.visitor_sales as decimal(18, 4)) as visitor_sales
from counted
left join counted_visitors
    on
        counted.grain = counted_visitors.grain
        and counted.period_start = counted_visitors.period_start
        and counted.dimension = counted_visitors.dimension
        and counted.member = counted_visitors.member
