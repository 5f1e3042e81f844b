{{ config(meta={'tracked': true}) }}

-- What an account's orders say of its e-mail, for accounts without a customer file.
with account_emails_of_orders as (
    select
        account_id,
        email_hash,
        row_number() over (
            partition by account_id
            order by ordered_at desc nulls last, order_id asc nulls last
        ) as preference
    from {{ ref('int_orders') }}
    where account_id is not null and email_hash is not null
),

order_people as (
    select
        int_orders.order_id,
        coalesce(int_orders.phone_hash, int_accounts.phone_hash) as phone_hash,
        coalesce(
            'email:' || coalesce(
                int_accounts.email_hash,
                account_emails_of_orders.email_hash,
                int_orders.email_hash
            ),
            'account:' || int_orders.account_id
        ) as person_key
    from {{ ref('int_orders') }} as int_orders
    left join {{ ref('int_accounts') }} as int_accounts
        on int_orders.account_id = int_accounts.account_id
    left join account_emails_of_orders
        on
            int_orders.account_id = account_emails_of_orders.account_id
            and account_emails_of_orders.preference = 1
),

people_with_phone as (
    select
        phone_hash,
        person_key
    from order_people
    where phone_hash is not null and person_key like 'email:%'
    union
    select
        phone_hash,
        'email:' || email_hash as person_key
    from {{ ref('int_accounts') }}
    where phone_hash is not null and email_hash is not null
),

-- A phone that two people share says nothing about which of them called.
phone_owners as (
    select
        phone_hash,
        min(person_key) as person_key
    from people_with_phone
    group by phone_hash
    having count(*) = 1
),

identified as (
    select
        order_people.order_id,
        coalesce(
            order_people.person_key,
            phone_owners.person_key,
            'phone:' || order_people.phone_hash
        ) as person_key
    from order_people
    left join phone_owners
        on order_people.phone_hash = phone_owners.phone_hash
)

select
    order_id,
    'c_' || md5(person_key) as customer_id
from identified
