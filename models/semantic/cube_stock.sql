-- Written by `warehouse docs` from rollup_stock; change that.
-- depends_on: {{ ref('rollup_stock') }}
-- depends_on: {{ ref('fct_stock_days') }}
-- depends_on: {{ ref('dim_period_days') }}
-- depends_on: {{ ref('dim_periods') }}
{{ cube(
    'rollup_stock',
    ['shop', 'category'],
    [
        'active_product_days',
        'out_of_stock_product_days',
        'stock_value_days',
        'cogs',
        'order_lines',
        'oversold_lines',
        'counted_products',
        'accurate_products',
    ],
) }}
