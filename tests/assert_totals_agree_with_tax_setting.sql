-- Subtotal and shipping make the total in shops whose prices include tax; elsewhere tax
-- comes on top. Where fewer than 90 % of a shop's taxed orders agree, its
-- prices_include_tax is set wrong and every sales figure of it is off by the tax.
{{ config(severity='warn') }}

with checked_orders as (
    select
        int_orders.shop_id,
        int_shops.prices_include_tax,
        case
            when
                abs(
                    int_orders.subtotal_amount
                    + coalesce(int_orders.shipping_amount, 0)
                    + case
                        when int_shops.prices_include_tax then 0
                        else int_orders.tax_amount
                    end
                    - int_orders.total_amount
                ) <= 0.02
                then 1
            else 0
        end as agrees
    from {{ ref('int_orders') }} as int_orders
    inner join {{ ref('int_shops') }} as int_shops
        on int_orders.shop_id = int_shops.shop_id
    where
        int_orders.tax_amount <> 0
        and int_orders.amounts_include_tax is null
        and int_orders.subtotal_amount is not null
        and int_orders.total_amount is not null
)

select
    shop_id,
    prices_include_tax,
    sum(agrees) as agreeing_orders,
    count(*) as taxed_orders
from checked_orders
group by shop_id, prices_include_tax
having sum(agrees) < 0.9 * count(*)
