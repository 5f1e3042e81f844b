select
    int_product_ranks.rank_id,
    int_product_ranks.shop_id,
    int_product_ranks.source_system,
    int_product_ranks.rank_date,
    int_product_ranks.keyword,
    int_product_ranks.engine,
    int_product_ranks.product_id,
    int_products.category,
    int_product_ranks.position,
    int_product_ranks.position is not null as is_found
from {{ ref('int_product_ranks') }} as int_product_ranks
left join {{ ref('int_products') }} as int_products
    on int_product_ranks.product_id = int_products.product_id
