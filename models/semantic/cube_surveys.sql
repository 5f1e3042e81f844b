-- Written by `warehouse docs` from rollup_surveys; change that.
-- depends_on: {{ ref('rollup_surveys') }}
-- depends_on: {{ ref('fct_survey_answers') }}
-- depends_on: {{ ref('dim_period_days') }}
{{ cube(
    'rollup_surveys',
    ['shop', 'queue'],
    [
        'csat_answers',
        'satisfied_answers',
        'nps_answers',
        'promoters',
        'detractors',
    ],
) }}
