with counted_reviews as (
    select
        fct_reviews.review_date,
        fct_reviews.shop_id,
        fct_reviews.category,
        fct_reviews.product_id,
        fct_reviews.stars,
        fct_reviews.is_negative
    from {{ ref('fct_reviews') }} as fct_reviews
    where fct_reviews.is_counted
),

sliced as (
    {{ slices('counted_reviews', {
        'shop': 'shop_id',
        'category': 'category',
        'product': 'product_id',
    }) }}
)

select
    dim_period_days.grain,
    dim_period_days.period_start,
    sliced.dimension,
    sliced.member,
    cast(count(*) as bigint) as reviews,
    cast(sum(sliced.stars) as double) as stars,
    cast(sum(cast(sliced.is_negative as int)) as bigint) as negative_reviews
from sliced
inner join {{ ref('dim_period_days') }} as dim_period_days
    on sliced.review_date = dim_period_days.date_day
group by
    dim_period_days.grain,
    dim_period_days.period_start,
    sliced.dimension,
    sliced.member
