-- What a person does on a day decides what is new about the person's later days.
{{ config(
    materialized='incremental',
    meta={
        'unit': 'visited_on',
        'touched': "
            select session_date from fct_sessions__changes
            union all
            select fct_sessions.session_date
            from fct_sessions
            inner join (
                select person_id, session_date from fct_sessions__changes
                union all
                select person_id, session_date from fct_sessions
                where session_id in (
                    select session_id from fct_session_products__changes
                )
            ) as changed
                on
                    coalesce(fct_sessions.person_id, '')
                    = coalesce(changed.person_id, '')
                    and fct_sessions.session_date >= changed.session_date
        ",
    },
) }}

with counted_sessions as (
    select
        session_id,
        session_date as visited_on,
        coalesce(person_id, '') as person_id,
        shop_id,
        channel_id,
        device,
        visitor_type,
        country,
        has_purchase
    from {{ ref('fct_sessions') }}
    where
        is_counted
        and {{ touched(
            'session_date', key="coalesce(person_id, '')", of=ref('fct_sessions')
        ) }}
),

-- Half of all persons come once: there is nothing to put in order for them. The others
-- get a number, which is sorted in a fraction of the time that their ids take.
returning_persons as (
    select
        person_id,
        row_number() over (order by person_id nulls last) as person_number
    from counted_sessions
    group by person_id
    having count(*) > 1
),

numbered_sessions as (
    select
        counted_sessions.*,
        returning_persons.person_number
    from counted_sessions
    left join returning_persons
        on counted_sessions.person_id = returning_persons.person_id
),

sliced_sessions as (
    {{ slices('numbered_sessions', {
        'shop': 'shop_id',
        'channel': 'channel_id',
        'device': 'device',
        'visitor_type': 'visitor_type',
        'country': 'country',
    }) }}
),

-- A session is once in each category of which it saw a product.
category_sessions as (
    select
        numbered_sessions.session_id,
        numbered_sessions.visited_on,
        numbered_sessions.person_number,
        coalesce(fct_session_products.category, 'unknown') as category,
        bool_or(fct_session_products.has_purchase) as has_purchase
    from {{ ref('fct_session_products') }} as fct_session_products
    inner join numbered_sessions
        on fct_session_products.session_id = numbered_sessions.session_id
    group by
        numbered_sessions.session_id,
        numbered_sessions.visited_on,
        numbered_sessions.person_number,
        coalesce(fct_session_products.category, 'unknown')
    having bool_or(fct_session_products.has_view)
),

visits as (
    select
        visited_on,
        dimension,
        member,
        person_number,
        has_purchase
    from sliced_sessions
    union all
    select
        visited_on,
        'category' as dimension,
        category as member,
        person_number,
        has_purchase
    from category_sessions
),

-- The days of the person's visit and purchase before, or a day before all others. Of
-- several visits on one day only the first has another day before it.
visitor_history as (
    select
        visited_on,
        dimension,
        member,
        coalesce(lag(visited_on) over (
            partition by person_number, dimension, member
            order by visited_on nulls last
        ), date '1900-01-01') as visit_before,
        case
            when has_purchase
                then coalesce(max(case when has_purchase then visited_on end) over (
                    partition by person_number, dimension, member
                    order by visited_on nulls last
                    rows between unbounded preceding and 1 preceding
                ), date '1900-01-01')
        end as purchase_before
    from visits
    where person_number is not null
    union all
    select
        visited_on,
        dimension,
        member,
        date '1900-01-01' as visit_before,
        case when has_purchase then date '1900-01-01' end as purchase_before
    from visits
    where person_number is null
),

day_periods as (
    select
        visited_on,
        cast(date_trunc('week', visited_on) as date) as week_start,
        cast(date_trunc('month', visited_on) as date) as month_start,
        cast(date_trunc('quarter', visited_on) as date) as quarter_start,
        cast(date_trunc('year', visited_on) as date) as year_start
    from counted_sessions
    group by visited_on
),

dated_history as (
    select
        visitor_history.*,
        day_periods.week_start,
        day_periods.month_start,
        day_periods.quarter_start,
        day_periods.year_start
    from visitor_history
    inner join day_periods
        on visitor_history.visited_on = day_periods.visited_on
)

-- A person counts in a period on the first day of it that saw the person: the exact
-- distinct count of every grain is a sum of days.
select
    visited_on,
    dimension,
    member,
    cast(count(case when visit_before < visited_on then 1 end) as bigint)
        as day_visitors,
    cast(count(case when visit_before < week_start then 1 end) as bigint)
        as week_visitors,
    cast(count(case when visit_before < month_start then 1 end) as bigint)
        as month_visitors,
    cast(count(case when visit_before < quarter_start then 1 end) as bigint)
        as quarter_visitors,
    cast(count(case when visit_before < year_start then 1 end) as bigint)
        as year_visitors,
    cast(count(case when purchase_before < visited_on then 1 end) as bigint)
        as day_purchase_visitors,
    cast(count(case when purchase_before < week_start then 1 end) as bigint)
        as week_purchase_visitors,
    cast(count(case when purchase_before < month_start then 1 end) as bigint)
        as month_purchase_visitors,
    cast(count(case when purchase_before < quarter_start then 1 end) as bigint)
        as quarter_purchase_visitors,
    cast(count(case when purchase_before < year_start then 1 end) as bigint)
        as year_purchase_visitors
from dated_history
where {{ touched('visited_on') }}
group by visited_on, dimension, member
