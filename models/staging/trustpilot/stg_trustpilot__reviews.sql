select
    'trustpilot' as source_system,
    shop as shop_id,
    shop || ':' || review_id as review_id,
    cast(created_at as timestamp) as reviewed_at,
    cast(stars as double) as stars,
    cast(null as string) as product_id,
    cast(null as string) as product_handle,
    cast(null as string) as account_id,
    {{ hash_email('reviewer_email') }} as email_hash,
    {{ bare_number('reference_id') }} as order_reference,
    false as is_spam
from (
    select
        *,
        {{ shop_of_file() }} as shop,
        {{ newest_row([shop_of_file(), 'review_id']) }} as version
    from {{ source('trustpilot', 'reviews') }}
) as reviews
where version = 1
