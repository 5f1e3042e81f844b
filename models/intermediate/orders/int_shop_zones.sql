select
    shop_id,
    time_zone
from (
    select
        shop_id,
        time_zone,
        row_number() over (partition by shop_id order by source_rank nulls last)
            as preference
    from (
        select
            shop_id,
            time_zone,
            1 as source_rank
        from {{ ref('stg_flat__shops') }}
        union all
        select
            shop_id,
            time_zone,
            2 as source_rank
        from {{ ref('shops') }}
    ) as listed
    where time_zone is not null
) as ranked
where preference = 1
