-- Written by `warehouse docs` from rollup_products; change that.
-- depends_on: {{ ref('rollup_products') }}
-- depends_on: {{ ref('fct_session_products') }}
-- depends_on: {{ ref('dim_period_days') }}
{{ cube(
    'rollup_products',
    ['product', 'category'],
    [
        'product_view_sessions',
        'product_purchase_sessions',
    ],
) }}
