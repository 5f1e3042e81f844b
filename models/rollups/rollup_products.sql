-- Pairs of a session and a product, so that products add up to categories and to `all`.
{{ config(
    materialized='incremental',
    meta={
        'unit': 'period_start',
        'touched': periods_of({'fct_session_products': ['session_date']}),
    },
) }}

with viewed_products as (
    select
        fct_session_products.session_date,
        fct_session_products.product_id,
        fct_session_products.category,
        fct_session_products.has_purchase
    from {{ ref('fct_session_products') }} as fct_session_products
    where
        fct_session_products.is_counted
        and fct_session_products.has_view
        and {{ in_touched_periods('fct_session_products.session_date') }}
),

sliced as (
    {{ slices('viewed_products', {
        'product': 'product_id',
        'category': 'category',
    }) }}
)

select
    dim_period_days.grain,
    dim_period_days.period_start,
    sliced.dimension,
    sliced.member,
    cast(count(*) as bigint) as product_view_sessions,
    cast(sum(cast(sliced.has_purchase as int)) as bigint) as product_purchase_sessions
from sliced
inner join {{ ref('dim_period_days') }} as dim_period_days
    on sliced.session_date = dim_period_days.date_day
where {{ touched('dim_period_days.period_start') }}
group by
    dim_period_days.grain,
    dim_period_days.period_start,
    sliced.dimension,
    sliced.member
