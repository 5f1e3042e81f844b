select
    shop as shop_id,
    shop || ':' || coalesce(nullif(stock_number, ''), product_title) as product_id,
    nullif(stock_number, '') as sku,
    product_title as product_name,
    trim(split_part(split_part(category, ',', 1), '>', 1)) as category
from (
    select
        _landed_at,
        _file,
        _row,
        category,
        {{ shop_of_file() }} as shop,
        {{ unguarded('sku') }} as stock_number,
        {{ unguarded('product_title') }} as product_title,
        {{ newest_row([shop_of_file(), 'coalesce(sku, product_title)']) }} as version
    from {{ source('woocommerce', 'product_report') }}
) as titled
where version = 1
