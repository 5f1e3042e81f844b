{{ config(severity='warn') }}
-- Orders cut in two by a split export: lines stand in a file without the first
-- row of their order, and their sales are missing. Join the parts before loading.
select
    orders._file,
    orders.name,
    count(*) as lines_left_out
from {{ source('shopify', 'orders') }} as orders
where
    not exists (
        select 1
        from {{ source('shopify', 'orders') }} as first_rows
        where
            orders._file = first_rows._file
            and orders.name = first_rows.name
            and (first_rows.id is not null or first_rows.financial_status is not null)
            and orders._row >= first_rows._row
    )
group by 1, 2
