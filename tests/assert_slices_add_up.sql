-- The members of a dimension, `unknown` among them, add up to `all`. Left out is what
-- does not: distinct visitors and paid orders, and the sessions and orders by category,
-- which count in each category they contain.
{% set order_counts = [
    'orders', 'cancelled_orders', 'returned_orders', 'dispatched_orders',
    'refused_orders', 'shipping', 'tax', 'total_sales', 'total_sales_order_date',
] -%}
{% set line_parts = [
    'units_sold', 'units_returned_order_date', 'gross_sales', 'discounts', 'sales',
    'returns', 'returns_order_date', 'net_sales', 'net_sales_order_date', 'cogs',
    'costed_net_sales', 'gross_profit', 'gross_profit_order_date', 'repeat_sales',
] -%}
{% set session_parts = [
    'sessions', 'purchase_sessions', 'product_view_sessions', 'add_to_cart_sessions',
    'checkout_sessions', 'engaged_sessions', 'engaged_seconds', 'page_views',
    'funnel_product_view_sessions', 'funnel_cart_sessions',
    'funnel_checkout_sessions', 'funnel_payment_sessions', 'funnel_purchase_sessions',
] -%}
{% set cart_parts = [
    'carts', 'settled_carts', 'abandoned_carts', 'converted_carts', 'open_carts',
    'cart_value',
] -%}
{% set email_parts = [
    'sent', 'delivered', 'opened', 'clicked', 'bounced', 'unsubscribed', 'complaints',
    'rate_base', 'attributed_orders', 'attributed_sales',
] -%}
{% set parcel_parts = [
    'picked_orders', 'dispatched_parcels', 'refused_parcels', 'delivered_parcels',
    'due_parcels', 'on_time_parcels', 'processing_hours_known', 'picking_minutes_known',
] -%}
{% set contact_parts = [
    'contacts', 'calls_received', 'calls_answered', 'calls_abandoned',
    'calls_within_service_level', 'calls_with_wait', 'answered_wait_seconds',
    'talk_seconds', 'tickets_opened', 'tickets_answered', 'contacts_handled',
] -%}
{% set answer_parts = [
    'csat_answers', 'satisfied_answers', 'csat_points', 'nps_answers', 'promoters',
    'detractors',
] -%}
{% set checks = [
    ('rollup_contacts', 'shop', contact_parts + ['placed_orders']),
    ('rollup_contacts', 'kind', contact_parts),
    ('rollup_contacts', 'queue', contact_parts),
    ('rollup_contacts', 'channel', contact_parts),
    ('rollup_surveys', 'shop', answer_parts),
    ('rollup_surveys', 'queue', answer_parts),
    ('rollup_reviews', 'shop', ['reviews', 'stars', 'negative_reviews']),
    ('rollup_reviews', 'category', ['reviews', 'stars', 'negative_reviews']),
    ('rollup_reviews', 'product', ['reviews', 'stars', 'negative_reviews']),
    ('rollup_orders', 'shop', order_counts + line_parts),
    ('rollup_orders', 'channel', order_counts + line_parts),
    ('rollup_orders', 'device', order_counts + line_parts),
    ('rollup_orders', 'country', order_counts + line_parts),
    ('rollup_orders', 'customer_type', order_counts + line_parts),
    ('rollup_orders', 'category', line_parts),
    ('rollup_sessions', 'shop', session_parts + ['visitor_sales']),
    ('rollup_sessions', 'channel', session_parts + ['visitor_sales']),
    ('rollup_sessions', 'device', session_parts + ['visitor_sales']),
    ('rollup_sessions', 'visitor_type', session_parts),
    ('rollup_sessions', 'country', session_parts),
    ('rollup_products', 'product',
        ['product_view_sessions', 'product_purchase_sessions']),
    ('rollup_products', 'category',
        ['product_view_sessions', 'product_purchase_sessions']),
    ('rollup_carts', 'shop', cart_parts),
    ('rollup_carts', 'channel', cart_parts),
    ('rollup_carts', 'device', cart_parts),
    ('rollup_carts', 'visitor_type', cart_parts),
    ('rollup_checkouts', 'shop', ['checkout_sessions', 'successful_checkouts']),
    ('rollup_checkouts', 'channel', ['checkout_sessions', 'successful_checkouts']),
    ('rollup_checkouts', 'device', ['checkout_sessions', 'successful_checkouts']),
    ('rollup_checkouts', 'visitor_type', ['checkout_sessions', 'successful_checkouts']),
    ('rollup_parcels', 'shop', parcel_parts),
    ('rollup_parcels', 'carrier', parcel_parts),
    ('rollup_parcels', 'country', parcel_parts),
    ('rollup_parcels', 'warehouse', parcel_parts),
    ('rollup_staff', 'shop',
        ['hours', 'picking_hours', 'picked_orders', 'support_hours',
            'handled_contacts']),
    ('rollup_staff', 'team', ['hours']),
    ('rollup_staff', 'person', ['hours']),
    ('rollup_payments', 'shop', ['payments_tried', 'payments_successful']),
    ('rollup_payments', 'gateway', ['payments_tried', 'payments_successful']),
    ('rollup_payments', 'method', ['payments_tried', 'payments_successful']),
    ('rollup_payments', 'country', ['payments_tried', 'payments_successful']),
    ('rollup_market', 'shop', ['offers_seen', 'offers_in_stock', 'ranks_looked_up']),
    ('rollup_market', 'category', ['offers_seen', 'ranks_looked_up']),
    ('rollup_market', 'competitor', ['offers_seen', 'offers_in_stock']),
    ('rollup_market', 'engine', ['ranks_looked_up', 'ranks_found']),
    ('rollup_market', 'keyword', ['ranks_looked_up', 'ranks_found']),
    ('rollup_site', 'shop', ['monitored_minutes', 'up_minutes', 'page_loads']),
    ('rollup_site', 'site', ['checks', 'monitored_minutes', 'up_minutes']),
    ('rollup_site', 'device', ['page_loads', 'error_loads', 'timed_loads']),
    ('rollup_site', 'page', ['page_loads', 'error_loads', 'timed_loads']),
    ('rollup_search_terms', 'search_type',
        ['clicks', 'impressions', 'brand_clicks', 'brand_impressions']),
    ('rollup_emails', 'shop', email_parts),
    ('rollup_emails', 'kind', email_parts),
    ('rollup_emails', 'campaign', email_parts),
] %}
{% for rollup, dimension, columns in checks | list %}
    select
        '{{ rollup }}' as rollup,
        '{{ dimension }}' as dimension,
        grain,
        period_start,
        case
            {% for column in columns | list %}
                when
                    abs(
                        sum(case when dimension = 'all' then {{ column }} end)
                        - sum(
                            case when dimension <> 'all' then {{ column }} else 0 end
                        )
                    ) > 0.001
                    then '{{ column }}'
            {% endfor %}
        end as differing_column
    from {{ ref(rollup) }}
    where dimension in ('all', '{{ dimension }}') and grain <> 'hour'
    group by grain, period_start
    having differing_column is not null
    {% if not loop.last %}union all{% endif %}
{% endfor %}
