-- Written by `warehouse docs` from rollup_sessions; change that.
-- depends_on: {{ ref('rollup_sessions') }}
-- depends_on: {{ ref('fct_session_days') }}
-- depends_on: {{ ref('fct_traffic_days') }}
-- depends_on: {{ ref('fct_session_products') }}
-- depends_on: {{ ref('fct_orders') }}
-- depends_on: {{ ref('dim_period_days') }}
-- depends_on: {{ ref('fct_visitor_days') }}
{{ cube(
    'rollup_sessions',
    ['shop', 'channel', 'device', 'visitor_type', 'country'],
    [
        'sessions',
        'purchase_sessions',
        'product_view_sessions',
        'add_to_cart_sessions',
        'engaged_sessions',
        'engaged_seconds',
        'page_views',
    ],
) }}
