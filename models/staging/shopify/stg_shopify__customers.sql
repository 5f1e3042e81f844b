with keyed as (
    -- Older files have no id: then the e-mail, else the phone is the account.
    select
        *,
        {{ shop_of_file() }} as shop,
        {{ hash_email('email') }} as email_hash,
        {{ hash_phone('coalesce(phone, address_phone)') }} as phone_hash,
        replace(customer_id, '''', '') as raw_id
    from {{ source('shopify', 'customers') }}
),

numbered as (
    select
        *,
        coalesce(raw_id, email_hash, phone_hash) as account_key,
        {{ newest_row(['shop', 'coalesce(raw_id, email_hash, phone_hash)']) }}
            as version
    from keyed
)

select
    'shopify' as source_system,
    shop as shop_id,
    shop || ':' || account_key as account_id,
    email_hash,
    phone_hash,
    cast(null as timestamp) as created_at,
    country_code as country,
    cast(accepts_email_marketing as boolean) as accepts_marketing
from numbered
where version = 1 and account_key is not null
