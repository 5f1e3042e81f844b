-- Written by `warehouse docs` from rollup_orders; change that.
-- depends_on: {{ ref('rollup_orders') }}
-- depends_on: {{ ref('fct_orders') }}
-- depends_on: {{ ref('fct_order_lines') }}
-- depends_on: {{ ref('fct_returns') }}
-- depends_on: {{ ref('dim_as_of') }}
-- depends_on: {{ ref('dim_period_days') }}
{{ cube(
    'rollup_orders',
    ['shop', 'channel', 'device', 'country', 'customer_type'],
    [
        'orders',
        'units_sold',
        'gross_sales',
        'discounts',
        'sales',
        'returns',
        'net_sales',
        'total_sales',
        'costed_net_sales',
        'gross_profit',
        'repeat_sales',
        'cancelled_orders',
        'dispatched_orders',
        'refused_orders',
        'units_returned_order_date',
    ],
) }}
