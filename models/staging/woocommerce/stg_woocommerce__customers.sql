with keyed as (
    select
        *,
        {{ shop_of_file() }} as shop,
        {{ hash_email(unguarded('email')) }} as email_hash
    from {{ source('woocommerce', 'customers') }}
),

numbered as (
    select
        *,
        {{ newest_row(['shop', 'email_hash']) }} as version
    from keyed
    where email_hash is not null
)

select
    'woocommerce' as source_system,
    shop as shop_id,
    shop || ':' || email_hash as account_id,
    email_hash,
    cast(date_registered as timestamp) as created_at,
    country
from numbered
where version = 1
