with product_returns as (
    select
        order_id,
        product_id,
        sum(units) as units
    from {{ ref('int_return_amounts') }}
    where order_id is not null and product_id is not null
    group by order_id, product_id
),

order_returns as (
    select
        order_id,
        sum(units) as units
    from {{ ref('int_return_amounts') }}
    where order_id is not null and product_id is null
    group by order_id
),

returnable_lines as (
    select
        order_line_id,
        order_id,
        product_id,
        line_number,
        quantity,
        sum(quantity) over (
            partition by order_id, coalesce(product_id, '')
            order by line_number nulls last
            rows between unbounded preceding and current row
        ) - quantity as quantity_before
    from {{ ref('int_order_line_amounts') }}
    where is_merchandise and quantity > 0
),

-- Returned units of a product fill its lines from the first one on.
filled_by_product as (
    select
        returnable_lines.order_line_id,
        returnable_lines.order_id,
        returnable_lines.line_number,
        returnable_lines.quantity,
        greatest(
            least(
                coalesce(product_returns.units, 0) - returnable_lines.quantity_before,
                returnable_lines.quantity
            ),
            0
        ) as returned_units
    from returnable_lines
    left join product_returns
        on
            returnable_lines.order_id = product_returns.order_id
            and returnable_lines.product_id = product_returns.product_id
),

kept_before as (
    select
        order_line_id,
        order_id,
        quantity,
        returned_units,
        sum(quantity - returned_units) over (
            partition by order_id
            order by line_number nulls last
            rows between unbounded preceding and current row
        ) - (quantity - returned_units) as kept_units_before
    from filled_by_product
),

-- Then the units of returns that name no product fill what is left.
filled_by_order as (
    select
        kept_before.order_line_id,
        kept_before.returned_units + greatest(
            least(
                coalesce(order_returns.units, 0) - kept_before.kept_units_before,
                kept_before.quantity - kept_before.returned_units
            ),
            0
        ) as returned_units
    from kept_before
    left join order_returns
        on kept_before.order_id = order_returns.order_id
)

select
    int_order_line_amounts.order_line_id,
    int_order_line_amounts.order_id,
    int_order_line_amounts.shop_id,
    fct_orders.customer_id,
    fct_orders.order_date,
    fct_orders.channel_id,
    fct_orders.device,
    fct_orders.country,
    fct_orders.customer_type,
    fct_orders.is_placed,
    int_order_line_amounts.product_id,
    int_order_line_amounts.category,
    int_order_line_amounts.is_gift_card,
    int_order_line_amounts.is_merchandise,
    int_order_line_amounts.quantity,
    int_order_line_amounts.unit_price,
    int_order_line_amounts.gross_sales,
    int_order_line_amounts.discounts,
    int_order_line_amounts.sales,
    int_order_line_costs.unit_cost,
    int_order_line_costs.cogs,
    cast(
        case
            when int_order_line_costs.cogs is not null
                then int_order_line_amounts.sales
            else 0
        end as decimal(18, 4)
    ) as costed_sales,
    cast(int_order_line_amounts.sales - int_order_line_costs.cogs as decimal(18, 4))
        as gross_profit,
    cast(coalesce(filled_by_order.returned_units, 0) as bigint) as returned_units
from {{ ref('int_order_line_amounts') }} as int_order_line_amounts
inner join {{ ref('fct_orders') }} as fct_orders
    on int_order_line_amounts.order_id = fct_orders.order_id
left join {{ ref('int_order_line_costs') }} as int_order_line_costs
    on int_order_line_amounts.order_line_id = int_order_line_costs.order_line_id
left join filled_by_order
    on int_order_line_amounts.order_line_id = filled_by_order.order_line_id
