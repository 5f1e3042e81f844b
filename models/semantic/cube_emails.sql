-- Written by `warehouse docs` from rollup_emails; change that.
-- depends_on: {{ ref('rollup_emails') }}
-- depends_on: {{ ref('fct_email_campaigns') }}
-- depends_on: {{ ref('fct_attribution') }}
-- depends_on: {{ ref('dim_period_days') }}
{{ cube(
    'rollup_emails',
    ['shop', 'kind', 'campaign'],
    [
        'sent',
        'delivered',
        'opened',
        'clicked',
        'unsubscribed',
        'rate_base',
        'attributed_orders',
        'attributed_sales',
    ],
) }}
