select
    int_order_line_amounts.order_line_id,
    cast(
        round(int_product_costs.unit_cost * int_fx_rates.rate * 10000) / 10000
        as decimal(18, 4)
    )
        as unit_cost,
    cast(round(
        int_order_line_amounts.quantity * int_product_costs.unit_cost
        * int_fx_rates.rate * 10000
    ) / 10000 as decimal(18, 4)) as cogs
from {{ ref('int_order_line_amounts') }} as int_order_line_amounts
inner join {{ ref('int_order_terms') }} as int_order_terms
    on int_order_line_amounts.order_id = int_order_terms.order_id
inner join {{ ref('int_product_costs') }} as int_product_costs
    on
        int_order_line_amounts.product_id = int_product_costs.product_id
        and int_order_terms.order_date
        between int_product_costs.valid_from and int_product_costs.valid_to
inner join {{ ref('int_fx_rates') }} as int_fx_rates
    on
        int_product_costs.currency = int_fx_rates.currency
        and int_order_terms.order_date
        between int_fx_rates.valid_from and int_fx_rates.valid_to
where
    int_order_line_amounts.is_merchandise
    and int_order_line_amounts.gross_sales is not null
