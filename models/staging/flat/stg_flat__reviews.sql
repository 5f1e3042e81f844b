select
    'flat' as source_system,
    shop as shop_id,
    shop || ':' || review_id || coalesce(':' || order_id, '')
    || coalesce(':' || product_id, '') as review_id,
    cast(reviewed_at as timestamp) as reviewed_at,
    cast(stars as double) as stars,
    shop || ':' || product_id as product_id,
    cast(null as string) as product_handle,
    shop || ':' || customer_id as account_id,
    {{ hash_email('email') }} as email_hash,
    {{ bare_number('order_id') }} as order_reference,
    coalesce(cast(is_spam as boolean), false) as is_spam
from (
    select
        *,
        {{ flat_shop() }} as shop,
        {{ newest_row([flat_shop(), 'review_id', 'order_id', 'product_id']) }}
            as version
    from {{ source('flat', 'reviews') }}
) as reviews
where version = 1
