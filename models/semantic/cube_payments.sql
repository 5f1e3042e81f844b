-- Written by `warehouse docs` from rollup_payments; change that.
-- depends_on: {{ ref('rollup_payments') }}
-- depends_on: {{ ref('fct_payments') }}
-- depends_on: {{ ref('fct_orders') }}
-- depends_on: {{ ref('dim_period_days') }}
{{ cube(
    'rollup_payments',
    ['shop', 'gateway', 'method', 'country'],
    [
        'payments_tried',
        'payments_successful',
    ],
) }}
