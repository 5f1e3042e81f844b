with all_reviews as (
    select
        source_system,
        shop_id,
        review_id,
        reviewed_at,
        stars,
        product_id,
        product_handle,
        account_id,
        email_hash,
        order_reference,
        is_spam
    from {{ ref('stg_flat__reviews') }}
    union all
    select
        source_system,
        shop_id,
        review_id,
        reviewed_at,
        stars,
        product_id,
        product_handle,
        account_id,
        email_hash,
        order_reference,
        is_spam
    from {{ ref('stg_judgeme__reviews') }}
    union all
    select
        source_system,
        shop_id,
        review_id,
        reviewed_at,
        stars,
        product_id,
        product_handle,
        account_id,
        email_hash,
        order_reference,
        is_spam
    from {{ ref('stg_trustpilot__reviews') }}
),

-- A handle names a product with all its sizes and colours. Which of them was bought, an
-- order of the reviewer may tell; else the first stands for them.
handles as (
    select
        shop_id,
        product_handle,
        product_id,
        row_number() over (
            partition by shop_id, product_handle order by product_id asc nulls last
        ) as variant
    from {{ ref('stg_shopify__products') }}
),

bought as (
    select
        all_reviews.review_id,
        int_order_lines.product_id,
        row_number() over (
            partition by all_reviews.review_id
            order by
                int_orders.ordered_at desc nulls last,
                int_order_lines.order_line_id asc nulls last
        ) as preference,
        int_orders.order_id
    from all_reviews
    inner join {{ ref('int_orders') }} as int_orders
        on
            all_reviews.shop_id = int_orders.shop_id
            and all_reviews.email_hash = int_orders.email_hash
            and int_orders.ordered_at <= all_reviews.reviewed_at
    inner join {{ ref('int_order_lines') }} as int_order_lines
        on int_orders.order_id = int_order_lines.order_id
    inner join handles
        on
            int_order_lines.product_id = handles.product_id
            and all_reviews.product_handle = handles.product_handle
)

select
    all_reviews.source_system,
    all_reviews.shop_id,
    all_reviews.review_id,
    all_reviews.reviewed_at,
    coalesce(int_shops.time_zone, 'UTC') as time_zone,
    all_reviews.stars,
    coalesce(all_reviews.product_id, bought.product_id, handles.product_id)
        as product_id,
    all_reviews.account_id,
    all_reviews.email_hash,
    all_reviews.order_reference,
    bought.order_id as bought_order_id,
    all_reviews.is_spam
from all_reviews
left join {{ ref('int_shops') }} as int_shops
    on all_reviews.shop_id = int_shops.shop_id
left join bought
    on all_reviews.review_id = bought.review_id and bought.preference = 1
left join handles
    on
        all_reviews.shop_id = handles.shop_id
        and all_reviews.product_handle = handles.product_handle
        and handles.variant = 1
