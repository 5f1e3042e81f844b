-- Written by `warehouse docs` from rollup_contacts; change that.
-- depends_on: {{ ref('rollup_contacts') }}
-- depends_on: {{ ref('fct_contacts') }}
-- depends_on: {{ ref('fct_orders') }}
-- depends_on: {{ ref('dim_period_days') }}
{{ cube(
    'rollup_contacts',
    ['shop', 'kind', 'queue', 'channel'],
    [
        'calls_received',
        'calls_answered',
        'calls_within_service_level',
        'calls_with_wait',
        'answered_wait_seconds',
    ],
) }}
