{{ config(
    materialized='incremental',
    meta={
        'unit': 'visitor_id',
        'touched': '
            select visitor_id from int_visits__changes
            union all
            select visitor_id from int_purchases__changes
            union all
            select visitor_id from int_visits
            where user_key in (select account_id from int_account_customers__changes)
            union all
            select visitor_id from int_purchases
            where order_id in (select order_id from int_order_customers__changes)
        ',
    },
) }}

with links as (
    select
        int_visits.visitor_id,
        int_account_customers.customer_id,
        min(int_visits.started_at) as linked_at
    from {{ ref('int_visits') }} as int_visits
    inner join {{ ref('int_account_customers') }} as int_account_customers
        on int_visits.user_key = int_account_customers.account_id
    where
        int_visits.visitor_id is not null
        and {{ touched('int_visits.visitor_id') }}
    group by int_visits.visitor_id, int_account_customers.customer_id
    union all
    select
        int_purchases.visitor_id,
        int_order_customers.customer_id,
        min(int_purchases.purchased_at) as linked_at
    from {{ ref('int_purchases') }} as int_purchases
    inner join {{ ref('int_order_customers') }} as int_order_customers
        on int_purchases.order_id = int_order_customers.order_id
    where
        int_purchases.visitor_id is not null
        and int_order_customers.customer_id is not null
        and {{ touched('int_purchases.visitor_id') }}
    group by int_purchases.visitor_id, int_order_customers.customer_id
),

-- A device that two people share stays with the first of them.
stitched as (
    select
        visitor_id,
        customer_id,
        row_number() over (
            partition by visitor_id
            order by linked_at asc nulls last, customer_id asc nulls last
        ) as preference
    from links
),

visitors as (
    select
        visitor_id,
        min(user_key) as user_key
    from {{ ref('int_visits') }}
    where visitor_id is not null and {{ touched('visitor_id') }}
    group by visitor_id
)

select
    visitors.visitor_id,
    stitched.customer_id,
    coalesce(stitched.customer_id, visitors.user_key, visitors.visitor_id) as person_id
from visitors
left join stitched
    on visitors.visitor_id = stitched.visitor_id and stitched.preference = 1
