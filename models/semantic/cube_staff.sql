-- Written by `warehouse docs` from rollup_staff; change that.
-- depends_on: {{ ref('rollup_staff') }}
-- depends_on: {{ ref('fct_staff_days') }}
-- depends_on: {{ ref('dim_period_days') }}
-- depends_on: {{ ref('fct_parcels') }}
-- depends_on: {{ ref('fct_contacts') }}
{{ cube(
    'rollup_staff',
    ['shop', 'team', 'person'],
    [
        'output',
        'target_output',
    ],
) }}
