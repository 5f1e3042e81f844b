{{ config(meta={'tracked': true}) }}

-- An account takes its customer from its orders. One that names no account (Shopify's
-- export never does) is the account's whose person it has, even if a phone alone led
-- there, or is known by the phone where neither side has an e-mail.
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
)

select
    account_orders.account_id,
    min(int_order_customers.customer_id) as customer_id
from account_orders
inner join {{ ref('int_order_customers') }} as int_order_customers
    on account_orders.order_id = int_order_customers.order_id
where int_order_customers.customer_id is not null
group by account_orders.account_id
