with all_counts as (
    select
        source_system,
        shop_id,
        product_id,
        sku,
        location,
        system,
        counted_at,
        stock_date,
        on_hand,
        incoming,
        1 as source_rank
    from {{ ref('stg_flat__stock_levels') }}
    union all
    select
        source_system,
        shop_id,
        product_id,
        sku,
        location,
        system,
        counted_at,
        stock_date,
        on_hand,
        incoming,
        2 as source_rank
    from {{ ref('stg_shopify__stock_levels') }}
),

products_by_sku as (
    {{ products_by_sku() }}
),

identified as (
    select
        all_counts.shop_id,
        coalesce(
            int_products.product_id,
            products_by_id.product_id,
            products_by_sku.product_id,
            all_counts.product_id,
            all_counts.shop_id || ':' || all_counts.sku
        ) as product_id,
        coalesce(all_counts.location, '') as location,
        all_counts.system,
        all_counts.counted_at,
        coalesce(
            all_counts.stock_date,
            cast(
                {{ to_local('all_counts.counted_at',
                            "coalesce(int_shops.time_zone, 'UTC')") }} as date
            )
        ) as stock_date,
        all_counts.on_hand,
        all_counts.incoming,
        all_counts.source_rank
    from all_counts
    left join {{ ref('int_shops') }} as int_shops
        on all_counts.shop_id = int_shops.shop_id
    left join {{ ref('int_products') }} as int_products
        on all_counts.product_id = int_products.product_id
    -- Where the product's id is expected, systems write the stock number often enough.
    left join products_by_sku as products_by_id
        on all_counts.product_id = products_by_id.sku_id
    left join products_by_sku
        on all_counts.shop_id || ':' || all_counts.sku = products_by_sku.sku_id
),

-- A day that two sources count would be there twice: one of them has it. Of several
-- counts of a day the last one holds.
ranked as (
    select
        shop_id,
        product_id,
        location,
        system,
        counted_at,
        stock_date,
        on_hand,
        incoming,
        dense_rank() over (
            partition by product_id, system, stock_date
            order by source_rank nulls last
        ) as preference,
        row_number() over (
            partition by product_id, system, stock_date, source_rank, location
            order by
                case when counted_at is null then 0 else 1 end asc nulls last,
                counted_at desc nulls last,
                on_hand asc nulls last
        ) as version
    from identified
    where product_id is not null
)

select
    shop_id,
    product_id,
    system,
    stock_date,
    -- One location counted at the day's end makes the whole a count of the day's end.
    case when count(counted_at) = count(*) then max(counted_at) end as counted_at,
    cast(sum(on_hand) as bigint) as on_hand,
    cast(sum(incoming) as bigint) as incoming
from ranked
where preference = 1 and version = 1
group by shop_id, product_id, system, stock_date
