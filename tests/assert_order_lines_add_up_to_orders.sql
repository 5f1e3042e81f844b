-- The lines of an order add up to it, to the last digit; no line is lost or doubled.
with line_totals as (
    select
        order_id,
        sum(gross_sales) as gross_sales,
        sum(discounts) as discounts,
        sum(sales) as sales,
        sum(cogs) as cogs,
        sum(costed_sales) as costed_sales,
        sum(case when is_merchandise then quantity else 0 end) as units
    from {{ ref('fct_order_lines') }}
    group by order_id
)

select
    fct_orders.order_id,
    fct_orders.sales,
    line_totals.sales as sales_of_lines
from {{ ref('fct_orders') }} as fct_orders
inner join line_totals
    on fct_orders.order_id = line_totals.order_id
where
    fct_orders.gross_sales <> line_totals.gross_sales
    or fct_orders.discounts <> line_totals.discounts
    or fct_orders.sales <> line_totals.sales
    or fct_orders.cogs <> line_totals.cogs
    or fct_orders.costed_sales <> line_totals.costed_sales
    or fct_orders.units <> line_totals.units
    or (fct_orders.sales is null) <> (line_totals.sales is null)
    or (fct_orders.cogs is null) <> (line_totals.cogs is null)
