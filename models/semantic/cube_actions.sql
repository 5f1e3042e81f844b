-- Written by `warehouse docs` from rollup_actions; change that.
-- depends_on: {{ ref('rollup_actions') }}
-- depends_on: {{ ref('fct_actions') }}
-- depends_on: {{ ref('dim_channels') }}
-- depends_on: {{ ref('fct_ad_days') }}
-- depends_on: {{ ref('dim_period_days') }}
{{ cube(
    'rollup_actions',
    ['shop', 'channel'],
    [
        'ad_spend',
        'actions',
    ],
) }}
