-- Written by `warehouse docs` from rollup_marketing; change that.
-- depends_on: {{ ref('rollup_marketing') }}
-- depends_on: {{ ref('dim_campaigns') }}
-- depends_on: {{ ref('fct_ad_days') }}
-- depends_on: {{ ref('fct_marketing_costs') }}
-- depends_on: {{ ref('dim_periods') }}
-- depends_on: {{ ref('fct_orders') }}
-- depends_on: {{ ref('dim_customers') }}
-- depends_on: {{ ref('fct_attribution') }}
-- depends_on: {{ ref('dim_channels') }}
-- depends_on: {{ ref('dim_period_days') }}
{{ cube(
    'rollup_marketing',
    ['shop', 'channel', 'platform', 'campaign'],
    [
        'ad_spend',
        'impressions',
        'clicks',
        'reach',
        'total_spend',
        'acquisition_spend',
        'acquisition_cost_full',
        'sales',
        'new_customers',
        'paid_attributed_orders',
        'paid_attributed_sales',
        'paid_attributed_gross_profit',
    ],
) }}
