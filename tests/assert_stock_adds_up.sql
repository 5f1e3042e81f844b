-- Shops, categories and (from months on) products add up to `all`, and days add up
-- to their month; the stock at a period's end adds up over products, not over days.
{% set daily_parts = [
    'product_days', 'active_product_days', 'out_of_stock_product_days',
    'stock_value_days', 'cogs', 'units_sold', 'order_lines', 'oversold_lines',
    'counted_products', 'accurate_products',
] -%}
{% set parts = daily_parts + ['units_at_end', 'stock_value_at_end'] -%}
{% for dimension in ['shop', 'category', 'product'] %}
    select
        '{{ dimension }}' as checked,
        grain,
        period_start,
        'all' as member,
        case
            {% for part in parts %}
                when
                    abs(
                        sum(case when dimension = 'all' then {{ part }} end)
                        - sum(
                            case when dimension <> 'all' then {{ part }} else 0 end
                        )
                    ) > 0.001
                    then '{{ part }}'
            {% endfor %}
        end as differing_part
    from {{ ref('rollup_stock') }}
    where
        dimension in ('all', '{{ dimension }}')
        {% if dimension == 'product' %}
            and grain not in ('day', 'week', 'week_to_date')
        {% endif %}
    group by grain, period_start
    having differing_part is not null
    union all
{% endfor %}
select
    dimension as checked,
    'month' as grain,
    cast(date_trunc('month', period_start) as timestamp) as period_start,
    member,
    case
        {% for part in daily_parts %}
            when
                abs(
                    sum(case when grain = 'month' then {{ part }} end)
                    - sum(case when grain = 'day' then {{ part }} else 0 end)
                ) > 0.001
                then '{{ part }}'
        {% endfor %}
    end as differing_part
from {{ ref('rollup_stock') }}
where grain in ('day', 'month') and dimension <> 'product'
group by
    dimension, member, cast(date_trunc('month', period_start) as timestamp)
having differing_part is not null
