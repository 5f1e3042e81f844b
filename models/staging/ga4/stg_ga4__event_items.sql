with event_items as (
    select
        *,
        {{ shop_of_file() }} as shop,
        {{ ga4_event_id() }} as event_key,
        {{ json_elements('items') }} as item
    from {{ source('ga4', 'events') }}
    left join {{ ref('base_ga4__replaced_events') }} as replaced
        on
            _file = replaced.file
            and _row = replaced.file_row
    where length(items) > 2 and replaced.file is null
)

select
    event_key as event_id,
    shop as shop_id,
    _file as landed_file,
    shop || ':' || user_pseudo_id as visitor_id,
    shop || ':' || user_pseudo_id || ':' || ga_session_id as session_id,
    cast(event_timestamp as timestamp) as event_at,
    event_name,
    shop || ':' || coalesce(
        nullif({{ json_text('item', 'item_id') }}, '(not set)'),
        nullif({{ json_text('item', 'item_name') }}, '(not set)')
    ) as product_id,
    nullif({{ json_text('item', 'item_category') }}, '(not set)') as category,
    cast(
        round(coalesce(try_cast({{ json_text('item', 'quantity') }} as double), 1))
        as bigint
    ) as quantity,
    try_cast({{ json_text('item', 'price') }} as decimal(18, 4)) as price
from event_items
