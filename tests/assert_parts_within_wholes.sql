-- A part is never negative and never more than its whole, so each share of them
-- lies between 0 and 1; the steps of the funnel never rise.
{%- set checks = [
    ('rollup_orders', 'cancelled_orders', 'orders'),
    ('rollup_orders', 'refused_orders', 'dispatched_orders'),
    ('rollup_sessions', 'purchase_sessions', 'sessions'),
    ('rollup_sessions', 'purchase_visitors', 'visitors'),
    ('rollup_sessions', 'product_view_sessions', 'sessions'),
    ('rollup_sessions', 'add_to_cart_sessions', 'sessions'),
    ('rollup_sessions', 'checkout_sessions', 'sessions'),
    ('rollup_sessions', 'engaged_sessions', 'sessions'),
    ('rollup_sessions', 'funnel_product_view_sessions', 'sessions'),
    ('rollup_sessions', 'funnel_cart_sessions', 'funnel_product_view_sessions'),
    ('rollup_sessions', 'funnel_checkout_sessions', 'funnel_cart_sessions'),
    ('rollup_sessions', 'funnel_payment_sessions', 'funnel_checkout_sessions'),
    ('rollup_sessions', 'funnel_purchase_sessions', 'funnel_checkout_sessions'),
    ('rollup_products', 'product_purchase_sessions', 'product_view_sessions'),
    ('rollup_carts', 'abandoned_carts', 'settled_carts'),
    ('rollup_carts', 'settled_carts', 'carts'),
    ('rollup_checkouts', 'successful_checkouts', 'checkout_sessions'),
    ('rollup_payments', 'payments_successful', 'payments_tried'),
    ('rollup_payments', 'orders_paid', 'orders_tried'),
    ('rollup_payments', 'orders_tried', 'payments_tried'),
    ('rollup_market', 'offers_in_stock', 'offers_seen'),
    ('rollup_market', 'compared_product_days', 'offers_in_stock'),
    ('rollup_market', 'ranks_found', 'ranks_looked_up'),
    ('rollup_site', 'up_minutes', 'monitored_minutes'),
    ('rollup_site', 'error_loads', 'page_loads'),
    ('rollup_search_terms', 'brand_clicks', 'clicks'),
    ('rollup_contacts', 'calls_answered', 'calls_received'),
    ('rollup_contacts', 'calls_within_service_level', 'calls_answered'),
    ('rollup_contacts', 'calls_with_wait', 'calls_answered'),
    ('rollup_contacts', 'tickets_answered', 'tickets_opened'),
    ('rollup_contacts', 'contacts_handled', 'contacts'),
    ('rollup_surveys', 'satisfied_answers', 'csat_answers'),
    ('rollup_surveys', 'promoters + detractors', 'nps_answers'),
    ('rollup_reviews', 'negative_reviews', 'reviews'),
] %}
{% for rollup, part, whole in checks | list %}
    select
        '{{ rollup }}' as rollup,
        '{{ part }}' as part,
        '{{ whole }}' as whole,
        grain,
        period_start,
        dimension,
        member,
        {{ part }} as part_count,
        {{ whole }} as whole_count
    from {{ ref(rollup) }}
    where {{ part }} < 0 or {{ part }} > {{ whole }}
    {% if not loop.last %}union all{% endif %}
{% endfor %}
