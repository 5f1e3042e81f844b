-- Days re-added are the week, the month, the quarter and the year, and hours are the day.
-- Left out is what must be counted afresh for each period: visitors, orders with a return
-- and orders paid. The calendar is date_trunc here, not the one that the rollups use.
{%- set checks = {
    'rollup_orders': [
        'orders', 'units_sold', 'gross_sales', 'discounts', 'sales', 'returns',
        'returns_order_date', 'net_sales', 'net_sales_order_date', 'shipping', 'tax',
        'total_sales', 'total_sales_order_date', 'cogs', 'costed_net_sales',
        'gross_profit', 'gross_profit_order_date', 'repeat_sales', 'cancelled_orders',
        'dispatched_orders', 'refused_orders', 'units_returned_order_date',
    ],
    'rollup_sessions': [
        'sessions', 'purchase_sessions', 'product_view_sessions',
        'add_to_cart_sessions', 'checkout_sessions', 'engaged_sessions',
        'engaged_seconds', 'page_views', 'funnel_product_view_sessions',
        'funnel_cart_sessions', 'funnel_checkout_sessions', 'funnel_payment_sessions',
        'funnel_purchase_sessions', 'visitor_sales',
    ],
    'rollup_products': ['product_view_sessions', 'product_purchase_sessions'],
    'rollup_carts': [
        'carts', 'settled_carts', 'abandoned_carts', 'converted_carts', 'open_carts',
        'cart_value',
    ],
    'rollup_checkouts': ['checkout_sessions', 'successful_checkouts'],
    'rollup_payments': ['payments_tried', 'payments_successful'],
} -%}
{%- set spans = [('day', 'week'), ('day', 'month'), ('day', 'quarter'), ('day', 'year')] -%}
{%- set hour_columns = ['orders', 'units_sold', 'sales', 'returns', 'total_sales'] -%}

with differences as (
    {% for rollup, all_columns in checks.items() %}
    {% set is_first = loop.first %}
    {% for part, whole in spans + ([('hour', 'day')] if rollup == 'rollup_orders' else []) %}
    {% set columns = hour_columns if part == 'hour' else all_columns %}
    {% if not (is_first and loop.first) %}union all{% endif %}
    select
        '{{ rollup }}' as rollup,
        wholes.grain,
        wholes.period_start,
        wholes.dimension,
        wholes.member,
        case
            {% for column in columns %}
            when
                abs(coalesce(parts.{{ column }}, 0) - wholes.{{ column }}) > 0.001
                then '{{ column }}'
            {% endfor %}
        end as differing_column
    from {{ ref(rollup) }} as wholes
    left join (
        select
            cast(date_trunc('{{ whole }}', period_start) as timestamp) as whole_start,
            dimension,
            member,
            {% for column in columns %}
            sum({{ column }}) as {{ column }}{{ ',' if not loop.last }}
            {% endfor %}
        from {{ ref(rollup) }}
        where grain = '{{ part }}'
        group by 1, 2, 3
    ) as parts
        on
            wholes.period_start = parts.whole_start
            and wholes.dimension = parts.dimension
            and wholes.member = parts.member
    where
        wholes.grain = '{{ whole }}'
        {% if part == 'hour' %}and wholes.dimension in ('all', 'shop'){% endif %}
    {% endfor %}
    {% endfor %}
)

select
    rollup,
    grain,
    period_start,
    dimension,
    member,
    differing_column
from differences
where differing_column is not null
