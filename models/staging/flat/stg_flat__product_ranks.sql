select
    'flat' as source_system,
    shop as shop_id,
    {{ hash_key(['shop', 'rank_date', 'searched', 'found_on', 'product_id', 'sku']) }}
        as rank_id,
    cast(rank_date as date) as rank_date,
    searched as keyword,
    shop || ':' || product_id as product_id,
    sku,
    found_on as engine,
    cast(position as double) as position
from (
    select
        *,
        {{ newest_row([
            'shop', 'rank_date', 'searched', 'found_on', 'product_id', 'sku',
        ]) }} as version
    from (
        select
            *,
            {{ flat_shop() }} as shop,
            lower(trim(keyword)) as searched,
            lower(trim(coalesce(engine, 'google'))) as found_on
        from {{ source('flat', 'product_ranks') }}
    ) as named
) as ranks
where version = 1
