with all_costs as (
    select
        shop_id,
        product_id,
        cost_valid_from,
        unit_cost,
        currency,
        1 as source_rank
    from {{ ref('stg_flat__products') }}
    union all
    select
        shop_id,
        product_id,
        cost_valid_from,
        unit_cost,
        currency,
        2 as source_rank
    from {{ ref('stg_shopify__products') }}
    union all
    select
        shop_id,
        product_id,
        cost_valid_from,
        unit_cost,
        currency,
        3 as source_rank
    from {{ ref('stg_woocommerce__products') }}
),

-- A cost without a date has always been valid.
dated as (
    select
        all_costs.shop_id,
        all_costs.product_id,
        coalesce(all_costs.cost_valid_from, date '1900-01-01') as valid_from,
        all_costs.unit_cost,
        coalesce(all_costs.currency, int_shops.currency) as currency,
        row_number() over (
            partition by
                all_costs.product_id,
                coalesce(all_costs.cost_valid_from, date '1900-01-01')
            order by all_costs.source_rank nulls last, all_costs.unit_cost nulls last
        ) as preference
    from all_costs
    left join {{ ref('int_shops') }} as int_shops
        on all_costs.shop_id = int_shops.shop_id
    where all_costs.unit_cost is not null
)

select
    shop_id,
    product_id,
    valid_from,
    cast(coalesce(
        lead(valid_from)
            over (
                partition by product_id order by valid_from nulls last
            )
        - interval '1' day,
        date '9999-12-31'
    ) as date) as valid_to,
    unit_cost,
    currency
from dated
where preference = 1
