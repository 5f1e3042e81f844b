with copies as (
    -- A file may hold an order twice (joined exports): each first row opens a copy.
    select
        *,
        {{ shop_of_file() }} as shop,
        sum(case when id is not null or financial_status is not null then 1 else 0 end)
            over (
                partition by _file, name
                order by _row nulls last
                rows between unbounded preceding and current row
            ) as copy_number
    from {{ source('shopify', 'orders') }}
),

keyed as (
    -- Lines know their order by its name, within their file only: names may be edited.
    select
        *,
        coalesce(max(id) over (partition by _file, name, copy_number), name)
            as order_key
    from copies
    where copy_number > 0
),

numbered as (
    select
        *,
        rank() over (
            partition by shop, order_key
            order by
                _landed_at desc nulls last,
                _file desc nulls last,
                copy_number desc nulls last
        ) as version,
        row_number() over (
            partition by shop, order_key, _file, copy_number
            order by _row nulls last
        ) as line_number
    from keyed
)

select
    'shopify' as source_system,
    shop as shop_id,
    shop || ':' || order_key || ':' || cast(line_number as string) as order_line_id,
    shop || ':' || order_key as order_id,
    cast(line_number as bigint) as line_number,
    shop || ':' || coalesce(lineitem_sku, lineitem_name) as product_id,
    lineitem_sku as sku,
    lineitem_name as product_name,
    cast(null as string) as category,
    cast(lineitem_quantity as bigint) as quantity,
    cast(lineitem_price as decimal(18, 4)) as unit_price,
    cast(lineitem_discount as decimal(18, 4)) as discount_amount,
    coalesce(
        lower(lineitem_name) like '%gift card%'
        and not cast(lineitem_requires_shipping as boolean),
        false
    ) as is_gift_card
from numbered
where version = 1 and lineitem_quantity is not null
