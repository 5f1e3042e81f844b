-- Written by `warehouse docs` from rollup_market; change that.
-- depends_on: {{ ref('rollup_market') }}
-- depends_on: {{ ref('fct_competitor_offers') }}
-- depends_on: {{ ref('dim_period_days') }}
-- depends_on: {{ ref('fct_product_ranks') }}
{{ cube(
    'rollup_market',
    ['shop', 'competitor', 'category', 'engine', 'keyword'],
    [
        'offers_seen',
        'offers_in_stock',
    ],
) }}
