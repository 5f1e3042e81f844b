with named_orders as (
    {{ named_orders() }}
),

reviews as (
    select
        int_reviews.*,
        coalesce(named_orders.order_id, int_reviews.bought_order_id) as known_order_id
    from {{ ref('int_reviews') }} as int_reviews
    left join named_orders
        on int_reviews.shop_id || ':' || int_reviews.order_reference = named_orders.name
    where int_reviews.reviewed_at is not null and int_reviews.stars is not null
)

select
    reviews.review_id,
    reviews.shop_id,
    reviews.source_system,
    -- A product that nobody knows is no product of this shop's reports.
    dim_products.product_id,
    dim_products.category,
    reviews.known_order_id as order_id,
    coalesce(
        accounts.customer_id, emails.customer_id, int_order_customers.customer_id
    ) as customer_id,
    reviews.reviewed_at,
    cast({{ to_local('reviews.reviewed_at', 'reviews.time_zone') }} as date)
        as review_date,
    reviews.stars,
    reviews.stars <= 2 as is_negative,
    not reviews.is_spam as is_counted
from reviews
left join {{ ref('dim_products') }} as dim_products
    on reviews.product_id = dim_products.product_id
left join {{ ref('int_customer_keys') }} as accounts
    on accounts.key_kind = 'account' and reviews.account_id = accounts.key_value
left join {{ ref('int_customer_keys') }} as emails
    on emails.key_kind = 'email' and reviews.email_hash = emails.key_value
left join {{ ref('int_order_customers') }} as int_order_customers
    on reviews.known_order_id = int_order_customers.order_id
