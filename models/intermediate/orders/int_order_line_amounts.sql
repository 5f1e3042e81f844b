with gift_card_rule as (
    select {{ policy_choice() }} = 'in' as is_in
    from {{ ref('order_policy') }} as order_policy
    where order_policy.rule = 'gift_card_only'
),

priced as (
    select
        int_order_lines.order_line_id,
        int_order_lines.order_id,
        int_order_lines.shop_id,
        int_order_lines.line_number,
        int_order_lines.product_id,
        int_order_lines.category,
        int_order_lines.is_gift_card,
        not int_order_lines.is_gift_card or gift_card_rule.is_in as is_merchandise,
        int_order_lines.quantity,
        int_order_lines.unit_price * int_order_terms.tax_factor
        * int_order_terms.fx_rate as unit_price,
        cast(round(
            int_order_lines.quantity * int_order_lines.unit_price
            * int_order_terms.tax_factor * int_order_terms.fx_rate * 10000
        ) / 10000 as decimal(18, 4)) as gross_sales,
        cast(round(
            coalesce(int_order_lines.discount_amount, 0)
            * int_order_terms.tax_factor * int_order_terms.fx_rate * 10000
        ) / 10000 as decimal(18, 4)) as line_discounts,
        cast(round(
            coalesce(int_orders.discount_amount, 0)
            * int_order_terms.tax_factor * int_order_terms.fx_rate * 10000
        ) / 10000 as decimal(18, 4)) as order_discounts
    from {{ ref('int_order_lines') }} as int_order_lines
    inner join {{ ref('int_orders') }} as int_orders
        on int_order_lines.order_id = int_orders.order_id
    inner join {{ ref('int_order_terms') }} as int_order_terms
        on int_order_lines.order_id = int_order_terms.order_id
    cross join gift_card_rule
),

-- Only merchandise carries the order's money; a sold gift card is a debt.
totalled as (
    select
        order_line_id,
        order_id,
        shop_id,
        line_number,
        product_id,
        category,
        is_gift_card,
        is_merchandise,
        quantity,
        unit_price,
        case when is_merchandise then gross_sales else 0 * gross_sales end
            as gross_sales,
        case when is_merchandise then line_discounts else 0 * gross_sales end
            as line_discounts,
        order_discounts,
        sum(case when is_merchandise then gross_sales end) over (partition by order_id)
            as order_gross_sales,
        sum(case when is_merchandise then line_discounts end)
            over (partition by order_id) as order_line_discounts,
        -- The last line with a price: a free gift must not end below zero.
        row_number() over (
            partition by order_id
            order by
                case when is_merchandise and gross_sales <> 0 then 0 else 1 end
                asc nulls last,
                line_number desc nulls last
        ) = 1 as is_last
    from priced
),

-- Discounts that the lines do not explain are the order's; never more than the goods.
spread as (
    select
        *,
        greatest(
            least(order_discounts, order_gross_sales) - order_line_discounts,
            0
        ) as to_spread
    from totalled
),

allocated as (
    select
        *,
        cast(round(
            coalesce(
                cast(to_spread as double) * gross_sales
                / nullif(order_gross_sales, 0),
                0
            ) * 10000
        ) / 10000 as decimal(18, 4)) as share
    from spread
),

discounted as (
    select
        order_line_id,
        order_id,
        shop_id,
        line_number,
        product_id,
        category,
        is_gift_card,
        is_merchandise,
        quantity,
        unit_price,
        gross_sales,
        line_discounts + case
            when is_last
                then to_spread - sum(share) over (partition by order_id) + share
            else share
        end as discounts
    from allocated
)

select
    order_line_id,
    order_id,
    shop_id,
    line_number,
    product_id,
    category,
    is_gift_card,
    is_merchandise,
    quantity,
    cast(round(unit_price * 10000) / 10000 as decimal(18, 4)) as unit_price,
    cast(gross_sales as decimal(18, 4)) as gross_sales,
    cast(case when gross_sales is not null then discounts end as decimal(18, 4))
        as discounts,
    cast(gross_sales - discounts as decimal(18, 4)) as sales
from discounted
