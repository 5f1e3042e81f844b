with all_accounts as (
    select
        source_system,
        shop_id,
        account_id,
        email_hash,
        phone_hash,
        created_at,
        country,
        1 as source_rank
    from {{ ref('stg_flat__customers') }}
    union all
    select
        source_system,
        shop_id,
        account_id,
        email_hash,
        phone_hash,
        created_at,
        country,
        2 as source_rank
    from {{ ref('stg_shopify__customers') }}
),

ranked as (
    select
        source_system,
        shop_id,
        account_id,
        email_hash,
        phone_hash,
        created_at,
        country,
        row_number() over (
            partition by account_id
            order by source_rank nulls last, created_at nulls last
        ) as preference
    from all_accounts
    where account_id is not null
)

select
    source_system,
    shop_id,
    account_id,
    email_hash,
    phone_hash,
    created_at,
    country
from ranked
where preference = 1
