{{ config(meta={'tracked': true}) }}

with all_products as (
    select
        shop_id,
        product_id,
        sku,
        product_name,
        category,
        brand,
        list_price,
        is_gift_card,
        cost_valid_from,
        1 as source_rank
    from {{ ref('stg_flat__products') }}
    union all
    select
        shop_id,
        product_id,
        sku,
        product_name,
        category,
        brand,
        list_price,
        is_gift_card,
        cost_valid_from,
        2 as source_rank
    from {{ ref('stg_shopify__products') }}
    union all
    select
        shop_id,
        product_id,
        sku,
        product_name,
        category,
        brand,
        list_price,
        is_gift_card,
        cost_valid_from,
        3 as source_rank
    from {{ ref('stg_woocommerce__products') }}
    union all
    -- The report names products by stock number only: those that no export knows.
    select
        report.shop_id,
        report.product_id,
        report.sku,
        report.product_name,
        report.category,
        cast(null as string) as brand,
        cast(null as decimal(18, 4)) as list_price,
        false as is_gift_card,
        cast(null as date) as cost_valid_from,
        4 as source_rank
    from {{ ref('stg_woocommerce__product_report') }} as report
    left join {{ ref('stg_woocommerce__products') }} as known
        on
            report.shop_id = known.shop_id
            and coalesce(report.sku, report.product_name)
            = coalesce(known.sku, known.product_name)
    where known.product_id is null
),

-- A product file may hold a row for each change of cost: the newest describes it.
ranked as (
    select
        shop_id,
        product_id,
        sku,
        product_name,
        category,
        brand,
        list_price,
        is_gift_card,
        row_number() over (
            partition by product_id
            order by source_rank asc nulls last, cost_valid_from desc nulls last
        ) as preference
    from all_products
)

select
    shop_id,
    product_id,
    sku,
    product_name,
    category,
    brand,
    list_price,
    coalesce(is_gift_card, false) as is_gift_card,
    -- What exports call a product that has no stock number, if one product is meant.
    case
        when count(*) over (partition by shop_id, product_name) = 1
            then shop_id || ':' || product_name
    end as named_id
from ranked
where preference = 1
