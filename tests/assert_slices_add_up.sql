-- The members of a dimension, `unknown` among them, add up to `all`. Left out is what
-- does not: distinct visitors and paid orders, and the sessions and orders by category,
-- which count in each category they contain.
{%- set order_counts = ['orders', 'cancelled_orders', 'returned_orders',
    'dispatched_orders', 'refused_orders', 'shipping', 'tax', 'total_sales',
    'total_sales_order_date'] -%}
{%- set line_parts = ['units_sold', 'units_returned_order_date', 'gross_sales',
    'discounts', 'sales', 'returns', 'returns_order_date', 'net_sales',
    'net_sales_order_date', 'cogs', 'costed_net_sales', 'gross_profit',
    'gross_profit_order_date', 'repeat_sales'] -%}
{%- set session_parts = ['sessions', 'purchase_sessions', 'product_view_sessions',
    'add_to_cart_sessions', 'checkout_sessions', 'engaged_sessions', 'engaged_seconds',
    'page_views', 'funnel_product_view_sessions', 'funnel_cart_sessions',
    'funnel_checkout_sessions', 'funnel_payment_sessions',
    'funnel_purchase_sessions'] -%}
{%- set cart_parts = ['carts', 'settled_carts', 'abandoned_carts', 'converted_carts',
    'open_carts', 'cart_value'] -%}
{%- set checks = [
    ('rollup_orders', ['shop', 'channel', 'device', 'country', 'customer_type'],
        order_counts + line_parts),
    ('rollup_orders', ['category'], line_parts),
    ('rollup_sessions', ['shop', 'channel', 'device'], session_parts + ['visitor_sales']),
    ('rollup_sessions', ['visitor_type', 'country'], session_parts),
    ('rollup_products', ['product', 'category'],
        ['product_view_sessions', 'product_purchase_sessions']),
    ('rollup_carts', ['shop', 'channel', 'device', 'visitor_type'], cart_parts),
    ('rollup_checkouts', ['shop', 'channel', 'device', 'visitor_type'],
        ['checkout_sessions', 'successful_checkouts']),
    ('rollup_payments', ['shop', 'gateway', 'method', 'country'],
        ['payments_tried', 'payments_successful']),
] -%}

with differences as (
    {% for rollup, dimensions, columns in checks %}
    select
        '{{ rollup }}' as rollup,
        whole.grain,
        whole.period_start,
        dimensions.dimension,
        case
            {% for column in columns %}
            when
                abs(coalesce(slices.{{ column }}, 0) - whole.{{ column }}) > 0.001
                then '{{ column }}'
            {% endfor %}
        end as differing_column
    from {{ ref(rollup) }} as whole
    cross join (
        select distinct dimension
        from {{ ref(rollup) }}
        where dimension in ('{{ dimensions | join("', '") }}')
    ) as dimensions
    left join (
        select
            grain,
            period_start,
            dimension,
            {% for column in columns %}
            sum({{ column }}) as {{ column }}{{ ',' if not loop.last }}
            {% endfor %}
        from {{ ref(rollup) }}
        group by grain, period_start, dimension
    ) as slices
        on
            whole.grain = slices.grain
            and whole.period_start = slices.period_start
            and dimensions.dimension = slices.dimension
    where whole.dimension = 'all' and whole.grain <> 'hour'
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    rollup,
    grain,
    period_start,
    dimension,
    differing_column
from differences
where differing_column is not null
