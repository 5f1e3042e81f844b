{#- Without the status: a pending attempt that succeeds by the next export is one. -#}
{%- set natural_key = [
    "shop", "coalesce(order_name, order_reference)", "kind", "gateway", "created_at",
    "amount",
] -%}

with repeated as (
    -- The export has no id. Two equal rows of a file are two attempts, the same row in
    -- two files is one.
    select
        *,
        {{ occurrence(natural_key) }} as attempt
    from (
        select
            *,
            {{ shop_of_file() }} as shop
        from {{ source('shopify', 'transactions') }}
    ) as placed
),

numbered as (
    select
        *,
        {{ newest_row(natural_key + ['attempt']) }} as version
    from repeated
)

select
    'shopify' as source_system,
    shop as shop_id,
    {{ hash_key(natural_key + ['attempt']) }} as payment_id,
    case
        when {{ matches('order_reference', "'^[0-9]{10,}$'") }}
            then shop || ':' || order_reference
    end as order_id,
    {{ bare_number('coalesce(order_name, order_reference)') }} as order_number,
    cast(created_at as timestamp) as attempted_at,
    lower(trim(kind)) as kind,
    lower(trim(status)) as status,
    gateway,
    card_type as method,
    cast(amount as decimal(18, 4)) as amount,
    upper(trim(currency)) as currency
from numbered
where version = 1
