-- A product that was sold but stands in no product file must not vanish.
with sold_products as (
    select
        int_order_lines.product_id,
        int_order_lines.shop_id,
        int_order_lines.sku,
        int_order_lines.product_name,
        int_order_lines.category,
        int_order_lines.is_gift_card,
        row_number() over (
            partition by int_order_lines.product_id
            order by
                int_orders.ordered_at desc nulls last,
                int_order_lines.order_line_id asc nulls last
        ) as preference
    from {{ ref('int_order_lines') }} as int_order_lines
    inner join {{ ref('int_orders') }} as int_orders
        on int_order_lines.order_id = int_orders.order_id
    left join {{ ref('int_products') }} as int_products
        on int_order_lines.product_id = int_products.product_id
    where
        int_order_lines.product_id is not null
        and int_products.product_id is null
),

all_products as (
    select
        product_id,
        shop_id,
        sku,
        product_name,
        category,
        brand,
        list_price,
        is_gift_card
    from {{ ref('int_products') }}
    union all
    select
        product_id,
        shop_id,
        sku,
        product_name,
        category,
        cast(null as string) as brand,
        cast(null as decimal(18, 4)) as list_price,
        is_gift_card
    from sold_products
    where preference = 1
),

-- The cost that is valid at the end of time is the newest.
newest_costs as (
    select
        product_id,
        unit_cost,
        currency
    from {{ ref('int_product_costs') }}
    where valid_to = date '9999-12-31'
),

newest_rates as (
    select
        currency,
        rate,
        row_number() over (
            partition by currency order by valid_from desc nulls last
        ) as preference
    from {{ ref('int_fx_rates') }}
)

select
    all_products.product_id,
    all_products.shop_id,
    all_products.sku,
    all_products.product_name,
    all_products.category,
    all_products.brand,
    cast(
        round(all_products.list_price * shop_rates.rate * 10000) / 10000
        as decimal(18, 4)
    )
        as list_price,
    cast(
        round(newest_costs.unit_cost * cost_rates.rate * 10000) / 10000
        as decimal(18, 4)
    )
        as unit_cost,
    all_products.is_gift_card
from all_products
inner join {{ ref('int_shops') }} as int_shops
    on all_products.shop_id = int_shops.shop_id
left join newest_rates as shop_rates
    on int_shops.currency = shop_rates.currency and shop_rates.preference = 1
left join newest_costs
    on all_products.product_id = newest_costs.product_id
left join newest_rates as cost_rates
    on newest_costs.currency = cost_rates.currency and cost_rates.preference = 1
