with products_by_sku as (
    {{ products_by_sku() }}
)

select
    stg_flat__product_ranks.source_system,
    stg_flat__product_ranks.shop_id,
    stg_flat__product_ranks.rank_id,
    stg_flat__product_ranks.rank_date,
    stg_flat__product_ranks.keyword,
    stg_flat__product_ranks.engine,
    coalesce(products_by_sku.product_id, stg_flat__product_ranks.product_id)
        as product_id,
    stg_flat__product_ranks.position
from {{ ref('stg_flat__product_ranks') }} as stg_flat__product_ranks
left join products_by_sku
    on
        stg_flat__product_ranks.shop_id = products_by_sku.shop_id
        and stg_flat__product_ranks.sku = products_by_sku.sku
        and stg_flat__product_ranks.product_id is null
