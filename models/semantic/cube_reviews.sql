-- Written by `warehouse docs` from rollup_reviews; change that.
-- depends_on: {{ ref('rollup_reviews') }}
-- depends_on: {{ ref('fct_reviews') }}
-- depends_on: {{ ref('dim_period_days') }}
{{ cube(
    'rollup_reviews',
    ['shop', 'category', 'product'],
    [
        'reviews',
        'stars',
        'negative_reviews',
    ],
) }}
