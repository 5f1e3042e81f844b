{{ config(meta={'tracked': true}) }}

-- A person's customer id is made from orders; an account takes it from its orders. One
-- that names no account (Shopify's export never does) is the account's whose person it
-- has, even if a phone alone led there, or is known by the phone where neither side has
-- an e-mail.
with account_orders as (
    select
        int_orders.account_id,
        int_orders.order_id
    from {{ ref('int_orders') }} as int_orders
    where int_orders.account_id is not null
    union all
    select
        int_customer_keys.key_value as account_id,
        int_order_customers.order_id
    from {{ ref('int_customer_keys') }} as int_customer_keys
    inner join {{ ref('int_order_customers') }} as int_order_customers
        on int_customer_keys.customer_id = int_order_customers.customer_id
    where int_customer_keys.key_kind = 'account'
    union all
    select
        int_accounts.account_id,
        int_orders.order_id
    from {{ ref('int_accounts') }} as int_accounts
    inner join {{ ref('int_orders') }} as int_orders
        on int_accounts.phone_hash = int_orders.phone_hash
    where
        int_accounts.email_hash is null
        and int_orders.email_hash is null
        and int_orders.account_id is null
),

account_customers as (
    select
        account_orders.account_id,
        min(int_order_customers.customer_id) as customer_id
    from account_orders
    inner join {{ ref('int_order_customers') }} as int_order_customers
        on account_orders.order_id = int_order_customers.order_id
    where int_order_customers.customer_id is not null
    group by account_orders.account_id
),

links as (
    select
        int_visits.visitor_id,
        account_customers.customer_id,
        min(int_visits.started_at) as linked_at
    from {{ ref('int_visits') }} as int_visits
    inner join account_customers
        on int_visits.user_key = account_customers.account_id
    where int_visits.visitor_id is not null
    group by int_visits.visitor_id, account_customers.customer_id
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
    where visitor_id is not null
    group by visitor_id
)

select
    visitors.visitor_id,
    stitched.customer_id,
    coalesce(stitched.customer_id, visitors.user_key, visitors.visitor_id) as person_id
from visitors
left join stitched
    on visitors.visitor_id = stitched.visitor_id and stitched.preference = 1
