-- Written by `warehouse docs` from rollup_parcels; change that.
-- depends_on: {{ ref('rollup_parcels') }}
-- depends_on: {{ ref('fct_parcels') }}
-- depends_on: {{ ref('dim_period_days') }}
{{ cube(
    'rollup_parcels',
    ['shop', 'carrier', 'country', 'warehouse'],
    [
        'due_parcels',
        'on_time_parcels',
    ],
) }}
