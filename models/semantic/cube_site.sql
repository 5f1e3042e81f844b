-- Written by `warehouse docs` from rollup_site; change that.
-- depends_on: {{ ref('rollup_site') }}
-- depends_on: {{ ref('fct_uptime_checks') }}
-- depends_on: {{ ref('dim_period_days') }}
-- depends_on: {{ ref('fct_page_loads') }}
{{ cube(
    'rollup_site',
    ['shop', 'site', 'device', 'page'],
    [
        'monitored_minutes',
        'up_minutes',
        'page_loads',
        'error_loads',
    ],
) }}
