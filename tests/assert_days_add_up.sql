-- Days re-added are the week, month, quarter and year, and hours are the day. Left out
-- is what must be counted afresh for each period: visitors, orders with a return and
-- orders paid. The calendar is date_trunc here, not the one that the rollups use.
{% set rollups = {
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
    'rollup_emails': [
        'sent', 'delivered', 'opened', 'clicked', 'bounced', 'unsubscribed',
        'complaints', 'rate_base', 'attributed_orders', 'attributed_sales',
    ],
    'rollup_checkouts': ['checkout_sessions', 'successful_checkouts'],
    'rollup_payments': ['payments_tried', 'payments_successful'],
    'rollup_parcels': [
        'picked_orders', 'dispatched_parcels', 'refused_parcels', 'delivered_parcels',
        'due_parcels', 'on_time_parcels', 'processing_hours_known',
    ],
    'rollup_staff': ['hours', 'output', 'target_output'],
    'rollup_market': [
        'offers_seen', 'offers_in_stock', 'compared_product_days', 'own_prices',
        'competitor_prices', 'ranks_looked_up', 'ranks_found',
    ],
    'rollup_site': [
        'checks', 'failed_checks', 'monitored_minutes', 'up_minutes', 'page_loads',
        'error_loads', 'timed_loads',
    ],
    'rollup_contacts': [
        'contacts', 'calls_received', 'calls_answered', 'calls_abandoned',
        'calls_within_service_level', 'calls_with_wait', 'answered_wait_seconds',
        'talk_seconds', 'tickets_opened', 'tickets_answered', 'contacts_handled',
        'placed_orders',
    ],
    'rollup_surveys': [
        'csat_answers', 'satisfied_answers', 'csat_points', 'nps_answers', 'promoters',
        'detractors',
    ],
    'rollup_reviews': ['reviews', 'stars', 'negative_reviews'],
} %}
{% set hourly = ['orders', 'units_sold', 'sales', 'returns', 'total_sales'] %}
{% set checks = [
    ('rollup_orders', 'hour', hourly),
    ('rollup_contacts', 'hour', ['contacts', 'calls_received', 'calls_answered']),
] %}
{% for rollup, columns in rollups.items() %}
    {% do checks.append((rollup, 'day', columns)) %}
{% endfor %}

with wholes as (
    {% for part, whole in [
        ('hour', 'day'), ('day', 'week'), ('day', 'month'), ('day', 'quarter'),
        ('day', 'year'),
    ] %}
        select
            '{{ part }}' as part,
            '{{ whole }}' as whole
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

{% for rollup, part, columns in checks | list %}
    select
        '{{ rollup }}' as rollup,
        wholes.whole as grain,
        cast(date_trunc(wholes.whole, {{ rollup }}.period_start) as timestamp)
            as whole_start,
        {{ rollup }}.dimension,
        {{ rollup }}.member,
        case
            {% for column in columns | list %}
                when
                    abs(
                        sum(case
                            when {{ rollup }}.grain = wholes.whole
                                then {{ rollup }}.{{ column }}
                        end)
                        - sum(case
                            when {{ rollup }}.grain = wholes.part
                                then {{ rollup }}.{{ column }}
                            else 0
                        end)
                    ) > 0.001
                    then '{{ column }}'
            {% endfor %}
        end as differing_column
    from {{ ref(rollup) }} as {{ rollup }}
    inner join wholes
        on
            wholes.part = '{{ part }}'
            and {{ rollup }}.grain in (wholes.part, wholes.whole)
    {% if part == 'hour' %}where {{ rollup }}.dimension in ('all', 'shop'){% endif %}
    group by
        wholes.whole,
        cast(date_trunc(wholes.whole, {{ rollup }}.period_start) as timestamp),
        {{ rollup }}.dimension,
        {{ rollup }}.member
    having differing_column is not null
    {% if not loop.last %}union all{% endif %}
{% endfor %}
