{{ config(materialized='table', contract={'enforced': true}) }}
{#- A new KPI is its view, the view's YAML, and one line here. -#}
{%- set kpis = [
    'total_sales',
    'net_sales',
    'orders',
    'units_sold',
    'average_order_value',
    'average_order_profit',
    'items_per_order',
    'average_selling_price',
    'average_revenue_per_customer',
    'revenue_per_visitor',
    'gross_profit',
    'gross_margin',
    'discount_rate',
    'return_rate',
    'returned_orders',
    'refusal_rate',
    'refund_share',
    'cancellation_rate',

    'sessions',
    'visitors',
    'conversion_rate',
    'visitor_conversion_rate',
    'product_view_rate',
    'add_to_cart_rate',
    'product_conversion_rate',
    'cart_abandonment_rate',
    'average_cart_value',
    'checkout_conversion_rate',
    'payment_conversion_rate',
    'payment_success_rate',
    'hours_to_convert',
    'engagement_rate',
    'session_duration',
    'pages_per_session',
    'bounce_rate',

    'ad_spend',
    'impressions',
    'audience_reach',
    'clicks',
    'cost_per_click',
    'click_through_rate',
    'cost_per_mille',
    'cost_per_action',
    'cost_per_order',
    'ad_cost_share',
    'return_on_ad_spend',
    'marketing_roi',
    'marketing_efficiency_ratio',
    'customer_acquisition_cost',
    'customer_acquisition_cost_full',
    'ltv_to_cac',
    'payback_months',
    'brand_searches',
    'brand_search_share',

    'new_customers',
    'purchasing_customers',
    'retention_rate',
    'active_retention_rate',
    'repeat_customer_rate',
    'returning_customer_share',
    'repeat_revenue_share',
    'purchase_frequency',
    'days_between_orders',
    'customer_lifetime_value_simple',
    'customer_lifetime_value',
    'customer_lifetime_value_predicted',

    'emails_sent',
    'email_delivery_rate',
    'email_open_rate',
    'email_click_rate',
    'email_conversion_rate',
    'revenue_per_email',
    'email_unsubscribe_rate',

    'customer_satisfaction',
    'net_promoter_score',
    'average_rating',
    'negative_review_rate',
    'calls_received',
    'call_answer_rate',
    'call_service_level',
    'call_wait_seconds',
    'first_response_minutes',
    'contact_rate',

    'order_processing_hours',
    'picking_minutes',
    'delivery_days',
    'on_time_delivery_rate',
    'orders_picked_per_hour',
    'tickets_per_agent_hour',
    'staff_target_attainment',

    'inventory_turnover',
    'days_of_supply',
    'stockout_rate',
    'slow_moving_stock_share',
    'oversell_rate',
    'inventory_accuracy',

    'price_index',
    'competitor_stock_rate',
    'search_rank',
    'site_uptime',
    'page_error_rate',
    'page_load_seconds',
] -%}

with kpis as (
    {% for kpi in kpis | list %}
        select
            '{{ kpi }}' as kpi_id,
            kpi_{{ kpi }}.grain,
            kpi_{{ kpi }}.period_start,
            kpi_{{ kpi }}.dimension,
            kpi_{{ kpi }}.member,
            kpi_{{ kpi }}.numerator,
            kpi_{{ kpi }}.denominator,
            kpi_{{ kpi }}.value
        from {{ ref('kpi_' ~ kpi) }} as kpi_{{ kpi }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

-- A KPI's rows lie together: who asks for one reads little else, and a union of a
-- hundred small parts is written in half the time when it has to be sorted first.
select
    kpi_id,
    grain,
    period_start,
    dimension,
    member,
    numerator,
    denominator,
    value
from kpis
order by kpi_id nulls last
