with reviews as (
    select
        *,
        {{ shop_of_file() }} as shop,
        {{ hash_email('reviewer_email') }} as email_hash
    from {{ source('judgeme', 'reviews') }}
),

numbered as (
    select
        *,
        {{ hash_key(['email_hash', 'product_handle', 'review_date']) }} as review_key,
        {{ newest_row(['shop', 'email_hash', 'product_handle', 'review_date']) }}
            as version
    from reviews
)

select
    'judgeme' as source_system,
    shop as shop_id,
    shop || ':' || review_key as review_id,
    cast(review_date as timestamp) as reviewed_at,
    cast(rating as double) as stars,
    -- Shopify's own product id is no key here: products are known by stock number.
    cast(null as string) as product_id,
    product_handle,
    cast(null as string) as account_id,
    email_hash,
    cast(null as string) as order_reference,
    coalesce(lower(trim(curated)) = 'spam', false) as is_spam
from numbered
where version = 1
