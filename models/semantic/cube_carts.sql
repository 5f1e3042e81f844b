-- Written by `warehouse docs` from rollup_carts; change that.
-- depends_on: {{ ref('rollup_carts') }}
-- depends_on: {{ ref('fct_carts') }}
-- depends_on: {{ ref('dim_period_days') }}
{{ cube(
    'rollup_carts',
    ['shop', 'channel', 'device', 'visitor_type'],
    [
        'carts',
        'settled_carts',
        'abandoned_carts',
        'cart_value',
    ],
) }}
