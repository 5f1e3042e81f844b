with line_values as (
    select
        int_order_line_amounts.order_id,
        int_order_line_amounts.product_id,
        int_order_line_amounts.category,
        int_order_line_amounts.quantity,
        int_order_line_amounts.sales,
        case
            when int_order_line_costs.cogs is not null
                then int_order_line_amounts.sales
            else 0
        end as costed_sales,
        coalesce(int_order_line_costs.cogs, 0) as cogs
    from {{ ref('int_order_line_amounts') }} as int_order_line_amounts
    left join {{ ref('int_order_line_costs') }} as int_order_line_costs
        on int_order_line_amounts.order_line_id = int_order_line_costs.order_line_id
    where int_order_line_amounts.is_merchandise
),

product_values as (
    select
        order_id,
        product_id,
        max(category) as category,
        sum(quantity) as quantity,
        sum(sales) as sales,
        sum(costed_sales) as costed_sales,
        sum(cogs) as cogs
    from line_values
    where product_id is not null
    group by order_id, product_id
),

order_values as (
    select
        order_id,
        -- What was refunded of an order with one product is that product.
        case
            when
                count(distinct product_id) = 1 and count(product_id) = count(*)
                then min(product_id)
        end as only_product_id,
        sum(quantity) as quantity,
        sum(sales) as sales,
        sum(costed_sales) as costed_sales,
        sum(cogs) as cogs
    from line_values
    group by order_id
),

placed_refunds as (
    select
        int_refunds.refund_id,
        int_refunds.order_id,
        int_refunds.shop_id,
        int_refunds.product_id as named_product_id,
        coalesce(int_refunds.product_id, order_values.only_product_id) as product_id,
        int_refunds.refunded_at,
        int_refunds.kind,
        int_refunds.reason,
        int_refunds.is_date_estimated,
        int_refunds.is_restocked,
        int_refunds.quantity,
        int_refunds.merchandise_amount,
        int_refunds.shipping_amount,
        int_refunds.tax_amount,
        {{ to_local('int_refunds.refunded_at', 'int_shops.time_zone') }}
            as refunded_at_local,
        -- The order's rate: a full refund takes back what the sale brought.
        case
            when int_order_terms.order_id is not null then int_order_terms.fx_rate
            else int_fx_rates.rate
        end as fx_rate
    from {{ ref('int_refunds') }} as int_refunds
    inner join {{ ref('int_shops') }} as int_shops
        on int_refunds.shop_id = int_shops.shop_id
    left join {{ ref('int_order_terms') }} as int_order_terms
        on int_refunds.order_id = int_order_terms.order_id
    left join {{ ref('int_fx_rates') }} as int_fx_rates
        on
            int_shops.currency = int_fx_rates.currency
            and cast(
                {{ to_local('int_refunds.refunded_at', 'int_shops.time_zone') }}
                as date
            ) between int_fx_rates.valid_from and int_fx_rates.valid_to
    left join order_values
        on int_refunds.order_id = order_values.order_id
),

-- What the refund is a part of: the order's lines of its product, else the whole order.
based as (
    select
        placed_refunds.*,
        product_values.category,
        cast(round(
            placed_refunds.merchandise_amount * placed_refunds.fx_rate * 10000
        ) / 10000 as decimal(18, 4)) as returns,
        case
            when product_values.order_id is not null then product_values.quantity
            else order_values.quantity
        end as basis_units,
        case
            when product_values.order_id is not null then product_values.sales
            else order_values.sales
        end as basis_sales,
        case
            when product_values.order_id is not null
                then product_values.costed_sales
            else order_values.costed_sales
        end as basis_costed_sales,
        case
            when product_values.order_id is not null then product_values.cogs
            else order_values.cogs
        end as basis_cogs
    from placed_refunds
    left join product_values
        on
            placed_refunds.order_id = product_values.order_id
            and placed_refunds.product_id = product_values.product_id
    left join order_values
        on placed_refunds.order_id = order_values.order_id
),

-- Without a quantity, the units are those that the money is worth.
counted as (
    select
        *,
        cast(coalesce(
            quantity,
            case
                when kind = 'adjustment' then 0
                else
                    round(
                        least(
                            cast(returns as double) / nullif(basis_sales, 0), 1
                        ) * basis_units
                    )
            end,
            0
        ) as bigint) as units
    from based
)

select
    {{ hash_key(['shop_id', 'order_id', 'refund_id', 'named_product_id']) }}
        as return_id,
    refund_id,
    order_id,
    shop_id,
    product_id,
    category,
    refunded_at,
    refunded_at_local,
    kind,
    reason,
    is_date_estimated,
    units,
    case when is_restocked then units else cast(0 as bigint) end as restocked_units,
    returns,
    cast(
        round(shipping_amount * fx_rate * 10000) / 10000 as decimal(18, 4)
    ) as returned_shipping,
    cast(round(tax_amount * fx_rate * 10000) / 10000 as decimal(18, 4)) as returned_tax,
    cast(round(
        coalesce(
            cast(returns as double) * basis_costed_sales / nullif(basis_sales, 0), 0
        ) * 10000
    ) / 10000 as decimal(18, 4)) as costed_returns,
    cast(round(
        coalesce(
            case when is_restocked then units else 0 end
            * cast(basis_cogs as double) / nullif(basis_units, 0),
            0
        ) * 10000
    ) / 10000 as decimal(18, 4)) as restocked_cogs
from counted
