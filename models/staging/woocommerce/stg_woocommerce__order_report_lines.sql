with numbered as (
    select
        *,
        {{ shop_of_file() }} as shop,
        cast(net_revenue as decimal(18, 4)) as revenue,
        cast(items_sold as bigint) as items,
        {{ newest_file([shop_of_file(), 'order_number', 'substr(date, 1, 10)']) }}
            as version,
        {{ occurrence([shop_of_file(), 'order_number', 'date', 'net_revenue']) }}
            as copy_number
    from {{ source('woocommerce', 'order_report') }}
),

entries as (
    select
        shop,
        order_number,
        revenue,
        items,
        {{ hash_key(['shop', 'order_number', 'date', 'net_revenue', 'copy_number']) }}
            as report_row_id,
        {{ counted_entries(unguarded('products')) }} as entry
    from numbered
    where version = 1 and revenue >= 0 and items > 0
),

counted as (
    select
        *,
        cast(try_cast(
            regexp_extract(entry, '^(-?[0-9]+)[×x] ', 1) as decimal(18, 0)
        ) as bigint) as pieces,
        trim(substr(entry, instr(entry, ' ') + 1)) as product_name,
        cast(
            floor(cast(10000 * revenue as double) / nullif(items, 0)) / 10000
            as decimal(18, 4)
        ) as piece_price
    from entries
),

ranked as (
    select
        *,
        sum(pieces) over (partition by report_row_id) as all_pieces,
        count(*) over (partition by report_row_id)
        - count(pieces) over (partition by report_row_id) as unreadable,
        row_number() over (
            partition by report_row_id order by product_name nulls last
        ) as position,
        count(*) over (partition by report_row_id) as positions
    from counted
),

-- The last piece of all is a line of its own where the pieces do not divide the money.
parts as (
    select
        *,
        pieces - case when position = positions then 1 else 0 end as line_pieces,
        piece_price as line_price,
        0 as part
    from ranked
    where unreadable = 0 and all_pieces = items
    union all
    select
        *,
        1 as line_pieces,
        cast(revenue - (items - 1) * piece_price as decimal(18, 4)) as line_price,
        1 as part
    from ranked
    where unreadable = 0 and all_pieces = items and position = positions
)

select
    shop as shop_id,
    report_row_id || ':' || cast(position + part as string) as order_line_id,
    report_row_id,
    {{ bare_number(unguarded('order_number')) }} as order_number,
    cast(position + part as bigint) as line_number,
    product_name,
    cast(line_pieces as bigint) as quantity,
    line_price as unit_price
from parts
where line_pieces > 0
