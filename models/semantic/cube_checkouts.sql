-- Written by `warehouse docs` from rollup_checkouts; change that.
-- depends_on: {{ ref('rollup_checkouts') }}
-- depends_on: {{ ref('fct_checkouts') }}
-- depends_on: {{ ref('dim_period_days') }}
{{ cube(
    'rollup_checkouts',
    ['shop', 'channel', 'device', 'visitor_type'],
    [
        'checkout_sessions',
        'successful_checkouts',
    ],
) }}
