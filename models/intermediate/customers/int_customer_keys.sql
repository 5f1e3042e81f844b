{{ config(meta={'tracked': true}) }}

-- What orders and accounts say of who is behind an account, an e-mail or a phone.
with order_people as (
    select
        int_orders.account_id,
        int_orders.email_hash,
        coalesce(int_orders.phone_hash, int_accounts.phone_hash) as phone_hash,
        int_order_customers.customer_id
    from {{ ref('int_orders') }} as int_orders
    inner join {{ ref('int_order_customers') }} as int_order_customers
        on int_orders.order_id = int_order_customers.order_id
    left join {{ ref('int_accounts') }} as int_accounts
        on int_orders.account_id = int_accounts.account_id
    where int_order_customers.customer_id is not null
),

account_people as (
    select
        account_id,
        min(customer_id) as customer_id
    from order_people
    where account_id is not null
    group by account_id
),

-- An account that has not ordered is already the person that its first order will find.
people as (
    select
        account_id,
        email_hash,
        phone_hash,
        customer_id
    from order_people
    union all
    select
        int_accounts.account_id,
        int_accounts.email_hash,
        int_accounts.phone_hash,
        coalesce(
            account_people.customer_id,
            'c_' || md5(coalesce(
                'email:' || int_accounts.email_hash,
                'account:' || int_accounts.account_id
            ))
        ) as customer_id
    from {{ ref('int_accounts') }} as int_accounts
    left join account_people
        on int_accounts.account_id = account_people.account_id
),

owners as (
    select
        'account' as key_kind,
        account_id as key_value,
        customer_id
    from people
    where account_id is not null
    union
    select
        'email' as key_kind,
        email_hash as key_value,
        customer_id
    from people
    where email_hash is not null
    union
    select
        'phone' as key_kind,
        phone_hash as key_value,
        customer_id
    from people
    where phone_hash is not null
),

-- Where a key has several owners, the person who is known by this very e-mail wins:
-- others only had it on an order of theirs.
ranked as (
    select
        key_kind,
        key_value,
        customer_id,
        case
            when customer_id = 'c_' || md5('email:' || key_value) then 1 else 2
        end as preference,
        min(case
            when customer_id = 'c_' || md5('email:' || key_value) then 1 else 2
        end) over (partition by key_kind, key_value) as best_preference
    from owners
)

select
    key_kind,
    key_value,
    min(customer_id) as customer_id
from ranked
where preference = best_preference
group by key_kind, key_value
having count(*) = 1
