-- Written by `warehouse docs` from rollup_sessions; change that.
select
    cast(period_start as date) as date_day,
    member as category,
    sessions,
    purchase_sessions,
    product_view_sessions,
    add_to_cart_sessions
from {{ ref('rollup_sessions') }}
where grain = 'day' and dimension = 'category'
