-- Revenue per visitor is orders per visitor times the average order value, on the same
-- population: wherever both sides exist they agree, and so do the sales they divide.
select
    kpi_revenue_per_visitor.grain,
    kpi_revenue_per_visitor.period_start,
    kpi_revenue_per_visitor.dimension,
    kpi_revenue_per_visitor.member,
    kpi_revenue_per_visitor.value,
    kpi_orders.value / kpi_visitors.value * kpi_average_order_value.value as product
from {{ ref('kpi_revenue_per_visitor') }} as kpi_revenue_per_visitor
inner join {{ ref('kpi_visitors') }} as kpi_visitors
    on
        kpi_revenue_per_visitor.grain = kpi_visitors.grain
        and kpi_revenue_per_visitor.period_start = kpi_visitors.period_start
        and kpi_revenue_per_visitor.dimension = kpi_visitors.dimension
        and kpi_revenue_per_visitor.member = kpi_visitors.member
inner join {{ ref('kpi_orders') }} as kpi_orders
    on
        kpi_revenue_per_visitor.grain = kpi_orders.grain
        and kpi_revenue_per_visitor.period_start = kpi_orders.period_start
        and kpi_revenue_per_visitor.dimension = kpi_orders.dimension
        and kpi_revenue_per_visitor.member = kpi_orders.member
inner join {{ ref('kpi_average_order_value') }} as kpi_average_order_value
    on
        kpi_orders.grain = kpi_average_order_value.grain
        and kpi_orders.period_start = kpi_average_order_value.period_start
        and kpi_orders.dimension = kpi_average_order_value.dimension
        and kpi_orders.member = kpi_average_order_value.member
where
    kpi_visitors.value > 0
    and (
        abs(
            kpi_revenue_per_visitor.value
            - kpi_orders.value / kpi_visitors.value * kpi_average_order_value.value
        ) > 0.0001
        or abs(
            kpi_revenue_per_visitor.numerator - kpi_average_order_value.numerator
        ) > 0.0001
    )
