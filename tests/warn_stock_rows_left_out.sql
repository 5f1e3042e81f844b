{{ config(severity='warn') }}
-- Stock that nobody can place: a count without a day or a row without a product. They
-- count nowhere. Put the day into the file's name (Shopify's file has none), and a
-- product_id or sku into the row.
select
    _file,
    'row without product_id and sku' as why,
    count(*) as rows_left_out
from {{ source('flat', 'stock_movements') }}
where product_id is null and sku is null
group by _file
union all
select
    _file,
    'row without product_id and sku, or without a day' as why,
    count(*) as rows_left_out
from {{ source('flat', 'stock_levels') }}
where
    (product_id is null and sku is null)
    or (stock_date is null and counted_at is null)
group by _file
union all
select
    _file,
    'no day in the file name' as why,
    count(*) as rows_left_out
from {{ source('shopify', 'inventory') }}
where
    not {{ matches(
        "replace(_file, '_', '-')", "'20[0-9]{2}-?[0-9]{2}-?[0-9]{2}[^/]*$'"
    ) }}
group by _file
