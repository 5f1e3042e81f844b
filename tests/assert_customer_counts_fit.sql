-- A buyer is new or returning, everybody who returns has bought twice, and members have
-- the customers of the whole, as a slice is a fixed attribute of the customer.
with totals as (
    select
        grain,
        period_start,
        dimension,
        sum(purchasing_customers) as purchasing_customers,
        sum(new_customers) as new_customers,
        sum(returning_customers) as returning_customers,
        sum(repeat_customers) as repeat_customers,
        sum(customer_orders) as customer_orders,
        sum(customer_sales) as customer_sales
    from {{ ref('rollup_customers') }}
    group by 1, 2, 3
)

select
    sliced.grain,
    sliced.period_start,
    sliced.dimension,
    sliced.purchasing_customers,
    sliced.new_customers,
    sliced.returning_customers,
    sliced.repeat_customers,
    whole.purchasing_customers as whole_purchasing_customers
from totals as sliced
left join totals as whole
    on
        sliced.grain = whole.grain
        and sliced.period_start = whole.period_start
        and whole.dimension = 'all'
where
    whole.dimension is null
    or sliced.purchasing_customers <> whole.purchasing_customers
    or sliced.new_customers <> whole.new_customers
    or sliced.customer_orders <> whole.customer_orders
    or sliced.customer_sales <> whole.customer_sales
    or sliced.new_customers + sliced.returning_customers <> sliced.purchasing_customers
    or sliced.repeat_customers < sliced.returning_customers
    or sliced.repeat_customers > sliced.purchasing_customers
