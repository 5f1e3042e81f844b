-- Written by `warehouse docs` from rollup_customers; change that.
-- depends_on: {{ ref('rollup_customers') }}
-- depends_on: {{ ref('fct_orders') }}
-- depends_on: {{ ref('dim_customers') }}
-- depends_on: {{ ref('dim_period_days') }}
-- depends_on: {{ ref('fct_marketing_costs') }}
-- depends_on: {{ ref('dim_periods') }}
-- depends_on: {{ ref('fct_returns') }}
{{ cube(
    'rollup_customers',
    ['shop', 'channel', 'country'],
    [
        'new_customers',
    ],
) }}
