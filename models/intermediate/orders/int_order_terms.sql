with converted as (
    select
        int_orders.order_id,
        int_orders.shop_id,
        {{ to_local('int_orders.ordered_at', 'int_shops.time_zone') }}
            as ordered_at_local,
        coalesce(int_orders.currency, int_shops.currency) as currency,
        coalesce(int_orders.amounts_include_tax, int_shops.prices_include_tax)
            as prices_include_tax,
        coalesce(int_orders.shipping_amount, 0) as shipping_amount,
        coalesce(int_orders.tax_amount, 0) as tax_amount,
        int_orders.total_amount,
        coalesce(
            int_orders.subtotal_amount,
            int_orders.total_amount - coalesce(int_orders.shipping_amount, 0)
            - case
                when
                    coalesce(
                        int_orders.amounts_include_tax, int_shops.prices_include_tax
                    )
                    then 0
                else coalesce(int_orders.tax_amount, 0)
            end
        ) as subtotal_amount
    from {{ ref('int_orders') }} as int_orders
    inner join {{ ref('int_shops') }} as int_shops
        on int_orders.shop_id = int_shops.shop_id
)

select
    converted.order_id,
    converted.shop_id,
    converted.ordered_at_local,
    cast(converted.ordered_at_local as date) as order_date,
    converted.currency,
    int_fx_rates.rate as fx_rate,
    case
        when converted.prices_include_tax
            then
                coalesce(
                    1
                    - cast(converted.tax_amount as double)
                    / nullif(converted.subtotal_amount + converted.shipping_amount, 0),
                    1
                )
        else cast(1 as double)
    end as tax_factor,
    cast(converted.subtotal_amount as decimal(18, 4)) as subtotal_amount,
    cast(converted.shipping_amount as decimal(18, 4)) as shipping_amount,
    cast(converted.tax_amount as decimal(18, 4)) as tax_amount,
    converted.total_amount
from converted
left join {{ ref('int_fx_rates') }} as int_fx_rates
    on
        converted.currency = int_fx_rates.currency
        and cast(converted.ordered_at_local as date)
        between int_fx_rates.valid_from and int_fx_rates.valid_to
