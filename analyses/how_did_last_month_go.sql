-- How did last month go? The numbers that a shop is steered by, beside the month
-- before, the same month a year ago, and the plan.
with last_month as (
    select max(period_start) as period_start
    from {{ ref('dim_periods') }}
    where grain = 'month' and is_complete
)

select
    kpi_catalog.label,
    kpi_scorecard.value,
    kpi_scorecard.previous_change_rate,
    kpi_scorecard.last_year_change_rate,
    kpi_scorecard.plan_value,
    kpi_scorecard.plan_status
from {{ ref('kpi_scorecard') }} as kpi_scorecard
inner join {{ ref('kpi_catalog') }} as kpi_catalog
    on kpi_scorecard.kpi_id = kpi_catalog.kpi_id
inner join last_month
    on kpi_scorecard.period_start = last_month.period_start
where
    kpi_scorecard.grain = 'month'
    and kpi_scorecard.dimension = 'all'
    and kpi_scorecard.kpi_id in (
        'net_sales', 'orders', 'average_order_value', 'gross_margin', 'sessions',
        'conversion_rate', 'cart_abandonment_rate', 'ad_spend',
        'customer_acquisition_cost', 'marketing_efficiency_ratio', 'new_customers',
        'retention_rate', 'return_rate'
    )
order by kpi_catalog.kpi_order nulls last
