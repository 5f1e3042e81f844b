with told as (
    select
        *,
        {{ shop_of_file() }} as shop,
        -- Spreadsheets put an apostrophe before digits.
        nullif(case when sku like '''%' then substr(sku, 2) else sku end, '')
            as bare_sku,
        nullif(
            concat_ws(
                ' / ', nullif(option1_value, 'Default Title'), option2_value,
                option3_value
            ), ''
        ) as variant_title,
        {{ written_date("regexp_extract(replace(_file, '_', '-'), "
            "'(20[0-9]{2}-?[0-9]{2}-?[0-9]{2})[^/]*$', 1)") }} as stock_date
    from {{ source('shopify', 'inventory') }}
),

numbered as (
    -- Named as order lines are: the name stands in for an empty stock number.
    select
        *,
        coalesce(bare_sku, title || coalesce(' - ' || variant_title, ''))
            as variant_key,
        {{ newest_row([
            'shop', "coalesce(bare_sku, title || coalesce(' - ' || variant_title, ''))",
            'location', 'stock_date',
        ]) }} as version
    from told
    -- `not stocked` is no number: that location does not keep the variant.
    where stock_date is not null and try_cast(on_hand as decimal(18, 0)) is not null
)

select
    'shopify' as source_system,
    shop as shop_id,
    shop || ':' || variant_key as product_id,
    bare_sku as sku,
    location,
    'shop' as system,
    cast(null as timestamp) as counted_at,
    stock_date,
    cast(
        cast(on_hand as decimal(18, 0))
        - coalesce(try_cast(committed as decimal(18, 0)), 0) as bigint
    ) as on_hand,
    cast(try_cast(incoming as decimal(18, 0)) as bigint) as incoming
from numbered
where version = 1
