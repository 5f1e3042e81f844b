with events as (
    {{ ga4_events(source('ga4', 'events')) }}
),

event_items as (
    select
        events.*,
        {{ json_objects(
            'items', 'item_id, item_name, item_category, quantity, price'
        ) }} as item
    from events
    left join {{ ref('base_ga4__replaced_events') }} as replaced
        on
            events._file = replaced.file
            and events._row = replaced.file_row
    where length(events.items) > 2 and replaced.file is null
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
        nullif({{ json_field('item', 'item_id') }}, '(not set)'),
        nullif({{ json_field('item', 'item_name') }}, '(not set)')
    ) as product_id,
    nullif({{ json_field('item', 'item_category') }}, '(not set)') as category,
    cast(
        round(coalesce(try_cast({{ json_field('item', 'quantity') }} as double), 1))
        as bigint
    ) as quantity,
    try_cast({{ json_field('item', 'price') }} as decimal(18, 4)) as price
from event_items
