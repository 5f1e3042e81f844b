with line_totals as (
    select
        int_order_line_amounts.order_id,
        min(cast(int_order_line_amounts.is_gift_card as int)) = 1 as is_gift_card_only,
        sum(
            case
                when int_order_line_amounts.is_merchandise
                    then int_order_line_amounts.quantity
                else 0
            end
        ) as units,
        sum(int_order_line_amounts.gross_sales) as gross_sales,
        sum(int_order_line_amounts.discounts) as discounts,
        sum(int_order_line_amounts.sales) as sales,
        sum(int_order_line_costs.cogs) as cogs,
        sum(
            case
                when int_order_line_costs.cogs is not null
                    then int_order_line_amounts.sales
            end
        ) as costed_sales
    from {{ ref('int_order_line_amounts') }} as int_order_line_amounts
    left join {{ ref('int_order_line_costs') }} as int_order_line_costs
        on int_order_line_amounts.order_line_id = int_order_line_costs.order_line_id
    group by int_order_line_amounts.order_id
),

-- What the order's own header says, for orders that came without lines.
headers as (
    select
        int_order_terms.order_id,
        int_order_terms.shop_id,
        int_order_terms.order_date,
        int_order_terms.currency,
        int_order_terms.fx_rate,
        int_order_terms.subtotal_amount = 0 as is_zero_value,
        (int_order_terms.subtotal_amount + coalesce(int_orders.discount_amount, 0))
        * int_order_terms.tax_factor * int_order_terms.fx_rate as gross_sales,
        coalesce(int_orders.discount_amount, 0)
        * int_order_terms.tax_factor * int_order_terms.fx_rate as discounts,
        int_order_terms.shipping_amount
        * int_order_terms.tax_factor * int_order_terms.fx_rate as shipping,
        int_order_terms.tax_amount * int_order_terms.fx_rate as tax,
        int_order_terms.total_amount * int_order_terms.fx_rate as charged_total
    from {{ ref('int_order_terms') }} as int_order_terms
    inner join {{ ref('int_orders') }} as int_orders
        on int_order_terms.order_id = int_orders.order_id
),

rounded as (
    select
        headers.order_id,
        headers.shop_id,
        headers.order_date,
        headers.currency,
        headers.fx_rate,
        headers.is_zero_value,
        line_totals.order_id is not null as has_lines,
        coalesce(line_totals.is_gift_card_only, false) as is_gift_card_only,
        line_totals.units,
        cast(case
            when line_totals.order_id is not null then line_totals.gross_sales
            else cast(round(headers.gross_sales * 10000) / 10000 as decimal(18, 4))
        end as decimal(18, 4)) as gross_sales,
        cast(case
            when line_totals.order_id is not null then line_totals.discounts
            else cast(round(headers.discounts * 10000) / 10000 as decimal(18, 4))
        end as decimal(18, 4)) as discounts,
        cast(round(headers.shipping * 10000) / 10000 as decimal(18, 4)) as shipping,
        cast(round(headers.tax * 10000) / 10000 as decimal(18, 4)) as tax,
        cast(
            round(headers.charged_total * 10000) / 10000 as decimal(18, 4)
        ) as charged_total,
        cast(line_totals.cogs as decimal(18, 4)) as cogs,
        cast(line_totals.costed_sales as decimal(18, 4)) as costed_sales
    from headers
    left join line_totals
        on headers.order_id = line_totals.order_id
)

select
    order_id,
    shop_id,
    order_date,
    currency,
    fx_rate,
    has_lines,
    is_gift_card_only,
    coalesce(gross_sales - discounts = 0, is_zero_value, false) as is_zero_value,
    cast(units as bigint) as units,
    gross_sales,
    discounts,
    cast(gross_sales - discounts as decimal(18, 4)) as sales,
    shipping,
    tax,
    cast(gross_sales - discounts + shipping + tax as decimal(18, 4)) as total_sales,
    charged_total,
    cogs,
    coalesce(costed_sales, 0) as costed_sales,
    cast(costed_sales - cogs as decimal(18, 4)) as gross_profit
from rounded
