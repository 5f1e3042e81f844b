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
    union all
    select
        customers.source_system,
        customers.shop_id,
        customers.account_id,
        customers.email_hash,
        cast(null as string) as phone_hash,
        case
            when zones.time_zone is null then customers.created_at
            else {{ to_utc('customers.created_at', 'zones.time_zone') }}
        end as created_at,
        customers.country,
        3 as source_rank
    from {{ ref('stg_woocommerce__customers') }} as customers
    left join {{ ref('int_shop_zones') }} as zones
        on customers.shop_id = zones.shop_id
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
