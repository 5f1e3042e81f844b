-- Written by `warehouse docs` from rollup_search_terms; change that.
-- depends_on: {{ ref('rollup_search_terms') }}
-- depends_on: {{ ref('fct_search_terms') }}
-- depends_on: {{ ref('fct_search_days') }}
-- depends_on: {{ ref('dim_period_days') }}
{{ cube(
    'rollup_search_terms',
    ['shop', 'platform', 'search_type'],
    [
        'clicks',
        'brand_clicks',
        'brand_impressions',
    ],
) }}
