with named as (
    select
        *,
        {{ shop_of_file() }} as shop,
        max(categories) over (
            partition by
                _file, _shop_id,
                case when parent like 'id:%' then substr(parent, 4) else id end
        ) as path,
        {{ newest_row([shop_of_file(), 'id']) }} as version
    from {{ source('woocommerce', 'products') }}
)

select
    'woocommerce' as source_system,
    shop as shop_id,
    shop || ':' || id as product_id,
    {{ unguarded('sku') }} as sku,
    {{ unguarded('name') }} as product_name,
    trim(split_part(split_part(path, ',', 1), '>', 1)) as category,
    brands as brand,
    cast(regular_price as decimal(18, 4)) as list_price,
    cast(unit_cost as decimal(18, 4)) as unit_cost,
    cast(null as string) as currency,
    cast(null as date) as cost_valid_from,
    coalesce(lower(name) like '%gift card%', false)
    or coalesce(lower(type) like '%gift%', false) as is_gift_card
from named
-- A variable product is a page; what is bought are its variations.
where version = 1 and lower(type) not in ('variable', 'grouped')
